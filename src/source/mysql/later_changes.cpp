#include "source/mysql/later_changes.h"

#include <algorithm>

#include "base/ascii.h"
#include "base/cursor.h"
#include "model/catalogue.h"
#include "source/mysql/dump.h"
#include "wire/mysql/ddl.h"
#include "wire/mysql/event.h"
#include "wire/mysql/inflate.h"
#include "wire/mysql/query_event.h"
#include "wire/mysql/sql_reader.h"

namespace sluice::mysql {
namespace {

std::string key_of(std::string_view database, std::string_view table) {
  std::string key(database);
  key.push_back('\0');
  key.append(table);
  return lower_ascii(key);
}

// Of DROP DATABASE and CREATE OR REPLACE DATABASE, whose tables the statement does not name; empty: neither.
std::string dropped_database(std::string_view sql, uint64_t sql_mode) {
  SqlReader in(sql, sql_mode);
  skip_set_statement(in);
  if (!in.accept("DROP") && !in.accept({"CREATE", "OR", "REPLACE"})) return {};
  if (!in.accept("DATABASE") && !in.accept("SCHEMA")) return {};
  in.accept({"IF", "EXISTS"});
  auto name = in.name("a database name");
  return name ? *name : std::string();
}

bool truncates(std::string_view sql) {
  SqlReader in(sql, 0);
  skip_set_statement(in);
  return in.accept("TRUNCATE");
}

}  // namespace

void LaterChanges::note(std::string_view sql, std::string_view database, uint64_t sql_mode,
                        const Position& place) {
  if (classify(sql) != StatementKind::Ddl || truncates(sql)) return;
  if (std::string dropped = dropped_database(sql, sql_mode); !dropped.empty()) {
    last_[key_of(dropped, "")] = place;
    return;
  }
  Catalogue nothing;
  DdlContext context;
  context.database = database;
  context.sql_mode = sql_mode;
  context.flavor = place.flavor;
  DdlOutcome outcome = apply_ddl(sql, context, nothing);
  if (outcome.is_temporary) return;
  for (const TableName& name : outcome.tables) last_[key_of(name.database, name.table)] = place;
  if (!outcome.understood && outcome.tables.empty()) last_[""] = place;
}

Result<void> LaterChanges::take(std::string_view event) {
  if (event.size() < kHeaderBytes) return fatal("an event at {} is shorter than its header", describe(end_));
  EventHeader header = read_header(event);
  std::string_view body = event.substr(kHeaderBytes);
  if (header.type == EventType::FormatDescription && event.size() > kHeaderBytes + kChecksumBytes) {
    // The algorithm stands before the checksum, which this event has in any case.
    checksums_ = event[event.size() - kChecksumBytes - 1] == 1;
    return {};
  }
  if (checksums_ && body.size() >= kChecksumBytes) body.remove_suffix(kChecksumBytes);
  if (header.type == EventType::Rotate) {
    Cursor in(body);
    uint64_t offset = in.u64();
    std::string_view file = in.rest();
    // The first one of a dump may come with a checksum before anything has told so: it names the file that
    // was asked for.
    if (!end_.file.empty() && file.starts_with(end_.file)) return {};
    end_.file = file;
    end_.offset = offset;
    return {};
  }
  if (!(header.flags & kFlagArtificial) && header.end != 0) {
    uint64_t end = (end_.offset & ~uint64_t{0xffffffff}) | header.end;
    if (end < end_.offset) end += uint64_t{1} << 32;
    end_.offset = end;
  }
  if (header.type != EventType::Query && header.type != EventType::QueryCompressed) return {};
  SLUICE_ASSIGN(query, read_query_event(body));
  Arena arena;
  if (header.type == EventType::QueryCompressed) {
    SLUICE_ASSIGN(sql, inflate_record(query.sql, arena));
    query.sql = sql;
  }
  if (classify(query.sql) != StatementKind::Ddl) return {};
  note(to_utf8(query, query.sql), query.database, query.sql_mode, end_);
  return {};
}

Result<void> LaterChanges::read(const Position& from, Connection& connection, const Server& server) {
  Dump dump(connection, server,
            {.server_id = random_server_id(),
             .replica_uuid = random_uuid(),
             .until_now = true,
             .register_replica = false});
  if (!end_.known()) {
    end_ = from;
    end_.flavor = server.flavor;
    end_.server_uuid = server.uuid;
  }
  SLUICE_TRY(dump.start(end_, end_.file.empty()));
  end_.gtids = GtidSet();  // from here on the file and offset tell
  for (;;) {
    SLUICE_ASSIGN(got, dump.next(Dump::Clock::now() + std::chrono::seconds(1)));
    if (got == Dump::Got::End) return {};
    if (got == Dump::Got::Event) SLUICE_TRY(take(dump.event()));
  }
}

std::optional<std::string> LaterChanges::after(const Position& place, std::string_view database,
                                               std::string_view table) const {
  for (const std::string& key : {key_of(database, table), key_of(database, ""), std::string()}) {
    auto found = last_.find(key);
    if (found == last_.end()) continue;
    bool before = !place.file.empty() && covers(place, found->second);
    if (!before) return fmt::format("{}:{}", found->second.file, found->second.offset);
  }
  return std::nullopt;
}

}  // namespace sluice::mysql
