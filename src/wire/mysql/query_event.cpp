#include "wire/mysql/query_event.h"

#include "base/cursor.h"
#include "wire/mysql/charset.h"

namespace sluice::mysql {
namespace {

// The databases that a statement changes; beyond 253 of them, none is named.
void skip_databases(Cursor& in) {
  uint8_t count = in.u8();
  if (count == 254) return;
  for (; count > 0 && !in.bad(); --count) {
    while (in.u8() != 0 && !in.bad()) continue;
  }
}

// Status variables stand in the order in which the server writes them (Query_log_event::write); reading stops
// at the first one whose size is not known here.
void read_status(Cursor in, QueryEvent& event) {
  enum Code : uint8_t {
    kFlags = 0,
    kSqlMode = 1,
    kAutoIncrement = 3,
    kCharset = 4,
    kTimeZone = 5,
    kCatalog = 6,
    kLocale = 7,
    kDatabaseCollation = 8,
    kTableMap = 9,
    kMasterSize = 10,
    kInvoker = 11,
    kDatabases = 12,
    kMicroseconds = 13,
    kExplicitTimestamp = 16,
    // MariaDB's (sql/log_event.h)
    kHighResolution = 128,
    kXid = 129,
    kCharsetCollations = 131,  // since 11.2, and before kCharset
  };
  while (!in.done() && !in.bad()) {
    switch (in.u8()) {
      case kFlags: in.skip(4); break;
      case kSqlMode: event.sql_mode = in.u64(); break;
      case kAutoIncrement: in.skip(4); break;
      case kTimeZone:
      case kCatalog: in.skip(in.u8()); break;
      case kLocale:
      case kDatabaseCollation: in.skip(2); break;
      case kTableMap: in.skip(8); break;
      case kMasterSize: in.skip(4); break;
      case kInvoker:
        in.skip(in.u8());
        in.skip(in.u8());
        break;
      case kDatabases: skip_databases(in); break;
      case kMicroseconds:
      case kHighResolution: in.skip(3); break;
      case kXid: in.skip(8); break;
      case kCharsetCollations: in.skip(4 * in.u8()); break;
      case kExplicitTimestamp:
        if (uint8_t value = in.u8(); !in.bad()) event.explicit_timestamp = value != 0;
        return;
      case kCharset:
        event.client_collation = in.u16();
        in.skip(2);  // of the connection
        event.server_collation = in.u16();
        break;
      default: return;
    }
  }
}

}  // namespace

Result<QueryEvent> read_query_event(std::string_view body) {
  Cursor in(body);
  QueryEvent event;
  event.thread_id = in.u32();
  in.u32();
  uint8_t database_length = in.u8();
  in.u16();
  uint16_t status_length = in.u16();
  Cursor status(in.bytes(status_length));
  event.database = in.bytes(database_length);
  uint8_t terminator = in.u8();
  if (in.bad()) return fatal("a QUERY event is cut short");
  // Else a length that lies would make another statement, perhaps one that changes nothing.
  if (terminator != 0 || event.database.find('\0') != event.database.npos) {
    return fatal("a QUERY event's database has an impossible length");
  }
  event.sql = in.rest();
  read_status(status, event);
  return event;
}

std::string to_utf8(const QueryEvent& query, std::string_view text) {
  const Charset* charset = charset_by_collation(query.client_collation);
  if (!charset || charset->is_utf8() || charset->is_binary()) return std::string(text);
  std::string converted(charset->max_utf8_size(text.size()), '\0');
  uint64_t invalid = 0;
  char* end = charset->to_utf8(text, converted.data(), invalid);
  converted.resize(static_cast<size_t>(end - converted.data()));
  return converted;
}

}  // namespace sluice::mysql
