// QUERY: a statement as text. Layout (libbinlogevents/include/statement_events.h):
//
//   thread_id u32, seconds u32, database length u8, error u16, status length u16, status variables, database,
//   0, statement
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice::mysql {

struct QueryEvent {
  uint32_t thread_id = 0;
  uint64_t sql_mode = 0;
  uint32_t client_collation = 0;  // of the statement's text; 0: not said
  uint32_t server_collation = 0;  // of a database that is created without one; 0: not said
  // explicit_defaults_for_timestamp, as the session had it; only MySQL 8.0 and newer tell, of CREATE and
  // ALTER.
  std::optional<bool> explicit_timestamp;
  std::string_view database;  // the default database
  std::string_view sql;
};

Result<QueryEvent> read_query_event(std::string_view body);

// A part of its text as UTF-8.
std::string to_utf8(const QueryEvent& query, std::string_view text);

}  // namespace sluice::mysql
