// Dates and times as rules compare them, in the packing of DateTime and Time cells, whose order is that of
// time.
#pragma once

#include <cstdint>
#include <string_view>

namespace sluice::rule {

constexpr uint64_t moment_of(uint64_t year, uint64_t month, uint64_t day) {
  return ((year * 13 + month) << 5 | day) << 41;
}
constexpr uint64_t kClockBits = (uint64_t{1} << 41) - 1;  // of a moment, its time of day

// The moment in UTC.
uint64_t moment_of_unix(uint64_t seconds, uint32_t microseconds);

// `2026-01-15`, `2026-01-15 10:30:00.123` or with T between them and Z behind them; parts of the date may be
// zero. `digits`: those behind the second. False: something else, or a day that there is not.
bool parse_moment(std::string_view text, uint64_t& moment, unsigned& digits);
// `10:30:00.5`, `-838:59:59`
bool parse_time(std::string_view text, int64_t& time, unsigned& digits);

}  // namespace sluice::rule
