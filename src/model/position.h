// Position: where reading goes on: after the last whole transaction. Both forms are kept side by side,
// because a file offset means nothing on another server, and a GTID set says nothing of a log without GTIDs.
#pragma once

#include <cstdint>
#include <string>

#include "model/gtid.h"

namespace sluice {

struct Position {
  std::string file;         // log file name; empty: not known
  uint64_t offset = 0;      // of the next event to read
  GtidSet gtids;            // everything executed up to here; empty: no GTIDs
  std::string server_uuid;  // the server that `file` belongs to; MariaDB has none: `server_id` stands for it
  Flavor flavor = Flavor::Unknown;
  uint32_t timestamp = 0;  // of the last event before it, seconds since 1970 UTC; 0: not known

  bool known() const { return !file.empty() || !gtids.empty(); }
  bool operator==(const Position&) const = default;
};

// `bin.000042:1234` and, if there are any, `gtid …`: for people and logs.
std::string describe(const Position& position);

}  // namespace sluice
