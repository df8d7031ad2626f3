#include "wire/mysql/old_temporal.h"

#include "base/powers_of_ten.h"

namespace sluice::mysql {
namespace {

constexpr uint64_t kMillion = 1'000'000;
constexpr int64_t kTimeZero =
    838 * 3600 + 59 * 60 + 59 + 1;  // s; stored values are counted from its negative
constexpr uint64_t kMostYearMonths = 9999 * 13 + 12;
constexpr uint64_t kMostHours = 838;

uint64_t big(const char* at, size_t n) {
  uint64_t value = 0;
  for (size_t i = 0; i < n; ++i) value = value << 8 | static_cast<uint8_t>(at[i]);
  return value;
}

uint64_t clock_packed(uint64_t hour, uint64_t minute, uint64_t second) {
  return (hour << 12 | minute << 6 | second) << 24;
}

bool put_datetime(uint64_t year_months, uint64_t day, uint64_t hour, uint64_t minute, uint64_t second,
                  uint64_t microseconds, Cell& cell) {
  if (year_months > kMostYearMonths || day > 31 || hour > 23 || minute > 59 || second > 59) return false;
  cell.u = (year_months << 5 | day) << 41 | clock_packed(hour, minute, second) | microseconds;
  return true;
}

bool put_time(bool negative, uint64_t hour, uint64_t minute, uint64_t second, uint64_t microseconds,
              Cell& cell) {
  if (hour > kMostHours || minute > 59 || second > 59) return false;
  auto packed = static_cast<int64_t>(clock_packed(hour, minute, second) | microseconds);
  cell.i = negative ? -packed : packed;
  return true;
}

}  // namespace

uint8_t old_fraction_bytes(Kind kind, uint8_t digits) {
  constexpr uint8_t kTime[] = {3, 4, 4, 5, 5, 5, 6};
  constexpr uint8_t kDateTime[] = {5, 6, 6, 7, 7, 7, 8};
  constexpr uint8_t kTimestamp[] = {4, 5, 5, 6, 6, 7, 7};
  return kind == Kind::Time ? kTime[digits] : kind == Kind::DateTime ? kDateTime[digits] : kTimestamp[digits];
}

bool read_old_fraction(const char* at, uint8_t bytes, Cell& cell) {
  uint64_t unit = kPowersOfTen[6 - cell.aux];  // microseconds in the last digit
  if (cell.kind == Kind::Timestamp) {
    uint64_t fraction = big(at + 4, bytes - 4u);
    if (fraction >= kPowersOfTen[cell.aux]) return false;
    cell.u = big(at, 4) << 24 | fraction * unit;
    return true;
  }
  uint64_t stored = big(at, bytes);
  if (cell.kind == Kind::DateTime) {
    if (stored > UINT64_MAX / unit) return false;
    uint64_t us = stored * unit, seconds = us / kMillion;
    uint64_t days = seconds / 86'400;
    return put_datetime(days / 32, days % 32, seconds / 3600 % 24, seconds / 60 % 60, seconds % 60,
                        us % kMillion, cell);
  }
  int64_t value = static_cast<int64_t>(stored) - kTimeZero * static_cast<int64_t>(kPowersOfTen[cell.aux]);
  uint64_t us = static_cast<uint64_t>(value < 0 ? -value : value) * unit;
  uint64_t seconds = us / kMillion;
  return put_time(value < 0, seconds / 3600, seconds / 60 % 60, seconds % 60, us % kMillion, cell);
}

bool read_old_datetime(uint64_t number, Cell& cell) {
  uint64_t date = number / kMillion, time = number % kMillion;
  uint64_t month = date / 100 % 100;
  return month <= 12 && put_datetime(date / 10'000 * 13 + month, date % 100, time / 10'000, time / 100 % 100,
                                     time % 100, 0, cell);
}

bool read_old_time(uint32_t raw, Cell& cell) {
  int32_t number = static_cast<int32_t>(raw << 8) >> 8;
  auto magnitude = static_cast<uint32_t>(number < 0 ? -number : number);
  return put_time(number < 0, magnitude / 10'000, magnitude / 100 % 100, magnitude % 100, 0, cell);
}

}  // namespace sluice::mysql
