#include "wire/mysql/gtid_event.h"

#include <bit>

#include "base/cursor.h"
#include "wire/mysql/prepared.h"

namespace sluice::mysql {
namespace {

constexpr uint8_t kMariaDbStandalone = 0x1;
constexpr uint8_t kMariaDbGroupCommit = 0x2;
constexpr uint8_t kMariaDbPreparedXa = 0x40;
constexpr uint8_t kMariaDbCompletedXa = 0x80;
// Of the second byte of flags (FL_START_ALTER_E1, FL_ROLLBACK_ALTER_E1).
constexpr uint8_t kMariaDbStartAlter = 0x2;
constexpr uint8_t kMariaDbRollbackAlter = 0x8;

// GNO_END of the server: numbers are positive and signed.
bool in_range(uint64_t number) { return number > 0 && number < INT64_MAX; }

// Up to 32 of a-z, 0-9 and _, not a digit first; the server has them in lower case (libs/mysql/gtid/tag.h).
bool is_tag(std::string_view tag) {
  return tag.size() <= 32 && (tag.empty() || tag[0] > '9') &&
         tag.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string_view::npos;
}

Uuid uuid_of(std::string_view bytes) {
  Uuid uuid{};
  if (bytes.size() == uuid.size()) std::copy(bytes.begin(), bytes.end(), uuid.begin());
  return uuid;
}

Result<GtidEvent> read_plain(const EventHeader& header, std::string_view body) {
  Cursor in(body);
  GtidEvent event;
  event.anonymous = header.type == EventType::AnonymousGtid;
  in.u8();
  event.sid.uuid = uuid_of(in.bytes(16));
  event.number = in.u64();
  // 5.7 and newer: logical clock (type 2, two u64); 8.0 and newer: commit time in the low 55 bits of seven
  // bytes.
  constexpr size_t kLogicalClock = 17;
  if (in.left() >= kLogicalClock + 7) {
    in.skip(kLogicalClock);
    event.commit_us = in.little(7) & ((1ULL << 55) - 1);
  }
  if (in.bad()) return fatal("a {} event is cut short", name(header.type));
  if (!event.anonymous && !in_range(event.number))
    return fatal("a {} event has the impossible number {}", name(header.type), event.number);
  return event;
}

// MySQL's serialization library (libs/mysql/serialization/variable_length_integers.h): the count of trailing
// one bits in the first byte says how many bytes follow; the rest is the value, little-endian.
uint64_t variable(Cursor& in) {
  uint8_t first = in.u8();
  auto more = static_cast<size_t>(std::countr_one(first));
  if (more == 0) return first >> 1;
  uint64_t rest = in.little(more);
  if (more >= 7) return rest;  // 7: the first byte's only free bit is 0; 8: it has none
  return first >> (more + 1) | rest << (7 - more);
}

// Signed: the lowest bit is the sign.
int64_t variable_signed(Cursor& in) {
  uint64_t raw = variable(in);
  return raw & 1 ? -static_cast<int64_t>(raw >> 1) - 1 : static_cast<int64_t>(raw >> 1);
}

// libbinlogevents Gtid_event::define_fields: a message of numbered fields, each present or not.
Result<GtidEvent> read_tagged(std::string_view body) {
  Cursor in(body);
  GtidEvent event;
  variable(in);  // format version
  variable(in);  // size of the message
  variable(in);  // last field that may not be ignored
  enum Id : uint64_t { kFlags, kUuid, kNumber, kTag, kLastCommitted, kSequence, kCommitTime };
  while (!in.done() && !in.bad()) {
    uint64_t id = variable(in);
    if (id == kUuid) {
      for (uint8_t& byte : event.sid.uuid) byte = static_cast<uint8_t>(variable(in));
    } else if (id == kTag) {
      event.sid.tag = in.bytes(variable(in));
    } else if (id == kNumber) {
      event.number = static_cast<uint64_t>(variable_signed(in));
    } else if (id == kCommitTime) {
      event.commit_us = variable(in);
      break;  // what follows (original commit time, length, versions) is not needed
    } else if (id == kLastCommitted || id == kSequence) {
      variable_signed(in);
    } else {
      variable(in);
    }
  }
  if (in.bad() || !in_range(event.number) || !is_tag(event.sid.tag))
    return fatal("a GTID_TAGGED event is malformed");
  return event;
}

Result<GtidEvent> read_mariadb(const EventHeader& header, std::string_view body) {
  Cursor in(body);
  GtidEvent event;
  event.flavor = Flavor::MariaDb;
  event.number = in.u64();
  event.domain = in.u32();
  event.server_id = header.server_id;
  uint8_t flags = in.u8();
  event.standalone = flags & kMariaDbStandalone;
  event.completes_xa = flags & kMariaDbCompletedXa;
  if (flags & kMariaDbGroupCommit) in.skip(8);  // its id
  if (flags & (kMariaDbPreparedXa | kMariaDbCompletedXa)) {
    uint32_t format = in.u32();
    uint8_t global = in.u8(), branch = in.u8();
    std::string_view global_part = in.bytes(global);
    std::string xid = spell_xid(global_part, in.bytes(branch), format);
    if (flags & kMariaDbPreparedXa) event.prepares_xa = std::move(xid);
  }
  if (in.bad()) return fatal("a GTID event is cut short");
  if (!in.done()) event.alter_without_effect = in.u8() & (kMariaDbStartAlter | kMariaDbRollbackAlter);
  return event;
}

Result<GtidSet> read_previous(std::string_view body) {
  Cursor in(body);
  GtidSet set;
  uint64_t first = in.u64();
  // Server 8.3 and newer, sets with tags: 1 in the lowest and the highest byte, the count between them.
  bool tagged = first >> 56 == 1;
  uint64_t count = tagged ? (first & 0x00ffffffffffffffULL) >> 8 : first;
  if (count > in.left() / 24) return fatal("a PREVIOUS_GTIDS event claims {} servers", count);
  for (uint64_t i = 0; i < count && !in.bad(); ++i) {
    GtidSet::Sid sid;
    sid.uuid = uuid_of(in.bytes(16));
    if (tagged) sid.tag = in.bytes(variable(in));
    if (!is_tag(sid.tag)) return fatal("a PREVIOUS_GTIDS event holds an impossible tag");
    uint64_t intervals = in.u64();
    if (intervals > in.left() / 16) return fatal("a PREVIOUS_GTIDS event claims {} intervals", intervals);
    for (uint64_t k = 0; k < intervals; ++k) {
      uint64_t begin = in.u64();
      uint64_t end = in.u64();
      if (!in_range(begin) || begin >= end || end > INT64_MAX)
        return fatal("a PREVIOUS_GTIDS event holds an empty interval");
      set.add(sid, GtidSet::Interval{begin, end});
    }
  }
  if (in.bad()) return fatal("a PREVIOUS_GTIDS event is cut short");
  return set;
}

Result<GtidSet> read_mariadb_list(std::string_view body) {
  Cursor in(body);
  GtidSet set;
  uint32_t count = in.u32() & 0x0fffffff;  // the four high bits are flags
  if (count > in.left() / 16) return fatal("a GTID_LIST event claims {} entries", count);
  for (uint32_t i = 0; i < count; ++i) {
    uint32_t domain = in.u32();
    uint32_t server_id = in.u32();
    set.set(domain, server_id, in.u64());
  }
  return set;
}

}  // namespace

std::string GtidEvent::text() const {
  if (anonymous) return {};
  if (flavor == Flavor::MariaDb) return fmt::format("{}-{}-{}", domain, server_id, number);
  if (sid.tag.empty()) return fmt::format("{}:{}", to_string(sid.uuid), number);
  return fmt::format("{}:{}:{}", to_string(sid.uuid), sid.tag, number);
}

Result<GtidEvent> read_gtid_event(const EventHeader& header, std::string_view body) {
  switch (header.type) {
    case EventType::GtidTagged: return read_tagged(body);
    case EventType::MariaDbGtid: return read_mariadb(header, body);
    default: return read_plain(header, body);
  }
}

Result<GtidSet> read_gtid_list(EventType type, std::string_view body) {
  return type == EventType::MariaDbGtidList ? read_mariadb_list(body) : read_previous(body);
}

}  // namespace sluice::mysql
