#include "state/sqlite/history.h"

#include <fmt/core.h>

#include "state/sqlite/shape.h"

namespace sluice::sqlite {
namespace {

// A place without GTIDs on a server that is not `at`'s is from before there were any. GTIDs count besides the
// files, whose names may begin anew; where they are the same, as of transactions without any, the files tell.
bool lies_before(const Position& place, const Position& at) {
  // A time stands for the first transaction that is not older, before whatever else was in its second.
  if (!at.known()) return at.timestamp == 0 || place.timestamp < at.timestamp;
  if (place.gtids.empty()) return covers(at, place) || !same_log(place, at);
  return covers(at, place) || (at.gtids != place.gtids && at.gtids.contains(place.gtids));
}

bool same_place(const Position& a, const Position& b) {
  return a.file == b.file && a.offset == b.offset && a.server_uuid == b.server_uuid && a.gtids == b.gtids;
}

}  // namespace

Result<void> History::prepare(Database& database) {
  database_ = &database;
  const std::string compact = fmt::format(
      "DELETE FROM versions WHERE ended IS NOT NULL AND ended <= "
      "(SELECT ended FROM versions WHERE ended IS NOT NULL ORDER BY ended DESC LIMIT 1 OFFSET {})",
      kMostEndedVersions);
  const std::pair<Statement*, std::string_view> all[] = {
      {&places_, "SELECT id, file, offset, gtids, server_uuid, timestamp FROM places ORDER BY id DESC"},
      {&put_place_, "INSERT INTO places VALUES(?,?,?,?,?,?)"},
      {&current_shape_, "SELECT shape FROM versions WHERE database=? AND name=? AND ended IS NULL"},
      {&end_table_, "UPDATE versions SET ended=? WHERE database=? AND name=? AND ended IS NULL AND since<?"},
      {&unput_table_, "DELETE FROM versions WHERE database=? AND name=? AND since=?"},
      {&put_table_, "INSERT OR REPLACE INTO versions VALUES(?,?,?,NULL,?)"},
      {&end_charset_, "UPDATE charsets SET ended=? WHERE name=? AND ended IS NULL AND since<?"},
      {&unput_charset_, "DELETE FROM charsets WHERE name=? AND since=?"},
      {&put_charset_, "INSERT OR REPLACE INTO charsets VALUES(?,?,NULL,?)"},
      {&tables_at_,
       "SELECT database, name, shape FROM versions WHERE since<=?1 AND (ended IS NULL OR ended>?1)"},
      {&charsets_at_, "SELECT name, charset FROM charsets WHERE since<=?1 AND (ended IS NULL OR ended>?1)"},
      {&compact_, compact},
      {&prune_places_,
       "DELETE FROM places WHERE id NOT IN (SELECT since FROM versions UNION SELECT ended FROM versions "
       "WHERE ended IS NOT NULL UNION SELECT since FROM charsets UNION SELECT ended FROM charsets "
       "WHERE ended IS NOT NULL UNION SELECT max(id) FROM places)"},
  };
  for (const auto& [statement, text] : all) {
    SLUICE_ASSIGN(prepared, database.prepare(text));
    *statement = std::move(prepared);
  }
  return {};
}

// Of the row in hand.
Result<Position> History::read_place() {
  Position place;
  place.file = places_.text(1);
  place.offset = static_cast<uint64_t>(places_.integer(2));
  auto gtids = GtidSet::parse(places_.text(3));
  if (!gtids) {
    places_.reset();
    return while_doing("cannot read a table's place in " + database_->path(), gtids.error());
  }
  place.gtids = std::move(*gtids);
  place.server_uuid = places_.text(4);
  place.timestamp = static_cast<uint32_t>(places_.integer(5));
  return place;
}

Result<Position> History::first() {
  Position first;
  for (;;) {
    SLUICE_ASSIGN(more, places_.step());
    if (!more) break;
    SLUICE_ASSIGN(place, read_place());
    first = std::move(place);
  }
  places_.reset();
  return first;
}

Result<History::Place> History::last_place(const Position& at) {
  // From the newest on: mostly it is the first.
  Place last;
  for (;;) {
    SLUICE_ASSIGN(more, places_.step());
    if (!more) break;
    SLUICE_ASSIGN(place, read_place());
    if (!lies_before(place, at)) continue;
    last = {places_.integer(0), std::move(place)};
    break;
  }
  places_.reset();
  return last;
}

Result<int64_t> History::place_of(const Position& position) {
  if (newest_ && same_place(*newest_, position)) return newest_id_;
  if (newest_id_ == 0) {
    SLUICE_ASSIGN(more, places_.step());
    newest_id_ = more ? places_.integer(0) : 0;
    places_.reset();
  }
  ++newest_id_;
  newest_ = position;
  std::string gtids = position.gtids.text();
  SLUICE_TRY(put_place_.bind(1, newest_id_)
                 .bind(2, position.file)
                 .bind(3, static_cast<int64_t>(position.offset))
                 .bind(4, gtids)
                 .bind(5, position.server_uuid)
                 .bind(6, static_cast<int64_t>(position.timestamp))
                 .run());
  return newest_id_;
}

Result<void> History::save(std::span<const CatalogueChange> changes, const Position& resume) {
  if (changes.empty()) return {};
  // A transaction that was rolled back may have been the last to number a place.
  newest_.reset();
  newest_id_ = 0;
  for (const CatalogueChange& change : changes) {
    SLUICE_ASSIGN(place, place_of(change.since ? *change.since : resume));
    SLUICE_TRY(change.name.table.empty() ? save_charset(change, place) : save_table(change, place));
  }
  return compact();
}

Result<void> History::end_table(const TableName& name, int64_t place) {
  SLUICE_TRY(end_table_.bind(1, place).bind(2, name.database).bind(3, name.table).bind(4, place).run());
  return unput_table_.bind(1, name.database).bind(2, name.table).bind(3, place).run();
}

Result<void> History::save_table(const CatalogueChange& change, int64_t place) {
  if (!change.table) return end_table(change.name, place);
  TableName name{change.table->database, change.table->name};
  // A server that folds case may know the table by a name that was spelt otherwise before.
  if (name != change.name) SLUICE_TRY(end_table(change.name, place));
  std::string shape = pack(*change.table);
  SLUICE_ASSIGN(known, current_shape_.bind(1, name.database).bind(2, name.table).step());
  bool same = known && current_shape_.text(0) == shape;
  current_shape_.reset();
  if (same) return {};
  SLUICE_TRY(end_table(name, place));
  return put_table_.bind(1, name.database).bind(2, name.table).bind(3, place).bind_blob(4, shape).run();
}

Result<void> History::save_charset(const CatalogueChange& change, int64_t place) {
  const std::string& name = change.name.database;
  SLUICE_TRY(end_charset_.bind(1, place).bind(2, name).bind(3, place).run());
  SLUICE_TRY(unput_charset_.bind(1, name).bind(2, place).run());
  if (change.default_charset.empty()) return {};
  return put_charset_.bind(1, name).bind(2, place).bind(3, change.default_charset).run();
}

Result<void> History::compact() {
  SLUICE_TRY(compact_.run());
  return database_->changed_rows() > 0 ? prune_places_.run() : Result<void>();
}

Result<void> History::forget_behind(const Position& resume) {
  SLUICE_ASSIGN(last, last_place(resume));
  for (const char* sql :
       {"DELETE FROM versions WHERE since>?", "UPDATE versions SET ended=NULL WHERE ended>?",
        "DELETE FROM charsets WHERE since>?", "UPDATE charsets SET ended=NULL WHERE ended>?",
        "DELETE FROM places WHERE id>?"}) {
    SLUICE_ASSIGN(statement, database_->prepare(sql));
    SLUICE_TRY(statement.bind(1, last.id).run());
  }
  return {};
}

Result<Position> History::load(const Position& at, Catalogue& catalogue) {
  SLUICE_ASSIGN(last, last_place(at));
  tables_at_.bind(1, last.id);
  for (;;) {
    SLUICE_ASSIGN(more, tables_at_.step());
    if (!more) break;
    auto table = unpack(tables_at_.text(2));
    if (!table) {
      auto attempt = fmt::format("cannot read table {}.{} from {}", tables_at_.text(0), tables_at_.text(1),
                                 database_->path());
      tables_at_.reset();
      return while_doing(attempt, std::move(table).error());
    }
    catalogue.put(freeze(std::move(*table)));
  }
  tables_at_.reset();
  charsets_at_.bind(1, last.id);
  for (;;) {
    SLUICE_ASSIGN(more, charsets_at_.step());
    if (!more) break;
    catalogue.set_default_charset(charsets_at_.text(0), std::string(charsets_at_.text(1)));
  }
  charsets_at_.reset();
  catalogue.take_changes();
  return std::move(last.position);
}

}  // namespace sluice::sqlite
