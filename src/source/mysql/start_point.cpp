#include "source/mysql/start_point.h"

#include <charconv>
#include <chrono>
#include <optional>

namespace sluice {
namespace {

constexpr std::string_view kExpected =
    "expected now, start (or earliest), FILE:OFFSET, a GTID set, or a time such as 2026-01-15T10:30:00Z "
    "(UTC)";

// Exactly `digits` digits at the front of `text`, which are taken off.
std::optional<int> take_digits(std::string_view& text, size_t digits) {
  int value = 0;
  if (text.size() < digits) return std::nullopt;
  auto [end, failure] = std::from_chars(text.data(), text.data() + digits, value);
  if (failure != std::errc() || end != text.data() + digits || text[0] == '-') return std::nullopt;
  text.remove_prefix(digits);
  return value;
}

bool take(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text[0]) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

// YYYY-MM-DD[(T| )hh:mm[:ss][Z]], UTC.
std::optional<int64_t> parse_time(std::string_view text) {
  auto year = take_digits(text, 4);
  if (!year || !take(text, "-")) return std::nullopt;
  auto month = take_digits(text, 2);
  if (!month || !take(text, "-")) return std::nullopt;
  auto day = take_digits(text, 2);
  if (!day) return std::nullopt;
  int seconds = 0;
  if (take(text, "T ")) {
    auto hour = take_digits(text, 2);
    if (!hour || *hour > 23 || !take(text, ":")) return std::nullopt;
    auto minute = take_digits(text, 2);
    if (!minute || *minute > 59) return std::nullopt;
    seconds = *hour * 3600 + *minute * 60;
    if (take(text, ":")) {
      auto second = take_digits(text, 2);
      if (!second || *second > 59) return std::nullopt;
      seconds += *second;
    }
    take(text, "Z");
  }
  std::chrono::year_month_day date{std::chrono::year(*year),
                                   std::chrono::month(static_cast<unsigned>(*month)),
                                   std::chrono::day(static_cast<unsigned>(*day))};
  if (!text.empty() || !date.ok()) return std::nullopt;
  return std::chrono::sys_days(date).time_since_epoch().count() * int64_t{86400} + seconds;
}

bool looks_like_date(std::string_view text) {
  constexpr std::string_view kShape = "dddd-dd-dd";
  if (text.size() != kShape.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    bool digit = text[i] >= '0' && text[i] <= '9';
    if (kShape[i] == 'd' ? !digit : text[i] != '-') return false;
  }
  return true;
}

// A log file's name ends in a dot and six or more digits; that tells `bin.000001:4` from a GTID set.
std::optional<StartPoint> parse_file(std::string_view text) {
  size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return std::nullopt;
  std::string_view file = text.substr(0, colon), offset = text.substr(colon + 1);
  size_t dot = file.rfind('.');
  if (dot == std::string_view::npos || file.size() - dot < 7) return std::nullopt;
  if (file.find_first_not_of("0123456789", dot + 1) != std::string_view::npos) return std::nullopt;
  StartPoint start;
  start.kind = StartPoint::Kind::File;
  start.file = file;
  auto [end, failure] = std::from_chars(offset.data(), offset.data() + offset.size(), start.offset);
  if (failure != std::errc() || end != offset.data() + offset.size() || start.offset < 4) return std::nullopt;
  return start;
}

}  // namespace

Result<StartPoint> parse_start_point(std::string_view text) {
  StartPoint start;
  if (text == "now") return start;
  if (text == "earliest" || text == "start") {
    start.kind = StartPoint::Kind::Earliest;
    return start;
  }
  if (auto file = parse_file(text)) return *file;
  if (auto time = parse_time(text)) {
    start.kind = StartPoint::Kind::Time;
    start.time = *time;
    return start;
  }
  // 2026-02-30 is a date that does not exist, rather than MariaDB's transaction 30 of server 2 in domain
  // 2026.
  if (looks_like_date(text)) return usage("'{}' is no date; {}", text, kExpected);
  if (Result<GtidSet> set = GtidSet::parse(text); set && !set->empty()) {
    start.kind = StartPoint::Kind::Gtids;
    start.gtids = std::move(*set);
    return start;
  }
  return usage("'{}' is no place in the log; {}", text, kExpected);
}

}  // namespace sluice
