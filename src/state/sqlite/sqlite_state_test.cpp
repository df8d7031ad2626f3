#include "state/sqlite/sqlite_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "support/child.h"
#include "support/folder.h"

namespace sluice {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::unique_ptr<State> open(const std::string& folder) {
  auto state = open_sqlite_state(folder);
  EXPECT_TRUE(state) << state.error().what;
  return state ? std::move(*state) : nullptr;
}

std::string fault_of(const std::string& folder) {
  auto state = open_sqlite_state(folder);
  return state ? "no fault" : state.error().what;
}

Position position_at(uint64_t offset) {
  Position position;
  position.file = "bin.000042";
  position.offset = offset;
  position.gtids = GtidSet::parse("6c27ed6d-7ee1-11e3-be39-6c626d957cff:1-17:19").value();
  position.server_uuid = "6c27ed6d-7ee1-11e3-be39-6c626d957cff";
  position.flavor = Flavor::MySql;
  position.timestamp = 1768473000;
  return position;
}

CatalogueChange table_of(const std::string& name, size_t columns) {
  Table table;
  table.database = "shop";
  table.name = name;
  table.columns.resize(columns);
  return {{"shop", name}, freeze(std::move(table))};
}

void run_sql(const std::string& path, const char* sql) {
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &database), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(database, sql, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(database);
  sqlite3_close(database);
}

AsideEvent aside_event(uint64_t id, const std::string& table, bool ddl = false) {
  return {id, {"shop", table}, "bin.000042:" + std::to_string(id), ddl, std::string("\0event ", 7) + table};
}

std::string aside_ids(State& state, bool ddl_only = false) {
  std::string ids;
  for (uint64_t at = 0;;) {
    AsideEvent event = state.aside()->next(at, ddl_only).value();
    if (event.id == 0) return ids;
    at = event.id;
    EXPECT_EQ(event.bytes, std::string("\0event ", 7) + event.table.table);
    EXPECT_EQ(event.place, "bin.000042:" + std::to_string(at));
    ids += fmt::format("{}{} ", at, event.table.table);
  }
}

TEST(SqliteState, KeepsWhatIsSetAsideWithTheCheckpoint) {
  test::TemporaryFolder folder;
  Position place = position_at(100);
  auto state = open(folder.path());
  AsideChanges changes{
      .added = {aside_event(1, "t"), aside_event(2, "u", true), aside_event(3, "t"), aside_event(4, "t")},
      .whole = 3,
      .released = {},
      .tables = {table_of("t", 2), table_of("u", 3)}};
  ASSERT_TRUE(state->save({.lane = "", .resume = &place, .catalogue = {}, .aside = &changes}));
  EXPECT_EQ(state->aside()->whole().value(), 3u);
  EXPECT_EQ(aside_ids(*state), "1t 2u 3t 4t ");
  state.reset();
  // The fourth is of a transaction that is read again.
  state = open(folder.path());
  Catalogue told;
  ASSERT_TRUE(state->aside()->load_aside(told));
  EXPECT_EQ(aside_ids(*state), "1t 2u 3t ");
  EXPECT_EQ(aside_ids(*state, true), "2u ");
  EXPECT_EQ(told.size(), 2u);
  EXPECT_EQ(told.find("shop", "u")->columns.size(), 3u);
  std::vector<AsideTable> tables = state->aside()->tables().value();
  ASSERT_EQ(tables.size(), 2u);
  EXPECT_EQ(tables[0].events, 2u);
  EXPECT_EQ(tables[0].bytes, 16u);
  EXPECT_EQ(tables[0].since, "bin.000042:1");
  changes = {.added = {aside_event(4, "u")},
             .whole = 4,
             .released = {1, 3},
             .tables = {{.name = {"shop", "t"}, .table = nullptr}}};
  ASSERT_TRUE(state->save({.lane = "", .resume = &place, .catalogue = {}, .aside = &changes}));
  EXPECT_EQ(aside_ids(*state), "2u 4u ");
  Catalogue left;
  ASSERT_TRUE(state->aside()->load_aside(left));
  EXPECT_EQ(left.size(), 1u);
  // Ids go on though nothing is left.
  changes = {.added = {}, .whole = 4, .released = {2, 4}, .tables = {}};
  ASSERT_TRUE(state->save({.lane = "", .resume = &place, .catalogue = {}, .aside = &changes}));
  EXPECT_EQ(aside_ids(*state), "");
  EXPECT_EQ(state->aside()->whole().value(), 4u);
}

TEST(SqliteState, RemembersFromOneRunToTheNext) {
  test::TemporaryFolder folder;
  std::string path = folder / "deep/down";
  Position here = position_at(uint64_t{1} << 63);
  Position mariadb;
  mariadb.file = "m.1";
  mariadb.gtids = GtidSet::parse("0-1-5,7-2-18446744073709551615").value();
  mariadb.flavor = Flavor::MariaDb;
  {
    auto state = open(path);
    ASSERT_TRUE(state);
    EXPECT_EQ(state->resume().value(), std::nullopt);
    EXPECT_FALSE(state->lane("kafka").value());
    CatalogueChange changes[] = {table_of("a", 1), table_of("b", 2)};
    ASSERT_TRUE(state->save({"kafka", &here, "note\n1", &here, changes}));
    ASSERT_TRUE(state->save({.lane = "file", .position = &mariadb, .note = ""}));
    ASSERT_TRUE(state->set_value("server", "mine"));
  }
  auto state = open(path);
  ASSERT_TRUE(state);
  EXPECT_EQ(state->resume().value(), here);
  EXPECT_EQ(state->lane("kafka").value()->position, here);
  EXPECT_EQ(state->lane("kafka").value()->note, "note\n1");
  EXPECT_EQ(state->lane("file").value()->position, mariadb);
  EXPECT_THAT(state->lanes().value(), ElementsAre("file", "kafka"));
  EXPECT_EQ(state->value("server").value(), "mine");
  EXPECT_EQ(state->value("pipeline").value(), std::nullopt);
  Catalogue catalogue;
  ASSERT_TRUE(state->load(catalogue));
  EXPECT_EQ(catalogue.size(), 2u);
  EXPECT_EQ(catalogue.find("shop", "b")->columns.size(), 2u);
  EXPECT_TRUE(catalogue.take_changes().empty()) << "what was loaded need not be saved";
  ASSERT_TRUE(state->forget("file"));
  EXPECT_THAT(state->lanes().value(), ElementsAre("kafka"));
}

TEST(SqliteState, FollowsTheCatalogue) {
  test::TemporaryFolder folder;
  auto state = open(folder.path());
  Position here = position_at(4);
  auto save = [&](std::vector<CatalogueChange> changes) {
    return state->save({.lane = "x", .resume = &here, .catalogue = changes}).has_value();
  };
  ASSERT_TRUE(save({table_of("a", 1), table_of("b", 1), table_of("A", 3)}));
  ASSERT_TRUE(save({table_of("a", 2), {{"shop", "b"}, nullptr}, {{"shop", "never"}, nullptr}}));
  // A server that folds case: known by one name, spelt by another.
  CatalogueChange folded = table_of("a", 5);
  folded.name.table = "A";
  ASSERT_TRUE(save({folded}));
  ASSERT_TRUE(save(
      {{{"shop", ""}, nullptr, "latin1"}, {{"", ""}, nullptr, "utf8mb4"}, {{"x", ""}, nullptr, "ascii"}}));
  ASSERT_TRUE(save({{{"x", ""}, nullptr}}));
  Catalogue catalogue;
  ASSERT_TRUE(state->load(catalogue));
  EXPECT_EQ(catalogue.default_charset("shop"), "latin1");
  EXPECT_EQ(catalogue.default_charset("x"), "utf8mb4") << "dropped: the server's";
  EXPECT_EQ(catalogue.size(), 1u);
  EXPECT_EQ(catalogue.find("shop", "a")->columns.size(), 5u);
  EXPECT_FALSE(state->lane("x").value()) << "the lane's own position was not to be saved";
}

CatalogueChange since(CatalogueChange change, uint64_t offset) {
  change.since = std::make_shared<const Position>(position_at(offset));
  return change;
}

// `name:columns` of the tables as of this place.
std::vector<std::string> tables_at(const std::string& folder, const Position& at) {
  Catalogue catalogue;
  auto read = read_sqlite_catalogue(folder, &at, catalogue);
  if (!read) return {read.error().what};
  std::vector<std::string> found;
  catalogue.for_each([&](const TablePtr& table) {
    found.push_back(fmt::format("{}:{}", table->name, table->columns.size()));
  });
  std::sort(found.begin(), found.end());
  return found;
}

TEST(SqliteState, KnowsTheTablesOfEveryPlace) {
  test::TemporaryFolder folder;
  auto state = open(folder.path());
  Position first = position_at(100), second = position_at(900);
  second.timestamp += 100;
  CatalogueChange begin[] = {table_of("a", 1), table_of("b", 1)};
  ASSERT_TRUE(state->save({.lane = "x", .resume = &first, .catalogue = begin}));
  // A swap in one place, a drop, and one that comes again, all in one batch.
  CatalogueChange later[] = {since(table_of("a", 2), 200),   since({{"shop", "a"}, nullptr}, 300),
                             since(table_of("tmp", 2), 300), since({{"shop", "b"}, nullptr}, 300),
                             since(table_of("a", 1), 300),   since({{"shop", "tmp"}, nullptr}, 300),
                             since(table_of("b", 2), 300),   since({{"shop", "a"}, nullptr}, 400),
                             since(table_of("a", 7), 500),   since({{"shop", ""}, nullptr, "latin1"}, 500)};
  ASSERT_TRUE(state->save({.lane = "x", .resume = &second, .catalogue = later}));
  const std::vector<std::pair<uint64_t, std::vector<std::string>>> expected = {{99, {}},
                                                                               {100, {"a:1", "b:1"}},
                                                                               {199, {"a:1", "b:1"}},
                                                                               {200, {"a:2", "b:1"}},
                                                                               {300, {"a:1", "b:2"}},
                                                                               {450, {"b:2"}},
                                                                               {500, {"a:7", "b:2"}},
                                                                               {5000, {"a:7", "b:2"}}};
  for (const auto& [offset, tables] : expected) {
    EXPECT_EQ(tables_at(folder.path(), position_at(offset)), tables) << "at " << offset;
  }
  Position by_time;
  by_time.timestamp = second.timestamp;
  EXPECT_THAT(tables_at(folder.path(), by_time), ElementsAre("a:7", "b:2"));
  by_time.timestamp = first.timestamp - 1;
  EXPECT_THAT(tables_at(folder.path(), by_time), ElementsAre());
  Position nowhere = position_at(4);
  nowhere.file = "bin.000041";
  EXPECT_THAT(tables_at(folder.path(), nowhere), ElementsAre());
}

// Whoever puts an older position back gets the tables of that time, and what is read again makes the later
// versions anew.
TEST(SqliteState, PutBackToAnOlderPlaceItHasTheTablesOfThatTime) {
  test::TemporaryFolder folder;
  Position first = position_at(100), second = position_at(900);
  {
    auto state = open(folder.path());
    CatalogueChange begin[] = {table_of("a", 1)};
    ASSERT_TRUE(state->save({.lane = "x", .resume = &first, .catalogue = begin}));
    CatalogueChange later[] = {since(table_of("a", 2), 200), since(table_of("c", 9), 300)};
    ASSERT_TRUE(state->save({.lane = "x", .resume = &second, .catalogue = later}));
  }
  run_sql(folder / "state.db", "UPDATE positions SET offset=250");
  auto state = open(folder.path());
  Catalogue catalogue;
  ASSERT_TRUE(state->load(catalogue));
  EXPECT_EQ(catalogue.size(), 1u);
  EXPECT_EQ(catalogue.find("shop", "a")->columns.size(), 2u);
  EXPECT_THAT(tables_at(folder.path(), second), ElementsAre("a:2")) << "what lies behind is forgotten";
  CatalogueChange again[] = {since(table_of("c", 8), 300)};
  ASSERT_TRUE(state->save({.lane = "x", .resume = &second, .catalogue = again}));
  EXPECT_THAT(tables_at(folder.path(), second), ElementsAre("a:2", "c:8"));
  EXPECT_THAT(tables_at(folder.path(), position_at(299)), ElementsAre("a:2"));
}

TEST(SqliteState, OnAnotherServerThePlacesOfTablesAreToldByGtids) {
  test::TemporaryFolder folder;
  auto state = open(folder.path());
  Position first = position_at(100);
  CatalogueChange begin[] = {table_of("a", 1)};
  ASSERT_TRUE(state->save({.lane = "x", .resume = &first, .catalogue = begin}));
  Position elsewhere = position_at(7);
  elsewhere.file = "other.000001";
  elsewhere.server_uuid = "another";
  elsewhere.gtids = GtidSet::parse("6c27ed6d-7ee1-11e3-be39-6c626d957cff:1-20").value();
  CatalogueChange later[] = {table_of("a", 2)};
  ASSERT_TRUE(state->save({.lane = "x", .resume = &elsewhere, .catalogue = later}));
  Catalogue catalogue;
  ASSERT_TRUE(state->load(catalogue));
  EXPECT_EQ(catalogue.find("shop", "a")->columns.size(), 2u);
  Position at;
  at.gtids = first.gtids;
  EXPECT_THAT(tables_at(folder.path(), at), ElementsAre("a:1"));
}

TEST(SqliteState, KeepsABoundedNumberOfOldVersions) {
  test::TemporaryFolder folder;
  auto state = open(folder.path());
  Position here = position_at(1'000'000);
  std::vector<CatalogueChange> changes = {since(table_of("still", 1), 1)};
  for (uint64_t i = 0; i < 10'100; ++i) changes.push_back(since(table_of("a", 1 + i % 2), 10 + i));
  ASSERT_TRUE(state->save({.lane = "x", .resume = &here, .catalogue = changes}));
  EXPECT_THAT(tables_at(folder.path(), position_at(50)), ElementsAre("still:1"))
      << "a version that is no longer kept must not be taken for another one";
  EXPECT_THAT(tables_at(folder.path(), position_at(10 + 5000)), ElementsAre("a:1", "still:1"));
  EXPECT_THAT(tables_at(folder.path(), here), ElementsAre("a:2", "still:1"));
}

TEST(SqliteState, OfTheFormBeforeIsTakenOver) {
  test::TemporaryFolder folder;
  Position here = position_at(100);
  {
    auto state = open(folder.path());
    CatalogueChange begin[] = {table_of("a", 3), {{"shop", ""}, nullptr, "latin1"}};
    ASSERT_TRUE(state->save({.lane = "x", .resume = &here, .catalogue = begin}));
  }
  run_sql(folder / "state.db",
          "CREATE TABLE tables AS SELECT database, name, shape FROM versions;"
          "CREATE TABLE databases AS SELECT name, charset FROM charsets;"
          "DROP TABLE versions; DROP TABLE charsets; DROP TABLE places; PRAGMA user_version=1");
  auto state = open(folder.path());
  Catalogue catalogue;
  ASSERT_TRUE(state->load(catalogue));
  EXPECT_EQ(catalogue.find("shop", "a")->columns.size(), 3u);
  EXPECT_EQ(catalogue.default_charset("shop"), "latin1");
  EXPECT_THAT(tables_at(folder.path(), here), ElementsAre("a:3"));
}

TEST(SqliteState, BelongsToOneProcessAndNamesIt) {
  test::TemporaryFolder folder;
  auto state = open(folder.path());
  EXPECT_THAT(fault_of(folder.path()), HasSubstr(fmt::format("in use by process {}", getpid())));
  state.reset();
  EXPECT_TRUE(open(folder.path()));
}

TEST(SqliteState, IsFreeAgainWhenItsProcessWasKilled) {
  test::TemporaryFolder folder;
  Position here = position_at(4);
  std::string end = test::in_child([&] {
    auto state = open_sqlite_state(folder.path());
    if (!state || !(*state)->save({"lane", &here, "n", &here, {}})) return "failed";
    kill(getpid(), SIGKILL);
    return "lived";
  });
  ASSERT_EQ(end, "killed by signal 9");
  auto state = open(folder.path());
  ASSERT_TRUE(state);
  EXPECT_EQ(state->lane("lane").value()->position, here);
}

TEST(SqliteState, OfANewerVersionIsRefused) {
  test::TemporaryFolder folder;
  open(folder.path());
  run_sql(folder / "state.db", "PRAGMA user_version=5");
  EXPECT_THAT(fault_of(folder.path()),
              HasSubstr("written by a newer version of this program (form 5, this one "
                        "knows 4)"));
}

TEST(SqliteState, ThatIsDamagedIsRefused) {
  test::TemporaryFolder no_database;
  test::write_file(no_database / "state.db", std::string(5000, 'x'));
  EXPECT_THAT(fault_of(no_database.path()), HasSubstr("is damaged"));

  test::TemporaryFolder torn;
  {
    auto state = open(torn.path());
    Position here = position_at(4);
    for (int i = 0; i < 200; ++i) {
      CatalogueChange change[] = {table_of(fmt::format("t{}", i), 30)};
      ASSERT_TRUE(state->save({"lane", &here, "", &here, change}));
    }
  }
  std::string bytes = test::read_file(torn / "state.db");
  ASSERT_GT(bytes.size(), 40'000u);
  std::fill(bytes.begin() + 8192, bytes.end() - 8192, '\x5a');
  test::write_file(torn / "state.db", bytes);
  EXPECT_THAT(fault_of(torn.path()), HasSubstr("is damaged"));
}

TEST(SqliteState, InAFolderThatCannotBeWrittenIsRefused) {
  test::TemporaryFolder folder;
  ASSERT_EQ(chmod(folder.path().c_str(), 0555), 0);
  std::string fault = test::in_child([&] {
    test::become_nobody();
    return fault_of(folder.path());
  });
  EXPECT_THAT(fault, HasSubstr("cannot write in the state folder " + folder.path() + ": Permission denied"));
  test::write_file(folder / "plain", "x");
  EXPECT_THAT(fault_of(folder / "plain"),
              HasSubstr("cannot create the state folder " + (folder / "plain") + ": Not a directory"));
  EXPECT_THAT(fault_of(""), HasSubstr("has no name"));
}

TEST(SqliteState, OnAFullDiskCanBeTriedAgain) {
  test::TemporaryFolder folder;
  std::string told = test::in_child([&]() -> std::string {
    test::mount_small_disk(folder.path(), 256 * 1024);
    auto state = open_sqlite_state(folder.path()).value();
    Position first = position_at(4), second = position_at(5);
    std::string ballast = folder / "ballast";
    if (!state->save({"lane", &first, "first", &first, {}})) return "the first save failed";
    test::write_file(ballast, std::string(1 << 20, 'x'));  // as much as fits
    std::string note(100'000, 'n');
    auto full = state->save({"lane", &second, note, &second, {}});
    if (full || full.error().fault != Fault::Retryable) return "the full disk was not noticed";
    if (state->lane("lane").value()->note != "first") return "a failed save left something behind";
    unlink(ballast.c_str());
    if (auto again = state->save({"lane", &second, note, &second, {}}); !again) return again.error().what;
    if (state->lane("lane").value()->position != second) return "the second save was lost";
    return full.error().what;
  });
  EXPECT_THAT(told, HasSubstr("state.db: the disk is full; make room there"));
}

TEST(SqliteState, OnADiskWithoutRoomIsRefusedUntilThereIs) {
  for (bool begun : {false, true}) {
    test::TemporaryFolder folder;
    std::string told = test::in_child([&]() -> std::string {
      test::mount_small_disk(folder.path(), 256 * 1024);
      if (begun) open_sqlite_state(folder.path()).value();
      std::string ballast = folder / "ballast";
      test::write_file(ballast, std::string(1 << 20, 'x'));  // as much as fits
      auto state = open_sqlite_state(folder.path());
      if (state) return "the full disk was not noticed";
      unlink(ballast.c_str());
      if (auto again = open_sqlite_state(folder.path()); !again) return again.error().what;
      return state.error().what;
    });
    EXPECT_THAT(told, HasSubstr("state.db: the disk is full; make room there")) << "begun before: " << begun;
  }
}

}  // namespace
}  // namespace sluice
