#include "wire/mysql/ddl.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "support/describe_table.h"

namespace sluice::mysql {
namespace {

// One case of test/cases/ddl/*.txt:
//
//   == title
//   mariadb 101106 sql_mode=4 charset=latin1 database=shop       what differs from kDefaults; may be left out
//   statements, each ended by a semicolon at the end of a line
//   --
//   the catalogue afterwards, as describe() spells it; `! why` for each statement that is not understood
struct Case {
  std::string where, title, settings, expected;
  std::vector<std::string> statements;
};

void read_cases(const std::filesystem::path& path, std::vector<Case>& cases) {
  std::ifstream file(path);
  std::string line, statement;
  bool expected = false;
  for (int number = 1; std::getline(file, line); ++number) {
    if (line.starts_with("== ")) {
      cases.push_back({path.filename().string() + ":" + std::to_string(number), line.substr(3), {}, {}, {}});
      expected = false;
    } else if (cases.empty() || (statement.empty() && line.starts_with("#"))) {
      continue;
    } else if (!expected && (line.starts_with("mysql ") || line.starts_with("mariadb "))) {
      cases.back().settings = line;
    } else if (line == "--") {
      expected = true;
    } else if (expected) {
      if (!line.empty()) cases.back().expected += line + "\n";
    } else if (!line.empty() || !statement.empty()) {
      statement += statement.empty() ? line : "\n" + line;
      if (!line.ends_with(";")) continue;
      statement.pop_back();
      cases.back().statements.push_back(std::move(statement));
      statement.clear();
    }
  }
}

std::vector<Case> all_cases() {
  std::vector<Case> cases;
  for (const auto& entry : std::filesystem::directory_iterator(SLUICE_TEST_DIR "/cases/ddl")) {
    if (entry.path().extension() == ".txt") read_cases(entry.path(), cases);
  }
  return cases;
}

std::string run(const Case& test, Catalogue& catalogue) {
  DdlContext context{.database = "shop", .flavor = Flavor::MySql, .version = 90704};
  std::istringstream words(test.settings);
  std::string flavor, word;
  if (words >> flavor >> context.version)
    context.flavor = flavor == "mysql" ? Flavor::MySql : Flavor::MariaDb;
  std::map<std::string, std::string> settings{{"charset", "utf8mb4"}, {"database", "shop"}};
  while (words >> word) settings[word.substr(0, word.find('='))] = word.substr(word.find('=') + 1);
  context.database = settings["database"];
  context.server_charset = settings["charset"];
  if (settings.contains("sql_mode")) context.sql_mode = std::stoull(settings["sql_mode"]);
  context.explicit_timestamp = settings["timestamp"] != "implicit";
  catalogue.set_default_charset("", settings["charset"]);
  std::string faults;
  for (const std::string& statement : test.statements) {
    DdlOutcome outcome = apply_ddl(statement, context, catalogue);
    if (!outcome.understood) faults += "! " + outcome.why + "\n";
  }
  return test::describe(catalogue) + faults;
}

class DdlCases : public testing::TestWithParam<Case> {};

TEST_P(DdlCases, LeaveTheCatalogueAsTheServerHasIt) {
  const Case& test = GetParam();
  ASSERT_FALSE(test.statements.empty()) << test.where;
  std::string statements;
  for (const std::string& statement : test.statements) statements += statement + ";\n";
  Catalogue catalogue;
  EXPECT_EQ(run(test, catalogue), test.expected) << test.where << ": " << test.title << "\n" << statements;
}

TEST_P(DdlCases, AreReadBackFromWhatTheCatalogueShows) {
  Catalogue catalogue;
  run(GetParam(), catalogue);
  EXPECT_EQ(test::described_again(catalogue), test::described_visible(catalogue)) << GetParam().where;
}

void PrintTo(const Case& test, std::ostream* out) { *out << test.where << " " << test.title; }

std::string repeated(std::string_view item, size_t count) {
  std::string text;
  for (size_t i = 0; i < count; ++i) text += item;
  return text;
}

// Every loop over a statement has a bound besides its length.
TEST(DdlJudge, IsToldWhichColumnEachWasBeforeAnythingIsDone) {
  constexpr uint32_t kNew = UINT32_MAX;
  const std::pair<std::string_view, std::vector<uint32_t>> cases[] = {
      {"alter table t rename column b to x", {0, 1, 2}},
      {"alter table t rename column a to b, rename column b to a, rename to u", {0, 1, 2}},
      {"alter table t change b x int first, drop c, add d int after a", {1, 0, kNew}},
      {"alter table t modify a int after c", {1, 2, 0}},
      {"alter table t drop b, add b int", {0, 2, kNew}},
      {"create table v (a int)", {}},
  };
  for (const auto& [statement, expected] : cases) {
    Catalogue catalogue;
    DdlContext context{.database = "shop", .flavor = Flavor::MySql, .version = 90704};
    apply_ddl("create table t (a int, b int, c int)", context, catalogue);
    std::string before = test::describe(catalogue);
    std::vector<uint32_t> told;
    context.judge = [&](const Table& old, const Table& made,
                        std::span<const uint32_t> origins) -> Result<void> {
      EXPECT_EQ(old.name, "t");
      EXPECT_EQ(made.columns.size(), origins.size());
      told.assign(origins.begin(), origins.end());
      return fatal("no");
    };
    DdlOutcome outcome = apply_ddl(statement, context, catalogue);
    EXPECT_EQ(told, expected) << statement;
    EXPECT_EQ(outcome.refused.has_value(), !expected.empty()) << statement;
    if (outcome.refused) { EXPECT_EQ(test::describe(catalogue), before) << statement; }
  }
}

TEST(DdlBounds, AreSaid) {
  struct Bound {
    std::string sql;
    const char* why;
  };
  std::string columns;
  for (int i = 0; i < 4096; ++i) columns += fmt::format("c{} int,", i);
  std::string full = columns.substr(0, columns.size() - 1);
  for (const Bound& bound : std::vector<Bound>{
           {"create table x (" + full + ")", ""},
           {"create table y (" + full + ", z int)", "more than 4096 columns"},
           {"alter table x add z int", "more than 4096 columns"},
           {"create table y (a int" + repeated(", key (a)", 20'000) + ")",
            "more than 16384 columns and keys"},
           {"alter table t force" + repeated(", force", 20'000), "more than 16384 clauses"},
           {"create table y (a enum(" + repeated("'',", 65'535) + "''))", "more than 65535 members"},
           {"create table y (a int default " + repeated("(", 1'000'000),
            "the statement ends where a closing parenthesis was expected"},
           {"create table y (a int, b int default " + repeated("(", 100'000) + repeated(")", 100'000) + ")",
            ""},
           {repeated("/*!50000 ", 100'000) + "drop table t", ""},
       }) {
    Catalogue catalogue;
    DdlContext context{.database = "shop"};
    apply_ddl("create table x (" + full + ")", context, catalogue);
    EXPECT_EQ(apply_ddl(bound.sql, context, catalogue).why, bound.why) << bound.sql.substr(0, 60);
  }
}

INSTANTIATE_TEST_SUITE_P(, DdlCases, testing::ValuesIn(all_cases()),
                         [](const auto& param) { return "n" + std::to_string(param.index); });

}  // namespace
}  // namespace sluice::mysql
