#include "wire/mysql/aside_record.h"

#include <cstring>

#include "base/check.h"
#include "base/cursor.h"
#include "wire/mysql/row_hash.h"
#include "wire/mysql/table_map.h"

namespace sluice::mysql {
namespace {

constexpr uint8_t kForm = 1;
// form, kind, then these.
constexpr size_t kLastOffset = 2;
constexpr size_t kXidOffset = 3;

void put(std::string& out, uint64_t value, size_t bytes) {
  for (size_t i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i));
}

void put(std::string& out, std::string_view text) {
  put(out, text.size(), 4);
  out += text;
}

}  // namespace

EventHeader AsideRecord::header() const {
  return {.timestamp = timestamp,
          .type = type,
          .server_id = server_id,
          .size = static_cast<uint32_t>(kHeaderBytes + body.size()),
          .end = 0,
          .flags = 0};
}

std::string pack(const AsideRecord& record) {
  std::string out;
  out.reserve(256 + record.map.size() + record.query.size() + record.body.size());
  put(out, kForm, 1);
  put(out, static_cast<uint64_t>(record.kind), 1);
  put(out, record.last, 1);
  put(out, record.xid, 8);
  for (uint64_t number : {record.commit_us, record.begin, record.offset, record.next}) put(out, number, 8);
  for (uint32_t number :
       {record.index, record.changes, record.thread_id, record.timestamp, record.server_id, record.version})
    put(out, number, 4);
  put(out, static_cast<uint64_t>(record.type), 1);
  put(out, static_cast<uint64_t>(record.flavor), 1);
  put(out, record.explicit_timestamp, 1);
  for (std::string_view text :
       {record.transaction, record.gtid, record.xa, record.file, record.query, record.map, record.charset})
    put(out, text);
  put(out, record.tables.size(), 4);
  for (const TableName& name : record.tables) {
    put(out, name.database);
    put(out, name.table);
  }
  out += record.body;
  return out;
}

Result<AsideRecord> unpack_aside(std::string_view bytes) {
  Cursor in(bytes);
  if (uint8_t form = in.u8(); form != kForm)
    return fatal("an event set aside has form {}, where {} was expected", form, kForm);
  AsideRecord record;
  uint8_t kind = in.u8();
  record.kind = static_cast<AsideRecord::Kind>(kind);
  record.last = in.u8() != 0;
  record.xid = in.u64();
  for (uint64_t* number : {&record.commit_us, &record.begin, &record.offset, &record.next})
    *number = in.u64();
  for (uint32_t* number : {&record.index, &record.changes, &record.thread_id, &record.timestamp,
                           &record.server_id, &record.version})
    *number = in.u32();
  record.type = static_cast<EventType>(in.u8());
  uint8_t flavor = in.u8();
  record.flavor = static_cast<Flavor>(flavor);
  record.explicit_timestamp = in.u8() != 0;
  for (std::string_view* text : {&record.transaction, &record.gtid, &record.xa, &record.file, &record.query,
                                 &record.map, &record.charset})
    *text = in.bytes(in.u32());
  for (uint32_t left = in.u32(); left > 0 && !in.bad(); --left) {
    std::string_view database = in.bytes(in.u32());
    std::string_view table = in.bytes(in.u32());
    record.tables.push_back({std::string(database), std::string(table)});
  }
  record.body = in.rest();
  if (in.bad() || kind > static_cast<uint8_t>(AsideRecord::Kind::Ddl) ||
      flavor > static_cast<uint8_t>(Flavor::MariaDb))
    return fatal("an event set aside is damaged ({} bytes)", bytes.size());
  return record;
}

Result<std::optional<std::string>> contradiction(std::string_view packed, const Table& told) {
  SLUICE_ASSIGN(record, unpack_aside(packed));
  if (record.kind != AsideRecord::Kind::Rows) return std::optional<std::string>();
  SLUICE_ASSIGN(map, read_table_map(record.map, record.flavor));
  std::optional<std::string> clash = contradiction(map, told);
  if (clash && record.flavor == Flavor::MariaDb && with_row_hashes(map, told)) clash.reset();
  return clash;
}

void close_aside(std::string& packed, uint64_t xid) {
  CHECK(packed.size() > kXidOffset + sizeof xid);
  packed[kLastOffset] = 1;
  std::memcpy(packed.data() + kXidOffset, &xid, sizeof xid);
}

}  // namespace sluice::mysql
