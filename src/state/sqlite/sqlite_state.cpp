#include "state/sqlite/sqlite_state.h"

#include <filesystem>
#include <mutex>

#include "client/sqlite/database.h"
#include "state/sqlite/aside.h"
#include "state/sqlite/folder_lock.h"
#include "state/sqlite/history.h"
#include "state/sqlite/park.h"

namespace sluice {
namespace {

using sqlite::Database;
using sqlite::Statement;

constexpr int kVersion = 4;

constexpr const char* kTables = R"(
CREATE TABLE IF NOT EXISTS facts(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
-- lane '': where the source goes on, and what the catalogue below belongs to
CREATE TABLE IF NOT EXISTS positions(
  lane TEXT PRIMARY KEY, file TEXT NOT NULL, offset INTEGER NOT NULL, gtids TEXT NOT NULL,
  server_uuid TEXT NOT NULL, flavor INTEGER NOT NULL, timestamp INTEGER NOT NULL, note TEXT NOT NULL
) WITHOUT ROWID;
)";

// Form 1 kept the tables as of the source's place alone.
constexpr const char* kFromForm1 = R"(
INSERT INTO places SELECT 1, file, offset, gtids, server_uuid, timestamp FROM positions WHERE lane='';
INSERT INTO versions SELECT database, name, 1, NULL, shape FROM tables;
INSERT INTO charsets SELECT name, 1, NULL, charset FROM databases;
DROP TABLE tables;
DROP TABLE databases;
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
constexpr std::string_view kReadPosition =
    "SELECT file, offset, gtids, server_uuid, flavor, timestamp, note FROM positions WHERE lane=?";

struct Statements {
  Statement begin, commit, hard, soft, save_position, read_position, names, forget, read_fact, write_fact;
};

Result<std::optional<LaneCheckpoint>> read_position(Statement& row, std::string_view lane,
                                                    const std::string& path) {
  SLUICE_ASSIGN(found, row.bind(1, lane).step());
  std::optional<LaneCheckpoint> checkpoint;
  if (found) {
    auto gtids = GtidSet::parse(row.text(2));
    if (!gtids) {
      row.reset();
      return while_doing("cannot read the saved position in " + path, gtids.error());
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

class SqliteState : public State, public AsideStore, public ParkStore {
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
  AsideStore* aside() override { return this; }
  ParkStore* park() override { return this; }
  Result<std::optional<std::string>> value(std::string_view key) override;
  Result<void> set_value(std::string_view key, std::string_view value) override;

  Result<void> load_aside(Catalogue& told) override;
  Result<uint64_t> whole() override;
  Result<std::vector<AsideTable>> tables() override;
  Result<AsideEvent> next(uint64_t id, bool ddl_only) override;

  Result<void> each_parked(std::string_view lane,
                           const std::function<void(const ParkedMessage&)>& visit) override;
  Result<std::optional<ParkedMessage>> find_parked(uint64_t id) override;
  Result<uint64_t> ask_parked(std::string_view lane, const std::vector<uint64_t>& ids) override;
  Result<uint64_t> drop_parked(std::string_view lane, const std::vector<uint64_t>& ids) override;

 private:
  Result<std::optional<LaneCheckpoint>> read(std::string_view lane);
  Result<void> forget_behind(const Position& resume);
  Result<void> save_all(const Checkpoint& checkpoint);
  Result<void> save_position(std::string_view lane, const Position& position, std::string_view note);

  sqlite::FolderLock lock_;
  std::mutex mutex_;  // guards everything below
  std::unique_ptr<Database> database_;
  Statements sql_;
  sqlite::History history_;
  sqlite::Aside aside_;
  sqlite::Park park_;
};

Result<void> check_version(Database& database) {
  SLUICE_ASSIGN(get, database.prepare("PRAGMA user_version"));
  SLUICE_TRY(get.step());
  int64_t version = get.integer(0);
  get.reset();
  if (version > kVersion) {
    return fatal(
        "{} was written by a newer version of this program (form {}, this one knows {}): run that version, "
        "or name another state folder",
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
  std::string sql =
      fmt::format("BEGIN;{}{}{}{}{}PRAGMA user_version={};COMMIT;", kTables, sqlite::History::kTables,
                  sqlite::Aside::kTables, sqlite::Park::kTables, version == 1 ? kFromForm1 : "", kVersion);
  return database.run(sql.c_str());
}

Result<void> SqliteState::prepare() {
  SLUICE_TRY(database_->run(kSettings));
  SLUICE_TRY(check_version(*database_));
  const std::pair<Statement*, std::string_view> all[] = {
      {&sql_.begin, "BEGIN IMMEDIATE"},
      {&sql_.commit, "COMMIT"},
      {&sql_.hard, "PRAGMA synchronous=FULL"},
      {&sql_.soft, "PRAGMA synchronous=NORMAL"},
      {&sql_.save_position, "INSERT OR REPLACE INTO positions VALUES(?,?,?,?,?,?,?,?)"},
      {&sql_.read_position, kReadPosition},
      {&sql_.names, "SELECT lane FROM positions WHERE lane<>'' ORDER BY lane"},
      {&sql_.forget, "DELETE FROM positions WHERE lane=?"},
      {&sql_.read_fact, "SELECT value FROM facts WHERE name=?"},
      {&sql_.write_fact, "INSERT OR REPLACE INTO facts VALUES(?,?)"},
  };
  for (const auto& [statement, text] : all) {
    SLUICE_ASSIGN(prepared, database_->prepare(text));
    *statement = std::move(prepared);
  }
  SLUICE_TRY(history_.prepare(*database_));
  SLUICE_TRY(aside_.prepare(*database_));
  return park_.prepare(*database_);
}

Result<std::optional<LaneCheckpoint>> SqliteState::read(std::string_view lane) {
  std::lock_guard lock(mutex_);
  return read_position(sql_.read_position, lane, database_->path());
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

Result<void> SqliteState::forget_behind(const Position& resume) {
  SLUICE_TRY(sql_.begin.run());
  SLUICE_TRY(history_.forget_behind(resume));
  return sql_.commit.run();
}

Result<void> SqliteState::load(Catalogue& catalogue) {
  SLUICE_ASSIGN(resume, read(kSource));
  if (!resume) return {};
  std::lock_guard lock(mutex_);
  auto forgotten = forget_behind(resume->position);
  if (!forgotten) {
    database_->roll_back();
    return forgotten;
  }
  SLUICE_TRY(history_.load(resume->position, catalogue));
  return {};
}

Result<void> SqliteState::save(const Checkpoint& checkpoint) {
  std::lock_guard lock(mutex_);
  // A target that keeps the position itself may be further than a state that lost its last commits: what was
  // parked must not be among them.
  bool hard = checkpoint.hard || (checkpoint.park && !checkpoint.park->added.empty());
  if (hard) SLUICE_TRY(sql_.hard.run());
  auto saved = save_all(checkpoint);
  if (!saved) database_->roll_back();
  if (hard) SLUICE_TRY(sql_.soft.run());
  return saved;
}

Result<void> SqliteState::save_all(const Checkpoint& checkpoint) {
  SLUICE_TRY(sql_.begin.run());
  if (checkpoint.position) {
    SLUICE_TRY(save_position(checkpoint.lane, *checkpoint.position, checkpoint.note));
  }
  if (checkpoint.resume) {
    SLUICE_TRY(save_position(kSource, *checkpoint.resume, ""));
    SLUICE_TRY(history_.save(checkpoint.catalogue, *checkpoint.resume));
    if (checkpoint.aside) SLUICE_TRY(aside_.save(*checkpoint.aside));
  }
  if (checkpoint.park) SLUICE_TRY(park_.save(*checkpoint.park));
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

Result<void> SqliteState::load_aside(Catalogue& told) {
  std::lock_guard lock(mutex_);
  SLUICE_TRY(aside_.forget_open());
  return aside_.load(told);
}

Result<uint64_t> SqliteState::whole() {
  std::lock_guard lock(mutex_);
  return aside_.whole();
}

Result<std::vector<AsideTable>> SqliteState::tables() {
  std::lock_guard lock(mutex_);
  return aside_.tables();
}

Result<AsideEvent> SqliteState::next(uint64_t id, bool ddl_only) {
  std::lock_guard lock(mutex_);
  return aside_.next(id, ddl_only);
}

Result<void> SqliteState::each_parked(std::string_view lane,
                                      const std::function<void(const ParkedMessage&)>& visit) {
  std::lock_guard lock(mutex_);
  return park_.each(lane, visit);
}

Result<std::optional<ParkedMessage>> SqliteState::find_parked(uint64_t id) {
  std::lock_guard lock(mutex_);
  return park_.find(id);
}

Result<uint64_t> SqliteState::ask_parked(std::string_view lane, const std::vector<uint64_t>& ids) {
  std::lock_guard lock(mutex_);
  return park_.ask(lane, ids);
}

Result<uint64_t> SqliteState::drop_parked(std::string_view lane, const std::vector<uint64_t>& ids) {
  std::lock_guard lock(mutex_);
  return park_.drop(lane, ids);
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

// For a look at what may be running.
Result<std::unique_ptr<Database>> open_saved(const std::string& folder) {
  const std::string path = folder + "/state.db";
  if (!std::filesystem::exists(path)) return usage("{} holds no state: there is no {}", folder, path);
  SLUICE_ASSIGN(database, Database::open_to_read(path));
  SLUICE_ASSIGN(version, database->prepare("PRAGMA user_version"));
  SLUICE_TRY(version.step());
  if (int64_t form = version.integer(0); form != kVersion) {
    return fatal(
        "{} has form {}, this program reads form {}: start its pipeline once, or use its own version", path,
        form, kVersion);
  }
  return database;
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

Result<SavedCatalogue> read_sqlite_catalogue(const std::string& folder, const Position* at,
                                             Catalogue& catalogue) {
  SLUICE_ASSIGN(database, open_saved(folder));
  // One moment of it, should the pipeline be writing.
  SLUICE_TRY(database->run("BEGIN"));
  SLUICE_ASSIGN(read, database->prepare(kReadPosition));
  SLUICE_ASSIGN(resume, read_position(read, kSource, database->path()));
  if (!resume) return usage("{} holds no tables yet: its pipeline has not read anything", folder);
  SavedCatalogue saved{resume->position, resume->position, {}, {}};
  if (at) {
    saved.at = *at;
    saved.at.server_uuid = resume->position.server_uuid;
  }
  sqlite::History history;
  SLUICE_TRY(history.prepare(*database));
  SLUICE_ASSIGN(since, history.load(saved.at, catalogue));
  saved.since = std::move(since);
  SLUICE_ASSIGN(first, history.first());
  saved.first = std::move(first);
  return saved;
}

Result<void> copy_sqlite_history(const std::string& from, const std::string& to) {
  SLUICE_ASSIGN(database, Database::open(to + "/state.db"));
  SLUICE_ASSIGN(attach, database->prepare("ATTACH ? AS other"));
  const std::string path = from + "/state.db";
  SLUICE_TRY(attach.bind(1, path).run());
  return database->run(
      "BEGIN; INSERT INTO places SELECT * FROM other.places; INSERT INTO versions SELECT * FROM "
      "other.versions; "
      "INSERT INTO charsets SELECT * FROM other.charsets; COMMIT;");
}

Result<void> read_sqlite_park(const std::string& folder, std::string_view lane,
                              const std::function<void(const ParkedMessage&)>& visit) {
  SLUICE_ASSIGN(database, open_saved(folder));
  sqlite::Park park;
  SLUICE_TRY(park.prepare(*database));
  return park.each(lane, visit);
}

Result<std::optional<ParkedMessage>> read_sqlite_parked(const std::string& folder, uint64_t id) {
  SLUICE_ASSIGN(database, open_saved(folder));
  sqlite::Park park;
  SLUICE_TRY(park.prepare(*database));
  return park.find(id);
}

}  // namespace sluice
