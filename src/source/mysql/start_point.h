// StartPoint: where to begin when nothing has been read yet.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/gtid.h"

namespace sluice {

struct StartPoint {
  enum class Kind : uint8_t { Now, Earliest, File, Gtids, Time };
  Kind kind = Kind::Now;
  std::string file;     // of File
  uint64_t offset = 4;  // of File
  GtidSet gtids;        // of Gtids: everything before the start
  int64_t time = 0;     // of Time: seconds since 1970 UTC; the first transaction not older than that
};

// `now`, `earliest` (or `start`), `FILE:OFFSET`, a GTID set, or a time: `2026-01-15T10:30:00Z`,
// `2026-01-15 10:30:00` (UTC), `2026-01-15`.
Result<StartPoint> parse_start_point(std::string_view text);

}  // namespace sluice
