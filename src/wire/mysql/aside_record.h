// The bytes in which an event set aside is kept: as it stood in the log, with everything that it meant there
// and that a later reader could not find out. Numbers are little-endian, texts stand behind their length
// (u32).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/catalogue.h"
#include "wire/mysql/ddl.h"
#include "wire/mysql/event.h"

namespace sluice::mysql {

// Texts point into the packed bytes, or into what is to be packed.
struct AsideRecord {
  enum class Kind : uint8_t { Rows, Ddl };

  Kind kind = Kind::Rows;
  bool last = false;       // nothing of its transaction was set aside behind it
  uint64_t xid = 0;        // of its transaction; 0: not known
  uint64_t commit_us = 0;  // as of Transaction
  uint64_t begin = 0;
  uint64_t offset = 0, next = 0;  // as of Event
  uint32_t index = 0;             // of its first change in the transaction
  uint32_t changes = 0;           // that it holds, or of a schema change 1 if it is to be told, else 0
  uint32_t thread_id = 0;
  uint32_t timestamp = 0, server_id = 0;  // of its header
  EventType type = EventType::Query;
  // Of the server that wrote it.
  Flavor flavor = Flavor::Unknown;
  uint32_t version = 0;
  bool explicit_timestamp = true;
  std::string_view transaction, gtid, xa, file, query;
  std::string_view map;           // of rows: the body of their TABLE_MAP
  std::string_view charset;       // of a schema change: its database's default character set
  std::vector<TableName> tables;  // of a schema change: those that it names; none: it may be any
  std::string_view body;

  // The header that goes before the body.
  EventHeader header() const;
};

std::string pack(const AsideRecord& record);
Result<AsideRecord> unpack_aside(std::string_view bytes);
// Why these columns cannot be those of the rows in it; nothing: they can, or it holds no rows.
Result<std::optional<std::string>> contradiction(std::string_view packed, const Table& told);
// Notes in a packed record that it is the last one of its transaction.
void close_aside(std::string& packed, uint64_t xid);

}  // namespace sluice::mysql
