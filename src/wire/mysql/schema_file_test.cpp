#include "wire/mysql/schema_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "support/describe_table.h"

namespace sluice::mysql {
namespace {

std::string slurp(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// test/cases/schema_file: X.sql as the dump programs of real servers write it, X.expected beside it.
TEST(SchemaFile, ReadsDumps) {
  size_t cases = 0;
  for (const auto& entry : std::filesystem::directory_iterator(SLUICE_TEST_DIR "/cases/schema_file")) {
    if (entry.path().extension() != ".sql") continue;
    ++cases;
    Catalogue catalogue;
    auto read = read_schema(slurp(entry.path()), entry.path().filename().string(), catalogue);
    ASSERT_TRUE(read) << read.error().what;
    auto expected = entry.path();
    EXPECT_EQ(test::describe(catalogue), slurp(expected.replace_extension(".expected"))) << entry.path();
  }
  EXPECT_GE(cases, 3u);
}

TEST(SchemaFile, ReadsBackWhatTheCatalogueShows) {
  size_t tables = 0;
  for (const auto& entry : std::filesystem::directory_iterator(SLUICE_TEST_DIR "/cases/schema_file")) {
    if (entry.path().extension() != ".sql") continue;
    Catalogue catalogue;
    ASSERT_TRUE(read_schema(slurp(entry.path()), "dump", catalogue));
    tables += catalogue.size();
    EXPECT_EQ(test::described_again(catalogue), test::described_visible(catalogue)) << entry.path();
  }
  EXPECT_GE(tables, 9u);
}

struct Case {
  const char* sql;
  const char* expected;  // the tables, or the fault
};

class SchemaText : public testing::TestWithParam<Case> {};

TEST_P(SchemaText, IsReadAsAClientWould) {
  Catalogue catalogue;
  auto read = read_schema(GetParam().sql, "x.sql", catalogue);
  if (!read) { EXPECT_EQ(read.error().fault, Fault::Usage); }
  std::string names;
  catalogue.for_each([&](const TablePtr& table) { names += full_name(*table) + " "; });
  EXPECT_EQ(read ? names : read.error().what, GetParam().expected) << GetParam().sql;
}

INSTANTIATE_TEST_SUITE_P(
    , SchemaText,
    testing::Values(
        Case{"use d; create table t (a int)", "d.t "}, Case{"create table `d`.t (a int);", "d.t "},
        Case{"\xef\xbb\xbf# x\nUSE `d d`;\nCREATE TABLE t (a int);", "d d.t "},
        Case{"-- Host: localhost    Database: shop\n-- x ' y\nCREATE TABLE t (a int);", "shop.t "},
        Case{"use d; insert into x values ('a;b\\';', \"c;\", `d;`); /* ; ' */ create table t (a int);",
             "d.t "},
        Case{"use d;\nDELIMITER ;;\ncreate procedure p() begin create table u (a int); end ;;\ndelimiter ;\n"
             "create table t (a int);",
             "d.t "},
        Case{"use d; create table t (a int); drop table t; create table v (a int)", "d.v "},
        Case{"set sql_mode='ANSI_QUOTES'; create table \"d\".\"t\" (\"a b\" int);", "d.t "},
        Case{"set sql_mode='NO_BACKSLASH_ESCAPES'; insert into t values ('\\'); create table d.t (a int);",
             "d.t "},
        Case{"/*M!999999\\- enable the sandbox mode */\nuse d;create table t (a int -- ; '\n, b int);",
             "d.t "},
        Case{"", "x.sql holds no CREATE TABLE statement"},
        Case{"select 1;\n", "x.sql holds no CREATE TABLE statement"},
        Case{"\n\ncreate table t (a int);",
             "x.sql:3: the statement that begins here is not understood: no database is chosen for table t. "
             "Write USE "
             "name; above it, or name the tables as database.table"},
        Case{"use d;\ncreate table t\n (a integr);",
             "x.sql:2: the statement that begins here is not understood: expected a type at 'integr)'"},
        Case{"use d;\ninsert into t values ('abc);\n", "x.sql:2: the quote ' that begins here does not end"},
        Case{"use d;\n\n/* abc", "x.sql:3: the comment that begins here does not end"}),
    [](const auto& param) { return "n" + std::to_string(param.index); });

}  // namespace
}  // namespace sluice::mysql
