// What recorded logs (test/canal_cases_test.cpp) do not show: statements, several rows of one event,
// oddities.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "format/canal/place.h"
#include "format/canal/statement.h"
#include "format/encoder.h"
#include "support/allocations.h"
#include "support/sample.h"

namespace sluice {

extern const FormatType canal_format;

namespace canal {
namespace {

using namespace sample;
using nlohmann::json;

TEST(CanalStatement, HasTheTypeThatCanalGivesIt) {
  struct Case {
    const char* sql;
    const char* type;
  };
  const Case cases[] = {
      {"CREATE TABLE t (id int)", "CREATE"},
      {"create or replace table t (id int)", "CREATE"},
      {"/* why */ CREATE /*!32302 TEMPORARY */ TABLE t (id int)", "CREATE"},
      {"CREATE DATABASE d", "QUERY"},
      {"CREATE VIEW v AS SELECT 1", "QUERY"},
      {"CREATE UNIQUE INDEX i ON t (a)", "CINDEX"},
      {"DROP TABLE IF EXISTS t", "ERASE"},
      {"DROP INDEX i ON t", "DINDEX"},
      {"DROP DATABASE d", "QUERY"},
      {"TRUNCATE t", "TRUNCATE"},
      {"RENAME TABLE a TO b", "RENAME"},
      {"ALTER TABLE t ADD COLUMN a int", "ALTER"},
      {"ALTER TABLE `d`.`t` ADD INDEX i (a)", "CINDEX"},
      {"alter table d.t add unique key i (a)", "CINDEX"},
      {"ALTER TABLE t ADD CONSTRAINT `c` UNIQUE (a)", "CINDEX"},
      {"ALTER TABLE t ADD CONSTRAINT UNIQUE (a)", "CINDEX"},
      {"ALTER TABLE t ADD CONSTRAINT c FOREIGN KEY (a) REFERENCES u (a)", "ALTER"},
      {"ALTER TABLE t DROP INDEX i", "DINDEX"},
      {"ALTER TABLE t DROP KEY i", "DINDEX"},
      {"ALTER TABLE t DROP COLUMN `index`", "ALTER"},
      {"ALTER TABLE t RENAME TO u", "RENAME"},
      {"ALTER TABLE t RENAME u", "RENAME"},
      {"ALTER TABLE t RENAME COLUMN a TO b", "ALTER"},
      {"ALTER TABLE IF EXISTS t WAIT 5 RENAME u", "RENAME"},
      {"-- note\nALTER TABLE\n`a b` COMMENT 'RENAME'", "ALTER"},
      {"GRANT SELECT ON *.* TO me", "QUERY"},
      {"", "QUERY"},
      {"`", "QUERY"},
      {"ALTER TABLE", "ALTER"},
  };
  for (const Case& c : cases) EXPECT_EQ(name_of(type_of_statement(c.sql)), c.type) << c.sql;
}

TEST(CanalPlace, RisesAlongTheLog) {
  auto place = [](std::string_view file, uint64_t offset) {
    return place_of(Event{.file = file, .offset = offset});
  };
  EXPECT_EQ(place("binlog.000001", 4), (uint64_t{1} << 33) + 4);
  EXPECT_LT(place("binlog.000009", UINT32_MAX), place("binlog.000010", 4));
  EXPECT_LT(place("a.b.1048575", (uint64_t{1} << 33) - 1), uint64_t{1} << 53);
  EXPECT_EQ(place("renamed.log", 120), 120U);
}

std::unique_ptr<Encoder> made(std::initializer_list<std::string_view> turned) {
  Settings settings(canal_format.options);
  for (std::string_view option : turned) {
    EXPECT_TRUE(settings.set(option, {option == "flat_message" ? "false" : "true"}, "test"));
  }
  return std::move(*canal_format.make(settings));
}

json flat(Encoder& encoder, const Batch& batch, std::span<const Change> changes) {
  Outbox out;
  encoder.encode(batch, changes, out);
  return json::parse(out.bytes.view());
}

TablePtr pair_table() {
  return table("shop", "t",
               {column("id", ColumnType::Int), column("a", ColumnType::Int), column("b", ColumnType::Int)},
               {0});
}

TEST(CanalFlat, OldHasWhatItsOwnRowChanged) {
  Sample sample;
  TablePtr t = pair_table();
  sample.add(Op::Update, t, {integer(1), integer(1), null()}, {integer(1), integer(2), null()});
  sample.add(Op::Update, t, {integer(2), integer(1), integer(5)}, {integer(2), integer(1), integer(6)});
  sample.add(Op::Update, t, {integer(3), integer(1), integer(5)}, {integer(3), integer(1), integer(5)});
  EXPECT_EQ(flat(*made({}), sample.batch, sample.batch.changes)["old"],
            json::parse(R"([{"a": "1"}, {"b": "5"}, {}])"));
  EXPECT_EQ(flat(*made({"strict"}), sample.batch, sample.batch.changes)["old"],
            json::parse(R"([{"a": "1"}, {"a": "1", "b": "5"}, {"a": "1", "b": "5"}])"))
      << "canal keeps what a row of the event changed for those behind it";
}

TEST(CanalFlat, KeysNameTheirColumnsInTheirOwnOrder) {
  Sample sample;
  TablePtr t = table("shop", "t", {column("a", ColumnType::Int), column("b", ColumnType::Int)}, {1, 0});
  sample.add(Op::Insert, t, {}, {integer(1), integer(2)});
  EXPECT_EQ(flat(*made({}), sample.batch, sample.batch.changes)["pkNames"], json::parse(R"(["b", "a"])"));
  EXPECT_EQ(flat(*made({"strict"}), sample.batch, sample.batch.changes)["pkNames"],
            json::parse(R"(["a", "b"])"));
}

TEST(CanalFlat, AStatementIsAMessage) {
  Sample sample;
  sample.event().query = sample.keep("create table t (id int)");
  sample.event().database = sample.keep("shop");
  sample.event().ddl_table = sample.keep("t");
  sample.event().timestamp = 1768473000;
  sample.event().file = sample.keep("binlog.000002");
  sample.event().offset = 7;
  sample.add(Op::Ddl, nullptr, {}, {});
  const json expected = {{"data", nullptr},
                         {"database", "shop"},
                         {"es", 1768473000000},
                         {"gtid", ""},
                         {"id", 17179869191},
                         {"isDdl", true},
                         {"mysqlType", nullptr},
                         {"old", nullptr},
                         {"pkNames", nullptr},
                         {"sql", "create table t (id int)"},
                         {"sqlType", nullptr},
                         {"table", "t"},
                         {"ts", 0},
                         {"type", "CREATE"}};
  EXPECT_EQ(flat(*made({"strict"}), sample.batch, sample.batch.changes), expected);
}

TEST(Canal, ManyRowsOfAnEventAllocateNothing) {
  Sample sample;
  TablePtr t = pair_table();
  for (int i = 0; i < 50; ++i) {
    sample.add(Op::Update, t, {integer(i), integer(1), null()}, {integer(i), integer(2), integer(7)});
  }
  for (auto turned : {std::initializer_list<std::string_view>{}, {"strict"}, {"flat_message", "framed"}}) {
    auto encoder = made(turned);
    Outbox out(true, encoder->binary());
    auto once = [&] {
      out.clear();
      encoder->encode(sample.batch, sample.batch.changes, out);
    };
    once();
    once();
    size_t before = test::allocations();
    for (int i = 0; i < 20; ++i) once();
    EXPECT_EQ(test::allocations() - before, 0U);
  }
}

}  // namespace
}  // namespace canal
}  // namespace sluice
