// What a server says of itself: version, binary log, GTIDs, replicas.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "client/mysql/connection.h"
#include "model/gtid.h"
#include "model/position.h"

namespace sluice::mysql {

struct Server {
  Flavor flavor = Flavor::Unknown;
  std::string version;  // as it spells it
  uint32_t number = 0;  // 50624, 90704, 101119
  std::string uuid;     // of MariaDB, which has none: its server id in decimal
  uint32_t id = 0;
  bool gtids = false;           // every transaction has one
  int64_t clock_offset_us = 0;  // the server's clock minus ours
  // Global variables by name in lower case; only those that are asked for in server.cpp.
  std::map<std::string, std::string, std::less<>> variables;

  uint32_t present_second() const;  // by its clock, since 1970 UTC
  bool mariadb() const { return flavor == Flavor::MariaDb; }
  std::string_view variable(std::string_view name) const;  // empty: the version does not know it
  bool on(std::string_view name) const;                    // ON, 1 or YES
  std::string product() const;                             // `MySQL 9.7.4`
};

struct BinaryLog {
  std::string name;
  uint64_t size = 0;
};

struct Replica {
  uint32_t server_id = 0;
  std::string host;  // as it announced itself; may be empty
  std::string uuid;  // MySQL only
};

// 10.11.19-MariaDB-… → 101119; 0: not understood.
uint32_t version_number(std::string_view version);

Result<Server> read_server(Connection& connection);
// Faults when the log is off or its rows are not row events: names the statement that mends it.
Result<void> require_row_log(const Server& server, const std::string& address);

// The end of the log, with the GTIDs executed up to there.
Result<Position> present_position(Connection& connection, const Server& server);
// Oldest first.
Result<std::vector<BinaryLog>> binary_logs(Connection& connection);
// MySQL: executed ever; executed, but in no binary log any more.
Result<GtidSet> executed_gtids(Connection& connection);
Result<GtidSet> purged_gtids(Connection& connection);
// MySQL: executed before this log file. Nothing: it does not say.
Result<std::optional<GtidSet>> previous_gtids(Connection& connection, const std::string& file);
// MariaDB: the set at a place of a log file, which must be the start of an event: a fault tells that it is
// none.
Result<GtidSet> gtids_at(Connection& connection, const std::string& file, uint64_t offset);
// MariaDB: the newest of each domain in the binary log.
Result<GtidSet> logged_gtids(Connection& connection);
// Nothing: not to be asked of MySQL before 8.0.22, or not by this account (MariaDB wants REPLICATION MASTER
// ADMIN for it, which a reader need not have).
Result<std::optional<std::vector<Replica>>> replicas(Connection& connection, const Server& server);

}  // namespace sluice::mysql
