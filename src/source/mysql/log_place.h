// Where in the log to begin, and whether a saved position still leads on without a gap.
#pragma once

#include <optional>

#include "base/interrupt.h"
#include "base/result.h"
#include "client/mysql/connection.h"
#include "model/position.h"
#include "source/mysql/server.h"
#include "source/mysql/start_point.h"

namespace sluice::mysql {

class LogPlace {
 public:
  // `connection` is for questions; what must be read of the log is read through connections of its own.
  LogPlace(Connection& connection, const Server& server, ConnectionOptions options,
           const Interrupt& interrupt)
      : connection_(connection), server_(server), options_(std::move(options)), interrupt_(interrupt) {}

  // The place that a start point names, with the GTIDs before it.
  Result<Position> find(const StartPoint& start);
  // Whether everything after `saved` is still there and is its continuation; answers with the position to ask
  // this server for. The faults name the gap and the choices.
  Result<Position> resume(const Position& saved);
  // When the file was begun, seconds since 1970 UTC.
  Result<uint32_t> first_timestamp(const std::string& file);

 private:
  Result<Position> earliest();
  Result<Position> at_file(const StartPoint& start);
  Result<Position> at_gtids(const GtidSet& gtids);
  Result<Position> at_time(int64_t time);
  Position base(std::string file, uint64_t offset) const;
  Result<Position> with_gtids(Position position, const GtidSet& found);
  Result<std::vector<BinaryLog>> logs();
  // Reads `file` from its start until `there` says so, or until the end of the log.
  template <class There>
  Result<Position> scan(const std::string& file, There there);

  Result<void> check_file(const Position& saved);
  Result<Position> resume_mysql(const Position& saved);
  Result<bool> has_place(const Position& saved);
  Result<std::optional<Position>> without_gap(const Position& saved, const GtidSet& purged);
  Result<Position> resume_mariadb(const Position& saved);
  Result<Position> resume_file(const Position& saved);
  bool same_server(const Position& saved) const;
  bool replicates(const Position& saved, const GtidSet& executed) const;
  Failure was_reset(const Position& saved, std::string_view evidence) const;
  Failure lags_behind(const Position& saved, const GtidSet& missing) const;
  Failure has_gap(const Position& saved, std::string_view gap) const;
  std::string_view anew() const;

  Connection& connection_;
  const Server& server_;
  ConnectionOptions options_;
  const Interrupt& interrupt_;
};

}  // namespace sluice::mysql
