#include "source/mysql/dump.h"

#include <unistd.h>

#include <random>

#include "source/mysql/dump_request.h"
#include "wire/mysql/event.h"

namespace sluice::mysql {
namespace {

// Before an event in its packet: a status; and what semi-sync puts there.
constexpr size_t kStatusBytes = 1, kSemiSyncBytes = 2;
// Of a compressed transaction that is held in memory, and of a buffer that stays.
constexpr uint32_t kMostHeldBytes = 4 << 20;
// max_allowed_packet is at most 1 GiB and bounds what the servers write as one event.
constexpr uint64_t kMostPacketBytes = (uint64_t{1} << 30) + (uint64_t{1} << 20);
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
  auto got = receive();
  if (!got) return explain(std::move(got).error());
  return got;
}

// Of a packet's first bytes: whether they are of a compressed transaction that is not to be held in memory.
// Of what semi-sync puts before an event, the event's length tells, which is not known yet: so either is
// possible.
bool Dump::begins_payload(std::string_view packet) const {
  for (size_t at : {kStatusBytes, kStatusBytes + kSemiSyncBytes}) {
    EventHeader header = read_header(packet.substr(at));
    if (header.type == EventType::TransactionPayload && header.size > kMostHeldBytes) return true;
    if (!options_.semi_sync) break;
  }
  return false;
}

// A packet, which comes in several pieces if it is large.
Result<Dump::Got> Dump::receive() {
  packet_.clear();
  packet_.shrink(kMostHeldBytes);
  stored_.reset();
  scratch_.close();
  bool aside = false;
  for (uint64_t size = 0;;) {
    SLUICE_ASSIGN(piece, connection_.piece(3 * options_.heartbeat, kAttempt));
    size += piece.bytes.size();
    if (size == piece.bytes.size() && piece.last) return unwrap(piece.bytes, size);
    if (size > kMostPacketBytes)
      return fatal("cannot {} ({}): a packet of more than {} bytes", kAttempt, connection_.address(),
                   kMostPacketBytes);
    if (size == piece.bytes.size() && begins_payload(piece.bytes)) {
      aside = true;
      packet_.append(piece.bytes.substr(0, kStatusBytes + kSemiSyncBytes + kHeaderBytes));
      if (options_.payloads) SLUICE_TRY(scratch_.begin(options_.scratch_folder));
    }
    if (!aside) packet_.append(piece.bytes);
    if (aside && options_.payloads) SLUICE_TRY(scratch_.append(piece.bytes));
    if (piece.last) return unwrap(packet_.view(), size);
  }
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

// Packet: status 0, [0xef, flag: of semi-sync], event; or 0xfe and less than eight bytes more: the end; or an
// error. Of `size` bytes only the first ones may be here.
Result<Dump::Got> Dump::unwrap(std::string_view packet, uint64_t size) {
  if (packet.empty()) return retryable("cannot {} ({}): an empty packet", kAttempt, connection_.address());
  auto status = static_cast<uint8_t>(packet[0]);
  if (status == 0xff) return connection_.refused(packet, kAttempt);
  if (status == 0xfe && size < 9) {
    if (options_.until_now) return Got::End;
    return retryable("cannot {} ({}): the server has ended the stream", kAttempt, connection_.address());
  }
  uint64_t begin = kStatusBytes;
  // Whether the server speaks semi-sync is its own business; the event's length tells.
  if (options_.semi_sync && packet.size() >= begin + kSemiSyncBytes + kHeaderBytes &&
      static_cast<uint8_t>(packet[begin]) == kSemiSyncAck &&
      read_header(packet.substr(begin + kSemiSyncBytes)).size == size - begin - kSemiSyncBytes) {
    wants_ack_ = packet[begin + 1] != 0;
    begin += kSemiSyncBytes;
  }
  if (size < begin + kHeaderBytes) {
    return fatal("cannot {} ({}): an event of {} bytes is shorter than its header", kAttempt,
                 connection_.address(), size - begin);
  }
  event_ = packet.substr(begin);
  if (packet.size() < size) {
    event_ = event_.substr(0, kHeaderBytes);
    if (options_.payloads) stored_ = scratch_.from(begin);
  }
  EventHeader header = read_header(event_);
  header_end_ = header.end;
  bool alive = header.type == EventType::Heartbeat || header.type == EventType::HeartbeatV2;
  // The only events that are looked at no further, and that carry no time: one with a time was another one
  // when it was sent.
  if (alive && header.timestamp != 0) {
    return retryable("cannot {} ({}): an event came damaged", kAttempt, connection_.address());
  }
  return alive ? Got::Nothing : Got::Event;
}

Result<void> Dump::acknowledge(const std::string& file) {
  wants_ack_ = false;
  event_ = {};
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
