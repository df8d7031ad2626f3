#include "state/sqlite/sqlite_state.h"

#include <filesystem>
#include <mutex>

#include "state/sqlite/database.h"
#include "state/sqlite/folder_lock.h"
#include "state/sqlite/shape.h"

namespace sluice {
namespace {

using sqlite::Database;
using sqlite::Statement;

constexpr int kVersion = 1;

constexpr const char* kTables = R"(
CREATE TABLE IF NOT EXISTS facts(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
-- lane '': where the source goes on, and what the catalogue below belongs to
CREATE TABLE IF NOT EXISTS positions(
  lane TEXT PRIMARY KEY, file TEXT NOT NULL, offset INTEGER NOT NULL, gtids TEXT NOT NULL,
  server_uuid TEXT NOT NULL, flavor INTEGER NOT NULL, timestamp INTEGER NOT NULL, note TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tables(
  database TEXT NOT NULL, name TEXT NOT NULL, shape BLOB NOT NULL, PRIMARY KEY(database, name)
) WITHOUT ROWID;
-- '': the server's own
CREATE TABLE IF NOT EXISTS databases(name TEXT PRIMARY KEY, charset TEXT NOT NULL) WITHOUT ROWID;
)";

// With a write-ahead log and NORMAL, a commit is one write without fsync. A process that is killed loses
// nothing; a machine that loses its power may lose the last commits, never their order. Then an older
// position is found, whose changes are all safe at their targets: they are repeated, none is lost.
constexpr const char* kSettings = R"(
PRAGMA journal_mode=WAL;
PRAGMA synchronous=NORMAL;
PRAGMA secure_delete=OFF;
PRAGMA journal_size_limit=4194304;
)";

constexpr std::string_view kSource = "";

struct Statements {
  Statement begin, commit, save_position, read_position, names, forget, put_table, drop_table, tables,
      put_database, drop_database, databases, read_fact, write_fact;
};

class SqliteState : public State {
 public:
  SqliteState(sqlite::FolderLock lock, std::unique_ptr<Database> database)
      : lock_(std::move(lock)), database_(std::move(database)) {}

  Result<void> prepare();

  Result<std::optional<Position>> resume() override;
  Result<std::optional<LaneCheckpoint>> lane(std::string_view name) override;
  Result<std::vector<std::string>> lanes() override;
  Result<void> forget(std::string_view lane) override;
  Result<void> load(Catalogue& catalogue) override;
  Result<void> save(const Checkpoint& checkpoint) override;
  Result<std::optional<std::string>> value(std::string_view key) override;
  Result<void> set_value(std::string_view key, std::string_view value) override;

 private:
  Result<std::optional<LaneCheckpoint>> read(std::string_view lane);
  Result<void> save_all(const Checkpoint& checkpoint);
  Result<void> save_position(std::string_view lane, const Position& position, std::string_view note);
  Result<void> save_table(const CatalogueChange& change);
  Result<void> save_database(const CatalogueChange& change);

