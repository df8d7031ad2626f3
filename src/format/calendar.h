// The proleptic Gregorian calendar, for values of dates.
#pragma once

#include <cstdint>

#include "model/cell.h"

namespace sluice {

// Days since 1970-01-01.
constexpr int64_t days_since_epoch(int64_t year, uint32_t month, uint32_t day) {
  year -= month <= 2;
  int64_t era = (year >= 0 ? year : year - 399) / 400;
  auto year_of_era = static_cast<uint32_t>(year - era * 400);
  uint32_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  uint32_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468;
}

constexpr bool is_leap(uint32_t year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

// Databases keep dates that no calendar has: 0000-00-00, 2026-02-31.
constexpr bool is_date(uint32_t year, uint32_t month, uint32_t day) {
  constexpr uint8_t kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (year == 0 || month < 1 || month > 12 || day < 1) return false;
  return day <= kDays[month - 1] || (month == 2 && day == 29 && is_leap(year));
}

// False of a Date, DateTime or Timestamp cell that holds such a date.
constexpr bool is_calendar_date(const Cell& cell) {
  auto on = [](uint64_t year, uint64_t month, uint64_t day) {
    return is_date(static_cast<uint32_t>(year), static_cast<uint32_t>(month), static_cast<uint32_t>(day));
  };
  switch (cell.kind) {
    case Kind::Date: return on(cell.u >> 9 & 0x7fff, cell.u >> 5 & 15, cell.u & 31);
    case Kind::DateTime: return on((cell.u >> 46) / 13, (cell.u >> 46) % 13, cell.u >> 41 & 31);
    case Kind::Timestamp: return cell.u != 0;
    default: return true;
  }
}

}  // namespace sluice
