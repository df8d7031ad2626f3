#include <gtest/gtest.h>

#include "format/encoder.h"
#include "format/sql/ddl.h"
#include "support/sample.h"

namespace sluice {

extern const FormatType sql_format;

namespace {

using namespace sample;

std::string encoded(const Sample& s, const Change& change, const char* direction = "redo") {
  Settings settings(sql_format.options);
  EXPECT_TRUE(settings.set("direction", {direction}, "test"));
  Outbox out;
  (*sql_format.make(settings))->encode(s.batch, {&change, 1}, out);
  return std::string(out.bytes.view());
}

TablePtr shop_item(std::vector<uint32_t> key = {0}) {
  return table("shop", "it`em",
               {column("id", ColumnType::Int), column("name", ColumnType::VarChar),
                column("price", ColumnType::Decimal)},
               std::move(key));
}

std::string partial(const std::string& of) {
  return "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT='" + of +
         ": the log has only a part of the row, see binlog_row_image';";
}

TEST(Sql, EachOperationForwardsAndBackwards) {
  Sample s;
  Cell pen = s.text("pen"), cheap = s.decimal("1.50", 10, 2), dear = s.decimal("2.00", 10, 2);
  TablePtr item = shop_item(), keyless = shop_item({}), pair = shop_item({2, 0});
  struct Case {
    const TablePtr& table;
    Op op;
    std::vector<Cell> before, after;
    std::string redo, undo;
  };
  const std::string insert = "INSERT INTO `shop`.`it``em` (`id`,`name`,`price`) VALUES (1,'pen',1.50);";
  const std::string by_all =
      "DELETE FROM `shop`.`it``em` WHERE `id`=1 AND CAST(CONVERT(`name` USING utf8mb4) AS BINARY)=CAST('pen' "
      "AS "
      "BINARY) AND `price`=1.50 LIMIT 1;";
  const Case cases[] = {
      {item, Op::Insert, {}, {integer(1), pen, cheap}, insert, "DELETE FROM `shop`.`it``em` WHERE `id`=1;"},
      {item, Op::Delete, {integer(1), pen, cheap}, {}, "DELETE FROM `shop`.`it``em` WHERE `id`=1;", insert},
      {keyless, Op::Insert, {}, {integer(1), pen, cheap}, insert, by_all},
      {keyless, Op::Delete, {integer(1), pen, cheap}, {}, by_all, insert},
      {pair,
       Op::Delete,
       {integer(1), pen, cheap},
       {},
       "DELETE FROM `shop`.`it``em` WHERE `id`=1 AND `price`=1.50;",
       insert},
      {item,
       Op::Update,
       {integer(1), pen, cheap},
       {integer(2), null(), dear},
       "UPDATE `shop`.`it``em` SET `id`=2,`name`=NULL,`price`=2.00 WHERE `id`=1;",
       "UPDATE `shop`.`it``em` SET `id`=1,`name`='pen',`price`=1.50 WHERE `id`=2;"},
      {keyless,
       Op::Update,
       {integer(1), null(), null()},
       {integer(2), null(), null()},
       "UPDATE `shop`.`it``em` SET `id`=2,`name`=NULL,`price`=NULL WHERE `id`=1 AND `name` IS NULL AND "
       "`price` IS "
       "NULL LIMIT 1;",
       "UPDATE `shop`.`it``em` SET `id`=1,`name`=NULL,`price`=NULL WHERE `id`=2 AND `name` IS NULL AND "
       "`price` IS "
       "NULL LIMIT 1;"},
      // Partial images: what can be said is said, what cannot fails.
      {item,
       Op::Update,
       {integer(1), missing(), missing()},
       {missing(), missing(), dear},
       "UPDATE `shop`.`it``em` SET `price`=2.00 WHERE `id`=1;",
       partial("shop.it`em")},
      {item,
       Op::Update,
       {integer(1), pen, missing()},
       {integer(1), null(), missing()},
       "UPDATE `shop`.`it``em` SET `id`=1,`name`=NULL WHERE `id`=1;",
       "UPDATE `shop`.`it``em` SET `id`=1,`name`='pen' WHERE `id`=1;"},
      {item,
       Op::Insert,
       {},
       {integer(1), missing(), missing()},
       "INSERT INTO `shop`.`it``em` (`id`) VALUES (1);",
       "DELETE FROM `shop`.`it``em` WHERE `id`=1;"},
      {item,
       Op::Delete,
       {integer(1), missing(), missing()},
       {},
       "DELETE FROM `shop`.`it``em` WHERE `id`=1;",
       partial("shop.it`em")},
      {keyless,
       Op::Delete,
       {integer(1), missing(), null()},
       {},
       partial("shop.it`em"),
       partial("shop.it`em")},
      {item,
       Op::Update,
       {missing(), pen, cheap},
       {missing(), pen, dear},
       partial("shop.it`em"),
       partial("shop.it`em")},
  };
  for (const Case& c : cases) {
    Change change = s.add(c.op, c.table, c.before, c.after);
    EXPECT_EQ(encoded(s, change), c.redo);
    EXPECT_EQ(encoded(s, change, "undo"), c.undo);
  }
}

TEST(Sql, ColumnsThatTheServerFillsAreLeftToIt) {
  Sample s;
  Column generated = column("sum", ColumnType::Int), hidden = column("row_end", ColumnType::Int);
  generated.generated = true;
  hidden.hidden = true;
  TablePtr t = table("d", "t", {column("a", ColumnType::Int), generated, hidden});
  Change change =
      s.add(Op::Update, t, {integer(1), integer(2), integer(3)}, {integer(4), integer(5), integer(6)});
  EXPECT_EQ(encoded(s, change), "UPDATE `d`.`t` SET `a`=4 WHERE `a`=1 LIMIT 1;");
}

TEST(Sql, Literals) {
  Sample s;
  auto in = [](ColumnType type, std::string charset = "", std::vector<std::string> members = {}) {
    Column c = column("v", type, std::move(members));
    c.charset = std::move(charset);
    return c;
  };
  Cell stored = s.text("\xed\xa0\x80");
  stored.aux = 1;
  struct Case {
    Column column;
    Cell cell;
    std::string literal;
  };
  const std::vector<std::string> labels = {"a", "it's", "ü"};
  const Case cases[] = {
      {in(ColumnType::Int), null(), "NULL"},
      {in(ColumnType::BigInt), integer(INT64_MIN), "-9223372036854775808"},
      {in(ColumnType::BigInt), of(Kind::Uint, UINT64_MAX), "18446744073709551615"},
      {in(ColumnType::Bit), of(Kind::Bit, 5, 3), "5"},
      {in(ColumnType::Year), of(Kind::Year, 0), "0"},
      {in(ColumnType::Double), real(Kind::Double, -0.0), "-0e0"},
      {in(ColumnType::Double), real(Kind::Double, 0.1), "0.1e0"},
      {in(ColumnType::Double), real(Kind::Double, 5e-324), "5e-324"},
      {in(ColumnType::Float), real(Kind::Float, static_cast<double>(0.1F)), "0.10000000149011612e0"},
      {in(ColumnType::Text), s.text(""), "''"},
      {in(ColumnType::Text), s.text("it's"), "'it''s'"},
      {in(ColumnType::Text), s.text("a long text that ends it's vector"),
       "'a long text that ends it''s vector'"},
      {in(ColumnType::Text), s.text("Grüße 'x'"), "_utf8mb4'Grüße ''x'''"},
      {in(ColumnType::Text), s.text("a\\b"), "_utf8mb4 0x615C62"},
      {in(ColumnType::Text), s.text("a\nü"), "_utf8mb4 0x610AC3BC"},
      {in(ColumnType::Text, "cp1251"), s.text("é\xed\xb2\x98x"),
       "CONCAT('' ,CAST(CONVERT(_utf8mb4 0xC3A9 USING cp1251) AS BINARY),0x98,CAST(CONVERT(_utf8mb4 0x78 "
       "USING "
       "cp1251) AS BINARY))"},
      {in(ColumnType::Text), s.text("a\xed\xb3\xbf"), "0x61FF"},
      {in(ColumnType::Text, "utf8mb3"), stored, "0xEDA080"},
      {in(ColumnType::Blob), s.bytes(Kind::Blob, ""), "''"},
      {in(ColumnType::Blob), s.bytes(Kind::Blob, unhex("00ff")), "0x00FF"},
      {in(ColumnType::Date), date(0, 0, 0), "'0000-00-00'"},
      {in(ColumnType::Timestamp), timestamp(1768473000, 123456, 6), "'2026-01-15 10:30:00.123456'"},
      {in(ColumnType::Timestamp), timestamp(0, 0, 3), "'0000-00-00 00:00:00.000'"},
      {in(ColumnType::Time), time(-1, 838, 59, 59, 0, 0), "'-838:59:59'"},
      {in(ColumnType::Enum, "", labels), of(Kind::Enum, 2), "'it''s'"},
      {in(ColumnType::Enum, "", labels), of(Kind::Enum, 3), "_utf8mb4'ü'"},
      {in(ColumnType::Enum, "", labels), of(Kind::Enum, 0), "0"},
      {in(ColumnType::Enum, "", labels), of(Kind::Enum, 4), "4"},
      {in(ColumnType::Set, "", labels), of(Kind::Set, 3), "'a,it''s'"},
      {in(ColumnType::Set, "", labels), of(Kind::Set, 0), "''"},
      {in(ColumnType::Set, "", labels), of(Kind::Set, 8), "8"},
      {in(ColumnType::Json), s.bytes(Kind::Json, unhex("0001000c000b00010005010061")),
       "CAST('{\"a\": 1}' AS JSON)"},
      {in(ColumnType::Json), s.bytes(Kind::Json, ""), "CAST('null' AS JSON)"},
      {in(ColumnType::Json), s.bytes(Kind::Json, "\xff"), "CAST('malformed json' AS JSON)"},
      {in(ColumnType::Geometry), s.bytes(Kind::Geometry, unhex("00000000ff")), "0x00000000FF"},
      {in(ColumnType::Vector), s.bytes(Kind::Vector, unhex("0000803f")), "0x0000803F"},
      {in(ColumnType::Inet6), s.bytes(Kind::Inet6, unhex("20010db8000000000000000000000001")),
       "'2001:db8::1'"},
  };
  for (const Case& c : cases) {
    Change change = s.add(Op::Insert, table("d", "t", {c.column}), {}, {c.cell});
    EXPECT_EQ(encoded(s, change), "INSERT INTO `d`.`t` (`v`) VALUES (" + c.literal + ");");
  }
}

TEST(Sql, APartOfADocumentFails) {
  Sample s;
  TablePtr t = table("d", "t", {column("id", ColumnType::Int), column("doc", ColumnType::Json)}, {0});
  Change change = s.add(Op::Update, t, {integer(1), missing()}, {integer(1), s.bytes(Kind::JsonPatch, "x")});
  for (const char* direction : {"redo", "undo"}) {
    EXPECT_EQ(
        encoded(s, change, direction),
        "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT='d.t: the log has only what was changed within a document, "
        "see binlog_row_value_options';");
  }
}

TEST(Sql, NamesWithControlCharactersGoThroughAPreparedStatement) {
  Sample s;
  Change change =
      s.add(Op::Delete, table("d", "a\nb", {column("i", ColumnType::Int)}, {0}), {integer(1)}, {});
  EXPECT_EQ(encoded(s, change),
            "SET @sluice=_utf8mb4 0x" +
                std::string("44454C4554452046524F4D206064602E60610A62602057484552452060696"
                            "03D313B") +
                ";PREPARE sluice FROM @sluice;EXECUTE sluice;DEALLOCATE PREPARE sluice;");
}

TEST(Sql, SchemaChanges) {
  struct Case {
    std::string_view database, statement, redo;
  };
  const Case cases[] = {
      {"shop", "ALTER TABLE item ADD note text", "USE `shop`;ALTER TABLE item ADD note text;"},
      {"", "drop table shop.item ;", "drop table shop.item;"},
      {"sh`op", "create table t (\n  a int, -- the 'first'\n  b int # and\n)",
       "USE `sh``op`;create table t (   a int,    b int  );"},
      {"d", "create table t (a int default '-- #' /* kept\n*/)",
       "USE `d`;create table t (a int default '-- #' /* kept */);"},
      {"shop", "create database shop", "create database shop;"},
      {"shop", "CREATE OR REPLACE SCHEMA shop", "CREATE OR REPLACE SCHEMA shop;"},
      {"shop", "/*!50100 drop database */ shop", "/*!50100 drop database */ shop;"},
      {"shop", "create table database_x (a int)", "USE `shop`;create table database_x (a int);"},
      {"d", "alter table t comment 'a\nb'",
       "USE `d`;SET @sluice=_utf8mb4 0x616C746572207461626C65207420636F6D6D656E742027610A6227;PREPARE sluice "
       "FROM "
       "@sluice;EXECUTE sluice;DEALLOCATE PREPARE sluice;"},
  };
  for (const Case& c : cases) {
    Sample s;
    s.event().query = s.keep(c.statement);
    s.event().database = s.keep(c.database);
    Change change = s.add(Op::Ddl, nullptr, {}, {});
    EXPECT_EQ(encoded(s, change), c.redo);
    s.event().ddl_table = s.keep("item");
    EXPECT_EQ(encoded(s, change, "undo"),
              "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT='item: a schema change cannot be taken back';");
  }
}

TEST(Sql, OneLineOfAnyStatement) {
  for (std::string_view cut : {"'", "\"a", "`", "'a\\", "-- ", "/*", "", ";", "#"}) {
    std::string line = sql::one_line(cut);
    EXPECT_EQ(line.find('\n'), std::string::npos);
  }
  EXPECT_EQ(sql::one_line("select 'it''s' ; \n"), "select 'it''s'");
  EXPECT_EQ(sql::one_line("select `a\nb`"), "");
}

}  // namespace
}  // namespace sluice
