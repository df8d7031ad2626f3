// Wall time, for names and messages. Waits and intervals go by the steady clock instead, which nobody can set
// back.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace sluice {

using SteadyTime = std::chrono::steady_clock::time_point;

inline SteadyTime steady_now() { return std::chrono::steady_clock::now(); }
// Microseconds since 1970 UTC.
int64_t unix_us();
// `20260115T103000Z`: sorts by time and is at home in every file system.
std::string compact_utc(int64_t unix_seconds);

}  // namespace sluice
