#include "wire/mysql/query_event.h"

#include "base/cursor.h"

namespace sluice::mysql {
namespace {

// Status variables stand in the order in which the server writes them (Query_log_event::write); reading stops
// at the first one that is not needed and whose size is not known here.
void read_status(Cursor in, QueryEvent& event) {
  enum Code : uint8_t { kFlags = 0, kSqlMode = 1, kAutoIncrement = 3, kCharset = 4, kCatalog = 6 };
  while (!in.done() && !in.bad()) {
    switch (in.u8()) {
      case kFlags: in.skip(4); break;
      case kSqlMode: event.sql_mode = in.u64(); break;
      case kAutoIncrement: in.skip(4); break;
      case kCatalog: in.skip(in.u8()); break;
      case kCharset:
        event.client_collation = in.u16();
        in.skip(2);  // of the connection
        event.server_collation = in.u16();
        return;
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
  in.u8();
  if (in.bad()) return fatal("a QUERY event is cut short");
  event.sql = in.rest();
  read_status(status, event);
  return event;
}

}  // namespace sluice::mysql
