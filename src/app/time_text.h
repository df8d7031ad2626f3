// Times for people.
#pragma once

#include <cstdint>
#include <string>

namespace sluice::app {

// 2026-01-15T10:30:00Z of microseconds since 1970 UTC.
std::string utc_text(int64_t unix_us);

}  // namespace sluice::app