  sqlite::FolderLock lock_;
  std::mutex mutex_;  // guards everything below
  std::unique_ptr<Database> database_;
  Statements sql_;
};

Result<void> check_version(Database& database) {
  SLUICE_ASSIGN(get, database.prepare("PRAGMA user_version"));
  SLUICE_TRY(get.step());
  int64_t version = get.integer(0);
  get.reset();
  if (version > kVersion) {
    return fatal(
        "{} was written by a newer version of this program (form {}, this one knows {}): run that version, "
        "or "
        "name another state folder",
        database.path(), version, kVersion);
  }
  if (version == kVersion) {
    SLUICE_ASSIGN(look, database.prepare("PRAGMA quick_check(1)"));
    SLUICE_TRY(look.step());
    if (look.text(0) == "ok") return {};
    return fatal(
        "{} is damaged ({}): put a copy from a backup in its place, or remove it and begin anew from a "
        "position "
        "that you name",
        database.path(), look.text(0));
  }
  return database.run(
      ("BEGIN;" + std::string(kTables) + "PRAGMA user_version=" + std::to_string(kVersion) + ";COMMIT;")
          .c_str());
}

Result<void> SqliteState::prepare() {
  SLUICE_TRY(database_->run(kSettings));
  SLUICE_TRY(check_version(*database_));
  const std::pair<Statement*, std::string_view> all[] = {
      {&sql_.begin, "BEGIN IMMEDIATE"},
      {&sql_.commit, "COMMIT"},
      {&sql_.save_position, "INSERT OR REPLACE INTO positions VALUES(?,?,?,?,?,?,?,?)"},
      {&sql_.read_position,
       "SELECT file, offset, gtids, server_uuid, flavor, timestamp, note FROM positions WHERE lane=?"},
      {&sql_.names, "SELECT lane FROM positions WHERE lane<>'' ORDER BY lane"},
      {&sql_.forget, "DELETE FROM positions WHERE lane=?"},
      {&sql_.put_table, "INSERT OR REPLACE INTO tables VALUES(?,?,?)"},
      {&sql_.drop_table, "DELETE FROM tables WHERE database=? AND name=?"},
      {&sql_.tables, "SELECT database, name, shape FROM tables"},
      {&sql_.put_database, "INSERT OR REPLACE INTO databases VALUES(?,?)"},
      {&sql_.drop_database, "DELETE FROM databases WHERE name=?"},
      {&sql_.databases, "SELECT name, charset FROM databases"},
      {&sql_.read_fact, "SELECT value FROM facts WHERE name=?"},
      {&sql_.write_fact, "INSERT OR REPLACE INTO facts VALUES(?,?)"},
  };
  for (const auto& [statement, text] : all) {
    SLUICE_ASSIGN(prepared, database_->prepare(text));
    *statement = std::move(prepared);
  }
  return {};
}

Result<std::optional<LaneCheckpoint>> SqliteState::read(std::string_view lane) {
  std::lock_guard lock(mutex_);
  Statement& row = sql_.read_position;
  SLUICE_ASSIGN(found, row.bind(1, lane).step());
  std::optional<LaneCheckpoint> checkpoint;
  if (found) {
    auto gtids = GtidSet::parse(row.text(2));
    if (!gtids) {
      row.reset();
      return while_doing("cannot read the saved position in " + database_->path(), gtids.error());
    }
    checkpoint.emplace();
    Position& position = checkpoint->position;
    position.file = row.text(0);
    position.offset = static_cast<uint64_t>(row.integer(1));
    position.gtids = std::move(*gtids);
    position.server_uuid = row.text(3);
    position.flavor = static_cast<Flavor>(row.integer(4));
    position.timestamp = static_cast<uint32_t>(row.integer(5));
    checkpoint->note = row.text(6);
  }
  row.reset();
  return checkpoint;
}

Result<std::optional<Position>> SqliteState::resume() {
  SLUICE_ASSIGN(found, read(kSource));
  if (!found) return std::nullopt;
  return std::move(found->position);
}

Result<std::optional<LaneCheckpoint>> SqliteState::lane(std::string_view name) { return read(name); }

Result<std::vector<std::string>> SqliteState::lanes() {
  std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  for (;;) {
    SLUICE_ASSIGN(more, sql_.names.step());
    if (!more) break;
    names.emplace_back(sql_.names.text(0));
  }
  sql_.names.reset();
  return names;
}

Result<void> SqliteState::forget(std::string_view lane) {
  std::lock_guard lock(mutex_);
  return sql_.forget.bind(1, lane).run();
}

Result<void> SqliteState::load(Catalogue& catalogue) {
  std::lock_guard lock(mutex_);
  for (;;) {
    SLUICE_ASSIGN(more, sql_.tables.step());
    if (!more) break;
    auto table = sqlite::unpack(sql_.tables.text(2));
    if (!table) {
      auto attempt = fmt::format("cannot read table {}.{} from {}", sql_.tables.text(0), sql_.tables.text(1),
                                 database_->path());
      sql_.tables.reset();
      return while_doing(attempt, std::move(table).error());
    }
    catalogue.put(freeze(std::move(*table)));
  }
  sql_.tables.reset();
  for (;;) {
    SLUICE_ASSIGN(more, sql_.databases.step());
    if (!more) break;
    catalogue.set_default_charset(sql_.databases.text(0), std::string(sql_.databases.text(1)));
  }
  sql_.databases.reset();
  catalogue.take_changes();
  return {};
}

Result<void> SqliteState::save(const Checkpoint& checkpoint) {
  std::lock_guard lock(mutex_);
  auto saved = save_all(checkpoint);
  if (!saved) database_->roll_back();
  return saved;
}

Result<void> SqliteState::save_all(const Checkpoint& checkpoint) {
  SLUICE_TRY(sql_.begin.run());
  if (checkpoint.position) {
    SLUICE_TRY(save_position(checkpoint.lane, *checkpoint.position, checkpoint.note));
  }
  if (checkpoint.resume) SLUICE_TRY(save_position(kSource, *checkpoint.resume, ""));
  for (const CatalogueChange& change : checkpoint.catalogue) {
    SLUICE_TRY(change.name.table.empty() ? save_database(change) : save_table(change));
  }
  return sql_.commit.run();
}

Result<void> SqliteState::save_position(std::string_view lane, const Position& position,
                                        std::string_view note) {
  std::string gtids = position.gtids.text();
  return sql_.save_position.bind(1, lane)
      .bind(2, position.file)
      .bind(3, static_cast<int64_t>(position.offset))
      .bind(4, gtids)
      .bind(5, position.server_uuid)
      .bind(6, static_cast<int64_t>(position.flavor))
      .bind(7, static_cast<int64_t>(position.timestamp))
      .bind(8, note)
      .run();
}

Result<void> SqliteState::save_table(const CatalogueChange& change) {
  if (!change.table) return sql_.drop_table.bind(1, change.name.database).bind(2, change.name.table).run();
  // A server that folds case may know the table by a name that was spelt otherwise before.
  if (change.table->database != change.name.database || change.table->name != change.name.table) {
    SLUICE_TRY(sql_.drop_table.bind(1, change.name.database).bind(2, change.name.table).run());
  }
  std::string shape = sqlite::pack(*change.table);
  return sql_.put_table.bind(1, change.table->database).bind(2, change.table->name).bind_blob(3, shape).run();
}

Result<void> SqliteState::save_database(const CatalogueChange& change) {
  if (change.default_charset.empty()) return sql_.drop_database.bind(1, change.name.database).run();
  return sql_.put_database.bind(1, change.name.database).bind(2, change.default_charset).run();
}

Result<std::optional<std::string>> SqliteState::value(std::string_view key) {
  std::lock_guard lock(mutex_);
  SLUICE_ASSIGN(found, sql_.read_fact.bind(1, key).step());
  std::optional<std::string> value;
  if (found) value = sql_.read_fact.text(0);
  sql_.read_fact.reset();
  return value;
}

Result<void> SqliteState::set_value(std::string_view key, std::string_view value) {
  std::lock_guard lock(mutex_);
  return sql_.write_fact.bind(1, key).bind(2, value).run();
}

}  // namespace

Result<std::unique_ptr<State>> open_sqlite_state(const std::string& folder) {
  if (folder.empty()) return usage("the state folder has no name");
  std::error_code reason;
  std::filesystem::create_directories(folder, reason);
  if (reason) return fatal("cannot create the state folder {}: {}", folder, reason.message());
  SLUICE_ASSIGN(lock, sqlite::FolderLock::take(folder));
  SLUICE_ASSIGN(database, Database::open(folder + "/state.db"));
  auto state = std::make_unique<SqliteState>(std::move(lock), std::move(database));
  SLUICE_TRY(state->prepare());
  return state;
}

}  // namespace sluice
