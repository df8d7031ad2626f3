#include "format/spell.h"

#include <dragonbox/dragonbox.h>

#include <algorithm>
#include <cmath>

#include "base/powers_of_ten.h"

namespace sluice {
namespace {

constexpr unsigned kBytesOfDigits[] = {0, 1, 1, 2, 2, 3, 3, 4, 4, 4};
constexpr uint32_t kGroup = 1'000'000'000;

// A big-endian group of n <= 4 bytes. Reads four, as every arena allows.
uint32_t group(const char* at, unsigned n, uint32_t mask) {
  uint32_t value;
  std::memcpy(&value, at, 4);
  return n == 0 ? 0 : (__builtin_bswap32(value) ^ mask) >> (32 - 8 * n);
}

// Up to eight bytes: one load, and the groups are cut out of it by shifts.
char* spell_small_decimal(char* out, const char* at, unsigned whole, unsigned scale) {
  uint64_t value;
  std::memcpy(&value, at, 8);
  value = __builtin_bswap64(value) ^ uint64_t { 1 } << 63;
  if (value >> 63) {
    value = ~value;
    *out++ = '-';
  }
  unsigned left = 64;
  auto take = [&](unsigned bytes) {
    left -= 8 * bytes;
    return static_cast<uint32_t>(value >> left & ((uint64_t{1} << 8 * bytes) - 1));
  };
  uint64_t head = whole % 9 ? take(kBytesOfDigits[whole % 9]) : 0;
  for (unsigned full = whole / 9; full > 0; --full) head = head * kGroup + take(4);
  out = spell_uint(out, head);
  if (scale == 0) return out;
  *out++ = '.';
  for (unsigned full = scale / 9; full > 0; --full) out = spell_nine(out, take(4) % kGroup);
  unsigned odd = scale % 9;
  if (odd == 0) return out;
  // Of a broken value as much as fits: a division would cost more than the rest.
  uint32_t last = std::min(take(kBytesOfDigits[odd]), static_cast<uint32_t>(kPowersOfTen[odd]) - 1);
  return odd == 2 ? spell_pair(out, last) : spell_padded(out, last, odd);
}

}  // namespace

char* spell_decimal(char* out, std::string_view bytes, unsigned precision, unsigned scale) {
  unsigned whole = precision - scale;
  if (bytes.size() <= 8 && whole <= 18) return spell_small_decimal(out, bytes.data(), whole, scale);
  const char* at = bytes.data();
  bool negative = !(*at & 0x80);
  uint32_t mask = negative ? ~0u : 0;
  if (negative) *out++ = '-';
  unsigned odd = whole % 9, full = whole / 9;
  uint32_t first = 0x80000000;  // flips the very first bit of the value
  auto next = [&](unsigned n) {
    uint32_t value = group(at, n, mask ^ first);
    at += n;
    if (n) first = 0;
    return value;
  };
  // The whole part, from its first digit that is not 0; two groups fit into 64 bits.
  uint64_t head = next(kBytesOfDigits[odd]);
  for (; full > 0 && head == 0; --full) head = next(4);
  if (full > 0) {
    head = head * kGroup + next(4);
    --full;
  }
  out = spell_uint(out, head);
  for (; full > 0; --full) out = spell_nine(out, next(4) % kGroup);
  if (scale == 0) return out;
  *out++ = '.';
  for (full = scale / 9; full > 0; --full) out = spell_nine(out, next(4) % kGroup);
  odd = scale % 9;
  return odd ? spell_padded(out, next(kBytesOfDigits[odd]) % static_cast<uint32_t>(kPowersOfTen[odd]), odd)
             : out;
}

namespace {

// significand / 10^places = `whole` and a rest, 0 < places <= 16; each part is written where it belongs: to
// cut the digits apart once they are in memory would wait for them.
char* spell_with_point(char* out, uint64_t whole, uint64_t significand, unsigned places) {
  out = spell_uint(out, whole);
  *out++ = '.';
  uint64_t rest = significand - whole * kPowersOfTen[places];
  if (places <= 8) return spell_padded(out, static_cast<uint32_t>(rest), places);
  uint64_t high = rest / 100'000'000;
  out = spell_padded(out, static_cast<uint32_t>(high), places - 8);
  return spell_eight(out, static_cast<uint32_t>(rest - high * 100'000'000));
}

// The shortest digits of a value come from Dragonbox; how they are set out is decided here. Between 1e-5 and
// 1e15 the servers show no exponent, and neither do most readers expect one.
template <class Real>
char* spell_real(char* out, Real value) {
  if (!std::isfinite(value)) {
    std::memcpy(out, "null", 4);  // no server stores such a value
    return out + 4;
  }
  if (std::signbit(value)) *out++ = '-';
  if (value == 0) {
    *out = '0';
    return out + 1;
  }
  Real magnitude = std::fabs(value);
  auto decimal = jkj::dragonbox::to_decimal(value, jkj::dragonbox::policy::sign::ignore);
  if (decimal.exponent < 0 && decimal.exponent >= -16 && magnitude >= Real(1e-5) && magnitude < Real(1e15)) {
    // The digits never round up to the next whole number, which would read back as itself: the whole part is
    // known before they are.
    return spell_with_point(out, static_cast<uint64_t>(magnitude), decimal.significand,
                            static_cast<unsigned>(-decimal.exponent));
  }
  char digits[kScalarBytes];
  int count = static_cast<int>(spell_uint(digits, decimal.significand) - digits);
  int point = count + decimal.exponent;  // digits before the point
  if (point > 15 || point < -4) {
    *out++ = digits[0];
    if (count > 1) {
      *out++ = '.';
      std::memcpy(out, digits + 1, static_cast<size_t>(count - 1));
      out += count - 1;
    }
    int exponent = point - 1;
    *out++ = 'e';
    *out++ = exponent < 0 ? '-' : '+';
    auto places = static_cast<uint32_t>(exponent < 0 ? -exponent : exponent);
    return places < 100 ? spell_pair(out, places) : spell_uint(out, places);
  }
  if (point <= 0) {
    std::memcpy(out, "0.0000", 6);
    out += 2 - point;
    std::memcpy(out, digits, 24);
    return out + count;
  }
  std::memcpy(out, digits, 24);
  if (count <= point) {
    std::memset(out + count, '0', static_cast<size_t>(point - count));
    return out + point;
  }
  out[point] = '.';
  std::memcpy(out + point + 1, digits + point, 24);
  return out + count + 1;
}

}  // namespace

char* spell_double(char* out, double value) {
  // Up to three decimals and fifteen digits: m / 1000, correctly rounded, being the value proves that this
  // text reads back as it, and no text of fewer digits could, since fifteen digits are told apart by every
  // double.
  double scaled = value * 1000;
  if (std::fabs(scaled) < 1e15 && value != 0) {
    auto whole = static_cast<int64_t>(scaled);
    if (static_cast<double>(whole) == scaled && static_cast<double>(whole) / 1000 == value) {
      if (whole < 0) *out++ = '-';
      auto magnitude = static_cast<uint64_t>(whole < 0 ? -whole : whole);
      out = spell_uint(out, magnitude / 1000);
      uint64_t fraction = magnitude % 1000;
      if (fraction == 0) return out;
      *out = '.';
      spell_padded(out + 1, static_cast<uint32_t>(fraction), 3);
      out += 4;
      while (out[-1] == '0') --out;
      return out;
    }
  }
  return spell_real(out, value);
}

char* spell_float(char* out, float value) { return spell_real(out, value); }

// Howard Hinnant's civil_from_days, for days since 1970 only.
void DayMemo::remember_day(uint32_t day) {
  day_ = day;
  uint32_t z = day + 719468;
  uint32_t era = z / 146097;
  uint32_t day_of_era = z - era * 146097;
  uint32_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  uint32_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  uint32_t shifted_month = (5 * day_of_year + 2) / 153;
  uint32_t month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  uint32_t year = year_of_era + era * 400 + (month <= 2);
  spell_day(day_text_, year > 9999 ? 9999 : year, month, day_of_year - (153 * shifted_month + 2) / 5 + 1);
}

void DayMemo::remember_date(uint32_t date) {
  date_ = date;
  char* end = spell_day(date_text_, (date >> 5) / 13, (date >> 5) % 13, date & 31);
  *end = ' ';
}

}  // namespace sluice
