// Dump: a connection turned into a stream of binlog events.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/file_part.h"
#include "base/result.h"
#include "client/mysql/connection.h"
#include "model/position.h"
#include "source/mysql/server.h"

namespace sluice::mysql {

struct DumpOptions {
  uint32_t server_id = 0;
  std::string replica_uuid;  // under which MySQL lists us; it ends an older dump of the same name
  std::chrono::milliseconds heartbeat{3000};
  bool semi_sync = false;
  bool until_now = false;
  bool statements = false;
  bool register_replica = true;  // appear in SHOW REPLICAS
  // Compressed transactions that are too large to be held in memory are set aside in a file of this folder,
  // or in a temporary one; else their headers come alone.
  bool payloads = false;
  std::string scratch_folder;
};

class Dump {
 public:
  // The connection outlives the dump, and is of no other use once it has started.
  Dump(Connection& connection, const Server& server, DumpOptions options);

  // By GTID where `from` has some and `by_gtid` says so, else by file and offset.
  Result<void> start(const Position& from, bool by_gtid);

  enum class Got : uint8_t { Event, Nothing, End };
  using Clock = std::chrono::steady_clock;
  // The next event, if it comes until `give_up`; a heartbeat counts as nothing. End: of the log, where
  // until_now was asked for. Three heartbeats of silence are a dead connection.
  Result<Got> next(Clock::time_point give_up);
  // Header and checksum included; valid until the call after.
  std::string_view event() const { return event_; }
  // Null, or where the whole event is, of which event() then is the header alone.
  const FilePart* stored() const { return stored_ ? &*stored_ : nullptr; }
  // Whether the last failure was for want of the grant REPLICATION SLAVE.
  bool denied() const;
  // Semi-sync: the server's client waits for us to have this event safe. `file` is the log file it is from.
  bool wants_ack() const { return wants_ack_; }
  Result<void> acknowledge(const std::string& file);
  // Whether next() would find something at once.
  Result<bool> ready() { return connection_.wait(std::chrono::milliseconds(0)); }

 private:
  Result<void> prepare(const Position& from, bool by_gtid);
  Failure explain(Error error) const;
  Result<bool> wait(Clock::time_point give_up);
  Result<Got> receive();
  Result<Got> unwrap(std::string_view packet, uint64_t size);
  bool begins_payload(std::string_view packet) const;

  Connection& connection_;
  const Server& server_;
  DumpOptions options_;
  std::string_view event_;
  std::optional<FilePart> stored_;
  Bytes packet_;  // of several pieces, or the head of one that is set aside
  ScratchFile scratch_;
  uint32_t header_end_ = 0;
  bool wants_ack_ = false;
  bool flowing_ = true;     // the last packet was there at once
  Clock::time_point last_;  // sign of life, as of the last wait
};

// A random id from 2^31 up, where few people put theirs.
uint32_t random_server_id();
std::string random_uuid();

}  // namespace sluice::mysql
