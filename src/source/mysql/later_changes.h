// LaterChanges: the schema changes that the log holds behind a place. What the server shows of a table now
// is what the table was at that place only where none of them concerns it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "client/mysql/connection.h"
#include "model/position.h"
#include "source/mysql/server.h"

namespace sluice::mysql {

class LaterChanges {
 public:
  // Reads the log from `from` to its present end; called again, only what was written since, on the same
  // server. The log is read by its size, no row of it is decoded. The connection is of no use after that.
  Result<void> read(const Position& from, Connection& connection, const Server& server);
  // The last statement behind `place` that may concern this table, as `file:offset`; nothing: there is none.
  std::optional<std::string> after(const Position& place, std::string_view database,
                                   std::string_view table) const;
  // For tests: as if the log held this statement up to this offset.
  void note(std::string_view sql, std::string_view database, uint64_t sql_mode, const Position& place);

 private:
  Result<void> take(std::string_view event);

  Position end_;  // read up to here
  bool checksums_ = false;
  // By name in lower case, since servers may fold it; `database\0` is all tables of it, "" every table.
  std::map<std::string, Position, std::less<>> last_;
};

}  // namespace sluice::mysql
