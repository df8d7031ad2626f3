#include <gtest/gtest.h>

#include <map>

#include "format/encoder.h"
#include "format/maxwell/ddl.h"
#include "support/sample.h"

namespace sluice {

extern const FormatType maxwell_format;

namespace {

using namespace sample;

std::string encoded(const Sample& sample, const Change& change,
                    const std::map<std::string, std::string>& options = {}) {
  Settings settings(maxwell_format.options);
  for (const auto& [name, value] : options) EXPECT_TRUE(settings.set(name, {value}, "test")) << name;
  auto encoder = maxwell_format.make(settings);
  Outbox out;
  (*encoder)->encode(sample.batch, {&change, 1}, out);
  return std::string(out.bytes.view());
}

std::string key_of(const Sample& sample, const Change& change, const std::string& format) {
  Settings settings(maxwell_format.options);
  EXPECT_TRUE(settings.set("kafka_key_format", {format}, "test"));
  auto encoder = std::move(*maxwell_format.make(settings));
  Outbox out(true);
  encoder->encode(sample.batch, {&change, 1}, out);
  out.end_message();
  return std::string(out.word(out.addresses[0].key, out.addresses[0].key_size));
}

TEST(Maxwell, KeysOfMessages) {
  Sample s;
  TablePtr pair =
      table("shop", "t", {column("Id", ColumnType::Int), column("name", ColumnType::VarChar)}, {0, 1});
  TablePtr bare = table("shop", "u", {column("a", ColumnType::Int)});
  Change change = s.add(Op::Update, pair, {integer(1), s.text("a\"b")}, {integer(2), missing()});
  EXPECT_EQ(key_of(s, change, "hash"), R"({"database":"shop","table":"t","pk.id":2,"pk.name":"a\"b"})");
  EXPECT_EQ(key_of(s, change, "array"), R"(["shop","t",[{"id":2},{"name":"a\"b"}]])");
  change = s.add(Op::Insert, bare, {}, {integer(1)});
  std::string id(s.transaction().id);
  EXPECT_EQ(key_of(s, change, "hash"), R"({"database":"shop","table":"u","_uuid":")" + id + "#1\"}");
  EXPECT_EQ(key_of(s, change, "array"), R"(["shop","u",[]])");
}

// The object behind `"data":`, for tests of values.
std::string data_of(std::string_view message) {
  size_t at = message.find("\"data\":");
  return at == std::string_view::npos ? "none" : std::string(message.substr(at + 7, message.size() - at - 8));
}

TablePtr shop_item() {
  return table("shop", "item",
               {column("id", ColumnType::Int), column("user_name", ColumnType::VarChar),
                column("price", ColumnType::Decimal)},
               {0});
}

