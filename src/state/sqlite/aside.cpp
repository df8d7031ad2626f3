#include "state/sqlite/aside.h"

#include "state/sqlite/shape.h"

namespace sluice::sqlite {

Result<void> Aside::prepare(Database& database) {
  database_ = &database;
  const std::pair<Statement*, std::string_view> all[] = {
      {&put_, "INSERT OR REPLACE INTO aside VALUES(?,?,?,?,?,?)"},
      {&remove_, "DELETE FROM aside WHERE id=?"},
      {&put_table_, "INSERT OR REPLACE INTO aside_tables VALUES(?,?,?)"},
      {&remove_table_, "DELETE FROM aside_tables WHERE database=? AND name=?"},
      {&whole_, "SELECT coalesce(max(id), 0) FROM aside_whole"},
      {&clear_whole_, "DELETE FROM aside_whole"},
      {&set_whole_, "INSERT INTO aside_whole VALUES(?)"},
      {&forget_open_, "DELETE FROM aside WHERE id > (SELECT coalesce(max(id), 0) FROM aside_whole)"},
      {&shapes_, "SELECT database, name, shape FROM aside_tables"},
      {&count_,
       "SELECT database, name, min(id), place, count(*), sum(length(event)) FROM aside GROUP BY database, "
       "name"},
      {&next_,
       "SELECT id, database, name, place, ddl, event FROM aside WHERE id>? AND ddl>=? ORDER BY id LIMIT 1"},
  };
  for (const auto& [statement, text] : all) {
    SLUICE_ASSIGN(prepared, database.prepare(text));
    *statement = std::move(prepared);
  }
  return {};
}

Result<void> Aside::save(const AsideChanges& changes) {
  if (changes.empty()) return {};
  for (const AsideEvent& event : changes.added) {
    SLUICE_TRY(put_.bind(1, static_cast<int64_t>(event.id))
                   .bind(2, event.table.database)
                   .bind(3, event.table.table)
                   .bind(4, event.place)
                   .bind(5, int64_t{event.ddl})
                   .bind_blob(6, event.bytes)
                   .run());
  }
  for (uint64_t id : changes.released) SLUICE_TRY(remove_.bind(1, static_cast<int64_t>(id)).run());
  for (const CatalogueChange& change : changes.tables) {
    if (change.name.table.empty()) continue;  // character sets come with the events that need them
    SLUICE_TRY(remove_table_.bind(1, change.name.database).bind(2, change.name.table).run());
    if (!change.table) continue;
    std::string shape = pack(*change.table);
    SLUICE_TRY(
        put_table_.bind(1, change.table->database).bind(2, change.table->name).bind_blob(3, shape).run());
  }
  SLUICE_TRY(clear_whole_.run());
  return set_whole_.bind(1, static_cast<int64_t>(changes.whole)).run();
}

Result<void> Aside::forget_open() { return forget_open_.run(); }

Result<void> Aside::load(Catalogue& told) {
  for (;;) {
    SLUICE_ASSIGN(more, shapes_.step());
    if (!more) break;
    auto table = unpack(shapes_.text(2));
    if (!table) {
      auto attempt =
          fmt::format("cannot read table {}.{} from {}", shapes_.text(0), shapes_.text(1), database_->path());
      shapes_.reset();
      return while_doing(attempt, std::move(table).error());
    }
    told.put(freeze(std::move(*table)));
  }
  shapes_.reset();
  told.take_changes();
  return {};
}

Result<uint64_t> Aside::whole() {
  SLUICE_TRY(whole_.step());
  auto id = static_cast<uint64_t>(whole_.integer(0));
  whole_.reset();
  return id;
}

Result<std::vector<AsideTable>> Aside::tables() {
  std::vector<AsideTable> tables;
  for (;;) {
    SLUICE_ASSIGN(more, count_.step());
    if (!more) break;
    // SQLite's own rule: the bare column comes from the row that has the minimum.
    tables.push_back({{std::string(count_.text(0)), std::string(count_.text(1))},
                      std::string(count_.text(3)),
                      static_cast<uint64_t>(count_.integer(4)),
                      static_cast<uint64_t>(count_.integer(5))});
  }
  count_.reset();
  return tables;
}

Result<AsideEvent> Aside::next(uint64_t id, bool ddl_only) {
  SLUICE_ASSIGN(more, next_.bind(1, static_cast<int64_t>(id)).bind(2, int64_t{ddl_only}).step());
  AsideEvent event;
  if (more) {
    event.id = static_cast<uint64_t>(next_.integer(0));
    event.table = {std::string(next_.text(1)), std::string(next_.text(2))};
    event.place = next_.text(3);
    event.ddl = next_.integer(4) != 0;
    event.bytes = next_.text(5);
  }
  next_.reset();
  return event;
}

}  // namespace sluice::sqlite
