#include "rule/moment.h"

#include <algorithm>

namespace sluice::rule {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Takes `least` to `most` digits from the front.
bool take_number(std::string_view& text, size_t least, size_t most, uint64_t& value) {
  size_t count = 0;
  for (value = 0; count < most && count < text.size() && is_digit(text[count]); ++count) {
    value = value * 10 + static_cast<uint64_t>(text[count] - '0');
  }
  text.remove_prefix(count);
  return count >= least;
}

bool take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

// :30:00.123 behind the hour, as the bits below it.
bool take_clock(std::string_view& text, uint64_t& clock, unsigned& digits) {
  uint64_t minute = 0, second = 0, fraction = 0;
  digits = 0;
  if (!take(text, ':') || !take_number(text, 2, 2, minute) || !take(text, ':') ||
      !take_number(text, 2, 2, second)) {
    return false;
  }
  if (take(text, '.')) {
    size_t before = text.size();
    if (!take_number(text, 1, 6, fraction)) return false;
    digits = static_cast<unsigned>(before - text.size());
    for (unsigned i = digits; i < 6; ++i) fraction *= 10;
  }
  clock = (minute << 6 | second) << 24 | fraction;
  return minute < 60 && second < 60;
}

uint64_t days_of(uint64_t year, uint64_t month) {
  constexpr uint8_t kDays[] = {31, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};  // of no month: any
  bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return month == 2 && !leap && year > 0 ? 28 : kDays[month];
}

}  // namespace

// Howard Hinnant's civil_from_days, for days since 1970 only.
uint64_t moment_of_unix(uint64_t seconds, uint32_t microseconds) {
  uint64_t z = seconds / 86400 + 719468, rest = seconds % 86400;
  uint64_t era = z / 146097, day_of_era = z % 146097;
  uint64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  uint64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  uint64_t shifted_month = (5 * day_of_year + 2) / 153;
  uint64_t month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  uint64_t year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);
  uint64_t day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
  uint64_t clock = rest / 3600 << 12 | rest / 60 % 60 << 6 | rest % 60;
  return moment_of(year, month, day) | clock << 24 | microseconds;
}

bool parse_moment(std::string_view text, uint64_t& moment, unsigned& digits) {
  uint64_t year = 0, month = 0, day = 0;
  if (!take_number(text, 4, 4, year) || !take(text, '-') || !take_number(text, 2, 2, month) ||
      !take(text, '-') || !take_number(text, 2, 2, day) || month > 12 || day > days_of(year, month)) {
    return false;
  }
  moment = moment_of(year, month, day);
  digits = 0;
  if (text.empty()) return true;
  uint64_t hour = 0, clock = 0;
  if (!(take(text, ' ') || take(text, 'T')) || !take_number(text, 2, 2, hour) || hour > 23 ||
      !take_clock(text, clock, digits)) {
    return false;
  }
  take(text, 'Z');
  moment |= hour << 36 | clock;
  return text.empty();
}

bool parse_time(std::string_view text, int64_t& time, unsigned& digits) {
  bool negative = take(text, '-');
  uint64_t hours = 0, clock = 0;
  if (!take_number(text, 1, 3, hours) || !take_clock(text, clock, digits) || !text.empty()) return false;
  time = static_cast<int64_t>(hours << 36 | clock);
  if (negative) time = -time;
  return true;
}

}  // namespace sluice::rule