TEST(Maxwell, ARowOfEachOperation) {
  Sample s;
  TablePtr item = shop_item();
  Cell old_price = s.decimal("1.50", 10, 2), new_price = s.decimal("2.00", 10, 2);
  struct Case {
    Op op;
    std::vector<Cell> before, after;
    std::string rest;
  };
  const Case cases[] = {
      {Op::Insert,
       {},
       {integer(1), s.text("Ann"), old_price},
       R"("type":"insert","ts":1768473000,"xid":4711,"data":{"id":1,"user_name":"Ann","price":1.50}})"},
      {Op::Update,
       {integer(1), s.text("Ann"), old_price},
       {integer(1), s.text("Ann"), new_price},
       R"("type":"update","ts":1768473000,"xid":4711,"data":{"id":1,"user_name":"Ann","price":2.00},"old":{"price":1.50}})"},
      {Op::Update,
       {integer(1), null(), old_price},
       {integer(2), s.text("Ann"), old_price},
       R"("type":"update","ts":1768473000,"xid":4711,"data":{"id":2,"user_name":"Ann","price":1.50},"old":{"id":1,"user_name":null}})"},
      {Op::Update,
       {integer(1), null(), old_price},
       {integer(1), null(), old_price},
       R"("type":"update","ts":1768473000,"xid":4711,"data":{"id":1,"user_name":null,"price":1.50}})"},
      {Op::Delete,
       {integer(1), null(), new_price},
       {},
       R"("type":"delete","ts":1768473000,"xid":4711,"data":{"id":1,"user_name":null,"price":2.00}})"},
      // Partial images: what the row after lacks comes from the row before; what both lack is absent.
      {Op::Update,
       {integer(1), missing(), missing()},
       {missing(), missing(), new_price},
       R"("type":"update","ts":1768473000,"xid":4711,"data":{"id":1,"price":2.00}})"},
      {Op::Update,
       {missing(), missing(), missing()},
       {missing(), missing(), missing()},
       R"("type":"update","ts":1768473000,"xid":4711,"data":{}})"},
      {Op::Delete,
       {integer(1), missing(), missing()},
       {},
       R"("type":"delete","ts":1768473000,"xid":4711,"data":{"id":1}})"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(encoded(s, s.add(c.op, item, c.before, c.after)),
              R"({"database":"shop","table":"item",)" + c.rest);
  }
}

TEST(Maxwell, OptionsAddAndRemoveFields) {
  Sample s;
  s.event().query = s.keep("UPDATE item SET price = 2, user_name = 'Grüße'");
  TablePtr item = shop_item();
  s.add(Op::Insert, item, {}, {integer(1), null(), null()});
  Change change = s.add(Op::Update, item, {integer(1), null(), s.decimal("1.50", 10, 2)},
                        {integer(1), s.text("Ann"), null()});
  Change last = change;
  last.last = true;
  const std::string head = R"({"database":"shop","table":"item")";
  const std::string type = R"(,"type":"update","ts":1768473000)";
  const std::string row =
      R"(,"data":{"id":1,"user_name":"Ann","price":null},"old":{"user_name":null,"price":1.50}})";
  struct Case {
    std::map<std::string, std::string> options;
    const Change& change;
    std::string expected;
  };
  const Case cases[] = {
      {{}, last, head + type + R"(,"xid":4711,"commit":true)" + row},
      {{{"output_xoffset", "true"}}, change, head + type + R"(,"xid":4711,"xoffset":1)" + row},
      {{{"output_xoffset", "true"}}, last, head + type + R"(,"xid":4711,"commit":true)" + row},
      {{{"output_commit_info", "false"}, {"output_xoffset", "true"}}, last, head + type + row},
      {{{"output_binlog_position", "true"}},
       change,
       head + type + R"(,"xid":4711,"position":"binlog.000003:1234")" + row},
      {{{"output_gtid_position", "true"}},
       change,
       head + type + R"(,"xid":4711,"gtid":"3e11fa47-71ca-11e1-9e33-c80aa9429562:17")" + row},
      {{{"output_server_id", "true"}, {"output_thread_id", "true"}},
       change,
       head + type + R"(,"xid":4711,"server_id":7,"thread_id":42)" + row},
      {{{"output_row_query", "true"}},
       change,
       head + R"(,"query":"UPDATE item SET price = 2, user_name = 'Grüße'")" + type + R"(,"xid":4711)" + row},
      {{{"output_row_query", "true"}, {"row_query_max_length", "43"}},
       change,
       head + R"(,"query":"UPDATE item SET price = 2, user_name = 'Grü")" + type + R"(,"xid":4711)" + row},
      {{{"output_nulls", "false"}},
       change,
       head + type + R"(,"xid":4711,"data":{"id":1,"user_name":"Ann"},"old":{"price":1.50}})"},
      {{{"output_primary_keys", "true"}, {"output_primary_key_columns", "true"}},
       change,
       head + type + R"(,"xid":4711,"primary_key":[1],"primary_key_columns":["id"])" + row},
      {{{"output_naming_strategy", "underscore_to_camelcase"},
        {"output_primary_keys", "true"},
        {"output_server_id", "true"}},
       change,
       head + type +
           R"(,"xid":4711,"serverId":7,"primaryKey":[1],"data":{"id":1,"userName":"Ann","price":null},)" +
           R"("old":{"userName":null,"price":1.50}})"},
  };
  for (const Case& c : cases) EXPECT_EQ(encoded(s, c.change, c.options), c.expected);

  s.transaction().xid = 0;  // not known yet, or an engine without
  s.transaction().gtid = {};
  s.event().thread_id = 0;
  EXPECT_EQ(
      encoded(s, change,
              {{"output_gtid_position", "true"}, {"output_thread_id", "true"}, {"output_row_query", "true"}}),
      head + R"(,"query":"UPDATE item SET price = 2, user_name = 'Grüße'")" + type + R"(,"gtid":null)" + row);
}

TEST(Maxwell, PrimaryKeyFollowsTheKeysOrder) {
  Sample s;
  TablePtr pair = table("d", "p", {column("a", ColumnType::Int), column("b", ColumnType::VarChar)}, {1, 0});
  const std::map<std::string, std::string> options = {{"output_primary_keys", "true"},
                                                      {"output_primary_key_columns", "true"}};
  std::string message = encoded(s, s.add(Op::Insert, pair, {}, {integer(5), s.text("x")}), options);
  EXPECT_NE(message.find(R"("primary_key":["x",5],"primary_key_columns":["b","a"])"), std::string::npos)
      << message;
  message = encoded(s, s.add(Op::Update, pair, {integer(5), missing()}, {missing(), s.text("y")}), options);
  EXPECT_NE(message.find(R"("primary_key":["y",5],)"), std::string::npos) << message;
  message = encoded(s, s.add(Op::Delete, pair, {integer(5), missing()}, {}), options);
  EXPECT_EQ(message.find(R"("primary_key":)"), std::string::npos) << message;
  TablePtr keyless = table("d", "k", {column("a", ColumnType::Int)});
  message = encoded(s, s.add(Op::Insert, keyless, {}, {integer(5)}), options);
  EXPECT_NE(message.find(R"("primary_key":[],"primary_key_columns":[])"), std::string::npos) << message;
}

TEST(Maxwell, WhatWasChangedWithinDocumentsStandsApart) {
  Sample s;
  TablePtr documents = table("d", "t", {column("id", ColumnType::Int), column("j", ColumnType::Json)}, {0});
  Cell patch = s.bytes(Kind::JsonPatch, unhex("0201000700050900"));  // [9]; what is in it is the decoder's
  Change change = s.add(Op::Update, documents, {integer(1), missing()}, {missing(), patch});
  std::string message = encoded(s, change);
  EXPECT_TRUE(message.ends_with(R"("data":{"id":1},"patch":{"j":[9]}})")) << message;
  // Of the row before it says nothing.
  message = encoded(s, s.add(Op::Update, documents, {integer(2), missing()}, {integer(1), missing()}));
  EXPECT_EQ(message.find("patch"), std::string::npos) << message;
}

TEST(Maxwell, ValuesOfEveryKind) {
  Sample s;
  const std::vector<std::string> members = {"small", "big\"x", "€"};
  Column labels = column("v", ColumnType::Enum, members);
  Column unknown = column("v", ColumnType::Unknown);
  std::string point = unhex("e61000000101000000000000000000f03f0000000000000040");
  struct Case {
    Column column;
    Cell cell;
    std::string value;
  };
  const Case cases[] = {
      {unknown, integer(INT64_MIN), "-9223372036854775808"},
      {unknown, of(Kind::Uint, UINT64_MAX), "18446744073709551615"},
      {unknown, real(Kind::Double, 5.444), "5.444"},
      {unknown, real(Kind::Double, 5), "5.0"},
      {unknown, real(Kind::Double, 1e300), "1e+300"},
      {unknown, real(Kind::Float, 0.1f), "0.1"},
      {unknown, real(Kind::Float, -3), "-3.0"},
      {unknown, s.decimal("-12345678901234567890.00001", 25, 5), "-12345678901234567890.00001"},
      {unknown, s.text("a\"b\\c\n\x01 Grüße 😀"), R"("a\"b\\c\n\u0001 Grüße 😀")"},
      {unknown, s.bytes(Kind::Blob, std::string("\0\xff\x10", 3)), R"("AP8Q")"},
      {unknown, date(2026, 1, 15), R"("2026-01-15")"},
      {unknown, date(0, 0, 0), R"("0000-00-00")"},
      {unknown, datetime(2026, 1, 15, 10, 30, 0, 123000, 3), R"("2026-01-15 10:30:00.123")"},
      {unknown, of(Kind::DateTime, 0), R"("0000-00-00 00:00:00")"},
      {unknown, timestamp(1768473000, 123456, 6), R"("2026-01-15 10:30:00.123456")"},
      {unknown, timestamp(1768473000, 0, 0), R"("2026-01-15 10:30:00")"},
      {unknown, timestamp(0, 0, 3), R"("0000-00-00 00:00:00.000")"},
      {unknown, time(-1, 838, 59, 59, 0, 6), R"("-838:59:59.000000")"},
      {unknown, of(Kind::Year, 2026), "2026"},
      {unknown, of(Kind::Year, 0), "0"},
      {unknown, of(Kind::Bit, UINT64_MAX, 64), "18446744073709551615"},
      {labels, of(Kind::Enum, 2), R"("big\"x")"},
      {labels, of(Kind::Enum, 0), "null"},
      {labels, of(Kind::Enum, 4), "4"},
      {unknown, of(Kind::Enum, 1), "1"},
      {column("v", ColumnType::Set, members), of(Kind::Set, 5), R"(["small","€"])"},
      {column("v", ColumnType::Set, members), of(Kind::Set, 0), "[]"},
      {column("v", ColumnType::Set, members), of(Kind::Set, 9), "9"},
      {column("v", ColumnType::Set, std::vector<std::string>(64, "m")), of(Kind::Set, uint64_t{1} << 63),
       R"(["m"])"},
      {unknown, s.bytes(Kind::Json, unhex("0001000c000b00010005010061")), R"({"a":1})"},
      {unknown, s.bytes(Kind::Json, ""), "null"},
      {unknown, s.bytes(Kind::Json, unhex("02ffffffff")), R"("malformed json, base64:Av////8=")"},
      {unknown, s.bytes(Kind::Geometry, point), "\"POINT (1 2)\""},
      {unknown, s.bytes(Kind::Geometry, unhex("00000000")), R"("malformed geometry, base64:AAAAAA==")"},
      {unknown, s.bytes(Kind::Vector, unhex("0000803f0000c0bf")), "[1.0,-1.5]"},
      {unknown, s.bytes(Kind::Uuid, unhex("00112233445566778899aabbccddeeff")),
       R"("00112233-4455-6677-8899-aabbccddeeff")"},
      {unknown, s.bytes(Kind::Inet4, unhex("7f000001")), R"("127.0.0.1")"},
      {unknown, s.bytes(Kind::Inet6, unhex("00000000000000000000000000000001")), R"("::1")"},
      {unknown, null(), "null"},
  };
  for (const Case& c : cases) {
    TablePtr one = table("d", "t", {c.column});
    const Change& change = s.add(Op::Insert, one, {}, {c.cell});
    EXPECT_EQ(data_of(encoded(s, change)), "{\"" + c.column.name + "\":" + c.value + "}");
  }
}

TEST(Maxwell, ZeroDatesAsNull) {
  Sample s;
  TablePtr dates = table("d", "t",
                         {column("a", ColumnType::Date), column("b", ColumnType::DateTime),
                          column("c", ColumnType::Timestamp), column("d", ColumnType::Time)});
  const Change& change =
      s.add(Op::Insert, dates, {},
            {date(0, 0, 0), of(Kind::DateTime, 0), timestamp(0, 0, 0), time(1, 0, 0, 0, 0, 0)});
  EXPECT_EQ(data_of(encoded(s, change, {{"output_null_zerodates", "true"}})),
            R"({"a":null,"b":null,"c":null,"d":"00:00:00"})");
  EXPECT_EQ(data_of(encoded(s, change, {{"output_null_zerodates", "true"}, {"output_nulls", "false"}})),
            R"({"d":"00:00:00"})");
}

TEST(Maxwell, CamelCase) {
  Sample s;
  for (auto [from, to] : std::map<std::string, std::string>{{"a_b_c", "aBC"},
                                                            {"_x", "X"},
                                                            {"x_", "x_"},
                                                            {"a_1", "a1"},
                                                            {"a__b", "a_b"},
                                                            {"a_B", "aB"},
                                                            {"é_ü", "éü"}}) {
    TablePtr one = table("d", "t", {column(from, ColumnType::Int)});
    EXPECT_EQ(data_of(encoded(s, s.add(Op::Insert, one, {}, {integer(1)}),
                              {{"output_naming_strategy", "underscore_to_camelcase"}})),
              "{\"" + to + "\":1}");
  }
}

TEST(Maxwell, DdlTypes) {
  const std::map<std::string, std::string_view> cases = {
      {"create table t (a int)", "table-create"},
      {"CREATE OR REPLACE TABLE t (a int)", "table-create"},
      {"/* why */ -- who\n alter  online ignore table t add b int", "table-alter"},
      {"/*!50100 ALTER TABLE t ADD b INT */", "table-alter"},
      {"# note\nrename table a to b", "table-alter"},
      {"drop tables a, b", "table-drop"},
      {"create database d", "database-create"},
      {"ALTER SCHEMA d CHARACTER SET utf8mb4", "database-alter"},
      {"drop database if exists d", "database-drop"},
      {"truncate table t", ""},
      {"create index i on t (a)", ""},
      {"create user u", ""},
      {"/* never closed", ""},
      {"", ""},
  };
  for (const auto& [sql, type] : cases) EXPECT_EQ(maxwell::ddl_type(sql), type) << sql;
}

TEST(Maxwell, DdlRows) {
  Sample s;
  s.event().query = s.keep("ALTER TABLE shop.item ADD \"x\" int");
  s.event().database = s.keep("shop");
  s.event().ddl_table = s.keep("item");
  const std::map<std::string, std::string> on = {{"output_ddl", "true"}};
  EXPECT_EQ(encoded(s, s.add(Op::Ddl, nullptr, {}, {})), "");
  EXPECT_EQ(encoded(s, s.add(Op::Ddl, nullptr, {}, {}), on),
            R"({"type":"table-alter","database":"shop","table":"item","ts":1768473000000,)"
            R"("sql":"ALTER TABLE shop.item ADD \"x\" int"})");
  EXPECT_EQ(
      encoded(s, s.add(Op::Ddl, nullptr, {}, {}),
              {{"output_ddl", "yes"}, {"output_binlog_position", "yes"}, {"output_gtid_position", "yes"}}),
      R"({"type":"table-alter","database":"shop","table":"item","ts":1768473000000,)"
      R"("sql":"ALTER TABLE shop.item ADD \"x\" int","position":"binlog.000003:1234",)"
      R"("gtid":"3e11fa47-71ca-11e1-9e33-c80aa9429562:17"})");
  Column id = column("id", ColumnType::BigInt);
  id.is_unsigned = true;
  Column name = column("name", ColumnType::VarChar);
  name.charset = "latin1";
  Column at = column("at", ColumnType::Timestamp);
  at.fraction_digits = 6;
  TablePtr def = table("shop", "item", {id, name, at, column("size", ColumnType::Enum, {"s", "l"})}, {0});
  EXPECT_EQ(
      encoded(s, s.add(Op::Ddl, def, {}, {}), on),
      R"({"type":"table-alter","database":"shop","table":"item","def":{"database":"shop","table":"item",)"
      R"("columns":[{"type":"bigint","name":"id","signed":false},{"type":"varchar","name":"name","charset":"latin1"},)"
      R"({"type":"timestamp","name":"at","column-length":6},{"type":"enum","name":"size","enum-values":["s","l"]}],)"
      R"("primary-key":["id"]},"ts":1768473000000,"sql":"ALTER TABLE shop.item ADD \"x\" int"})");
  TablePtr before = table("shop", "thing", {column("n", ColumnType::Int)});
  s.event().ddl_before = before.get();
  s.event().query = s.keep("RENAME TABLE shop.thing TO shop.item");
  EXPECT_EQ(
      encoded(s, s.add(Op::Ddl, table("shop", "item", {column("n", ColumnType::Int)}), {}, {}), on),
      R"({"type":"table-alter","database":"shop","table":"thing","old":{"database":"shop","table":"thing",)"
      R"("columns":[{"type":"int","name":"n","signed":true}],"primary-key":[]},"def":{"database":"shop",)"
      R"("table":"item","columns":[{"type":"int","name":"n","signed":true}],"primary-key":[]},)"
      R"("ts":1768473000000,"sql":"RENAME TABLE shop.thing TO shop.item"})");
  s.event().query = s.keep("create user u");
  EXPECT_EQ(encoded(s, s.add(Op::Ddl, nullptr, {}, {}), on), "");
}

}  // namespace
}  // namespace sluice
