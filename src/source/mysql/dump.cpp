#include "source/mysql/dump.h"

#include <unistd.h>

#include <random>

#include "source/mysql/dump_request.h"
#include "wire/mysql/event.h"

namespace sluice::mysql {
namespace {

constexpr std::string_view kAttempt = "read the binary log";

std::string host_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof(name) - 1) == 0 ? name : "";
}

}  // namespace

Dump::Dump(Connection& connection, const Server& server, DumpOptions options)
    : connection_(connection), server_(server), options_(std::move(options)) {}

// What a replica says of itself in user variables before it asks (sql/rpl_replica.cc; MariaDB sql/slave.cc).
// MySQL 8.0.26 gave some of them a second name.
Result<void> Dump::prepare(const Position& from, bool by_gtid) {
  auto nanoseconds = std::chrono::nanoseconds(options_.heartbeat).count();
  std::string sql = fmt::format(
      "SET @master_heartbeat_period = {0}, @source_heartbeat_period = {0}, "
      "@master_binlog_checksum = @@GLOBAL.binlog_checksum, @source_binlog_checksum = "
      "@@GLOBAL.binlog_checksum, "
      "@slave_uuid = '{1}', @replica_uuid = '{1}'",
      nanoseconds, options_.replica_uuid);
  if (options_.semi_sync) sql += ", @rpl_semi_sync_slave = 1, @rpl_semi_sync_replica = 1";
  if (server_.mariadb()) {
    // 4: understands every event that MariaDB has, GTID events first of all (MARIA_SLAVE_CAPABILITY_GTID).
    sql += ", @mariadb_slave_capability = 4";
    if (by_gtid) {
      // Strict: a GTID that this server's log leaves out is an error, instead of a start behind it.
      sql += fmt::format(
          ", @slave_connect_state = {}, @slave_gtid_strict_mode = 1, @slave_gtid_ignore_duplicates = 0",
          connection_.quoted(from.gtids.text()));
    }
  }
  return connection_.execute(sql, "prepare to read the binary log");
}

Result<void> Dump::start(const Position& from, bool by_gtid) {
  by_gtid = by_gtid && !from.gtids.empty();
  SLUICE_TRY(prepare(from, by_gtid));
  if (options_.register_replica) {
    auto registered = connection_.command(kRegisterReplica, register_request(options_.server_id, host_name()),
                                          true, "register as a replica");
    if (!registered) return explain(std::move(registered).error());
  }
  DumpRequest request{.server_id = options_.server_id,
                      .file = by_gtid ? std::string() : from.file,
                      .offset = 4,
                      .until_now = options_.until_now,
                      .statements = options_.statements && server_.mariadb()};
  if (!by_gtid) {
    if (from.offset > 0xffffffff) {
      return fatal(
          "cannot read from {}:{} ({}): the protocol has no file offsets beyond 4 GiB, and there are no "
          "GTIDs "
          "to go by",
          from.file, from.offset, connection_.address());
    }
    request.offset = static_cast<uint32_t>(from.offset < 4 ? 4 : from.offset);
  }
  last_ = Clock::now();
  if (by_gtid && !server_.mariadb()) {
    return connection_.command(kBinlogDumpGtid, gtid_dump_request(request, from.gtids), false, kAttempt);
  }
  return connection_.command(kBinlogDump, dump_request(request), false, kAttempt);
}

Result<Dump::Got> Dump::next(Clock::time_point give_up) {
  event_ = {};
  wants_ack_ = false;
  SLUICE_ASSIGN(ready, connection_.wait(std::chrono::milliseconds(0)));
  if (ready) {
    flowing_ = true;  // no look at the clock while packets queue
  } else {
    SLUICE_ASSIGN(arrived, wait(give_up));
    if (!arrived) return Got::Nothing;
  }
  auto packet = connection_.packet(3 * options_.heartbeat, kAttempt);
  if (!packet) return explain(std::move(packet).error());
  return unwrap(*packet);
}

// The server answers a replication command without the grant for it as it answers a wrong password.
Failure Dump::explain(Error error) const {
  if (!denied()) return Failure(std::move(error));
  return usage(
      "cannot {} ({}): the account lacks the grant REPLICATION SLAVE; `sluice doctor URL` names the "
      "statement that gives it",
      kAttempt, connection_.address());
}

bool Dump::denied() const {
  constexpr unsigned kAccessDenied = 1045, kSpecificAccessDenied = 1227;
  return connection_.error_code() == kAccessDenied || connection_.error_code() == kSpecificAccessDenied;
}

Result<bool> Dump::wait(Clock::time_point give_up) {
  Clock::time_point now = Clock::now();
  if (flowing_) last_ = now;
  flowing_ = false;
  Clock::time_point dead = last_ + 3 * options_.heartbeat;
  for (;;) {
    auto left = std::chrono::ceil<std::chrono::milliseconds>(std::min(give_up, dead) - now);
    SLUICE_ASSIGN(arrived, connection_.wait(std::max(left, std::chrono::milliseconds(0))));
    now = Clock::now();
    if (arrived) {
      last_ = now;
      return true;
    }
    if (now >= dead) {
      return retryable("cannot {} ({}): no sign of life for three heartbeats ({} ms)", kAttempt,
                       connection_.address(), (3 * options_.heartbeat).count());
    }
    if (now >= give_up) return false;
  }
}

// Packet: status 0, [0xef, flag: of semi-sync], event; or 0xfe and less than eight bytes more: the end.
Result<Dump::Got> Dump::unwrap(std::string_view packet) {
  if (packet.empty()) return retryable("cannot {} ({}): an empty packet", kAttempt, connection_.address());
  if (static_cast<uint8_t>(packet[0]) == 0xfe && packet.size() < 9) {
    if (options_.until_now) return Got::End;
    return retryable("cannot {} ({}): the server has ended the stream", kAttempt, connection_.address());
  }
  std::string_view event = packet.substr(1);
  // Whether the server speaks semi-sync is its own business; the event's length tells.
  if (options_.semi_sync && event.size() >= kHeaderBytes + 2 &&
      static_cast<uint8_t>(event[0]) == kSemiSyncAck &&
      read_header(event.substr(2)).size == event.size() - 2) {
    wants_ack_ = event[1] != 0;
    event.remove_prefix(2);
  }
  if (event.size() < kHeaderBytes) {
    return fatal("cannot {} ({}): an event of {} bytes is shorter than its header", kAttempt,
                 connection_.address(), event.size());
  }
  event_ = event;
  header_end_ = read_header(event).end;
  EventType type = read_header(event).type;
  return type == EventType::Heartbeat || type == EventType::HeartbeatV2 ? Got::Nothing : Got::Event;
}

Result<void> Dump::acknowledge(const std::string& file) {
  wants_ack_ = false;
  event_ = {};  // the library writes where it has read
  return connection_.command(kSemiSyncAck, semi_sync_ack(file, header_end_), false,
                             "acknowledge a transaction");
}

uint32_t random_server_id() { return std::random_device()() | 0x80000000; }

std::string random_uuid() {
  std::random_device random;
  auto bits = [&](uint32_t mask, uint32_t set) { return (random() & mask) | set; };
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:04x}{:08x}", random(), bits(0xffff, 0),
                     bits(0x0fff, 0x4000), bits(0x3fff, 0x8000), bits(0xffff, 0), random());
}

}  // namespace sluice::mysql
