// Position: where reading goes on: after the last whole transaction. Both forms are kept side by side,
// because a file offset means nothing on another server, and a GTID set says nothing of a log without GTIDs.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

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

// Everything of it, for places that keep a text: `name value` lines. parse_position(to_text(p)) is p.
std::string to_text(const Position& position);
Result<Position> parse_position(std::string_view text);

// `bin.000042` is 42; 0: its name ends in none. A number beyond 64 bits is the greatest there is.
uint64_t log_file_number(std::string_view name);
// Log files by their number: `bin.999999` comes before `bin.1000000`.
std::strong_ordering compare_log_files(std::string_view a, std::string_view b);
// Whether both name places in log files of one server, whose order is that of the log.
bool same_log(const Position& a, const Position& b);
// Everything up to `other` lies before `position`. On one server the file and offset decide, because they are
// exact even for transactions without a GTID; between servers only GTIDs mean the same.
bool covers(const Position& position, const Position& other);

}  // namespace sluice
