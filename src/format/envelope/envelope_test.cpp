#include <gtest/gtest.h>

#include <map>

#include "format/encoder.h"
#include "support/sample.h"

namespace sluice {

extern const FormatType envelope_format;

namespace {

using namespace sample;

using Choices = std::map<std::string, std::string>;

Result<std::unique_ptr<Encoder>> make(const Choices& choices) {
  Settings settings(envelope_format.options);
  for (const auto& [name, value] : choices)
    EXPECT_TRUE(settings.set(name, {value}, "sluice.yaml:3:5")) << name;
  return envelope_format.make(settings);
}

std::string encoded(const Sample& s, const Change& change, const Choices& choices) {
  Outbox out;
  (*make(choices))->encode(s.batch, {&change, 1}, out);
  return std::string(out.bytes.view());
}

// The row that wing-binlog's own documentation shows.
struct Payouts {
  Payouts() {
    s.transaction().id = s.keep("0-1-42");
    s.transaction().begin = 1000;
    s.event().file = s.keep("binlog.000003");
    s.event().offset = 1234;
    s.event().next = 1300;
    s.event().timestamp = 1487005376;
  }

  Change change(Op op) {
    std::vector<Cell> old_row = {integer(528), s.decimal("2000.000", 12, 3), integer(1), null()};
    std::vector<Cell> new_row = {integer(528), s.decimal("2000.000", 12, 3), integer(2), s.text("it")};
    return s.add(op, table, op == Op::Insert ? std::vector<Cell>{} : old_row,
                 op == Op::Delete ? std::vector<Cell>{} : new_row);
  }

  Sample s;
  TablePtr table =
      sample::table("shop", "payouts",
                    {column("id", ColumnType::Int), column("day_payout_money", ColumnType::Decimal),
                     column("day", ColumnType::Int), column("note", ColumnType::Text)},
                    {0});
};

TEST(Envelope, EachStyleAndOperation) {
  const std::string strings_old = R"({"id":"528","day_payout_money":"2000.000","day":"1","note":null})";
  const std::string strings_new = R"({"id":"528","day_payout_money":"2000.000","day":"2","note":"it"})";
  const std::string typed_old = R"({"id":528,"day_payout_money":"2000.000","day":1,"note":null})";
  const std::string typed_new = R"({"id":528,"day_payout_money":"2000.000","day":2,"note":"it"})";
  const std::string go_new = R"({"id":528,"day_payout_money":"2000.000","day":2,"note":"aXQ="})";
  const std::string canal_old = R"({"id":"528","day_payout_money":"2000.000","day":"1","note":""})";
  // The third log file, in which the transaction begins at 1000.
  auto index = [](uint64_t n) { return std::to_string((uint64_t{3} << 36) + 1000 + n); };
  struct Case {
    std::string style, insert, update, remove;
  };
  auto seals = [](const std::string& type, const std::string& data, const std::string& n) {
    return R"({"database_name":"shop","table_name":"payouts","event_data":{"event_type":")" + type +
           R"(","time":"2017-02-13 17:02:56","data":)" + data + R"(,"__enevt_id":"0-1-42#)" + n +
           R"("},"app_id":"one"})";
  };
  auto wing = [](const std::string& type, const std::string& data, const std::string& n) {
    return R"({"database":"shop","table":"payouts","event":{"event_type":")" + type +
           R"(","time":"2017-02-13 17:02:56","data":)" + data + R"(},"event_index":)" + n + "}";
  };
  auto go = [](const std::string& type, const std::string& data, const std::string& n) {
    return R"({"database":"shop","table":"payouts","event_type":")" + type +
           R"(","time":1487005376,"event_index":)" + n + R"(,"event":{"data":)" + data + "}}";
  };
  auto transfer = [](const std::string& action, const std::string& values) {
    return R"({"schema":"shop","table":"payouts","log_pos":1300,"action":")" + action + R"(",)" + values +
           "}";
  };
  auto client = [](const std::string& type, const std::string& values) {
    return R"({"logfileName":"binlog.000003","logfileOffset":1234,"schemaName":"shop","tableName":"payouts","eventType":")" +
           type + R"(",)" + values + "}";
  };
  auto pair = [](const std::string& before, const std::string& after) {
    return R"({"old_data":)" + before + R"(,"new_data":)" + after + "}";
  };
  const Case cases[] = {
      {"wing_seals", seals("write_rows", strings_new, "0"),
       seals("update_rows", pair(strings_old, strings_new), "1"), seals("delete_rows", strings_old, "2")},
      {"wing", wing("write_rows", typed_new, index(0)),
       wing("update_rows", pair(typed_old, typed_new), index(1)), wing("delete_rows", typed_old, index(2))},
      {"wing_go", go("insert", go_new, index(0)), go("update", pair(typed_old, go_new), index(1)),
       go("delete", typed_old, index(2))},
      {"db_transfer", transfer("insert", R"("values":)" + typed_new),
       transfer("update", R"("before_values":)" + typed_old + R"(,"after_values":)" + typed_new),
       transfer("delete", R"("values":)" + typed_old)},
      {"canal_client", client("INSERT", R"("after":)" + strings_new),
       client("UPDATE", R"("before":)" + canal_old + R"(,"after":)" + strings_new),
       client("DELETE", R"("after":)" + canal_old)},
  };
  for (const Case& c : cases) {
    Payouts p;
    const Choices choices = {{"style", c.style}, {"app_id", "one"}, {"utc_offset", "+00:00"}};
    EXPECT_EQ(encoded(p.s, p.change(Op::Insert), choices), c.insert);
    EXPECT_EQ(encoded(p.s, p.change(Op::Update), choices), c.update);
    EXPECT_EQ(encoded(p.s, p.change(Op::Delete), choices), c.remove);
  }
}

TEST(Envelope, OnlyTheGoVersionTellsOfSchemaChanges) {
  Payouts p;
  p.s.event().query = p.s.keep("alter table payouts add x int");
  p.s.event().database = p.s.keep("shop");
  p.s.event().ddl_table = p.s.keep("payouts");
  Change change = p.s.add(Op::Ddl, nullptr, {}, {});
  for (const char* style : {"wing_seals", "wing", "db_transfer", "canal_client"}) {
    EXPECT_EQ(encoded(p.s, change, {{"style", style}}), "");
  }
  EXPECT_EQ(encoded(p.s, change, {{"style", "wing_go"}}),
            R"({"database":"shop","table":"payouts","event_type":"alter","time":1487005376,"event_index":)" +
                std::to_string((uint64_t{3} << 36) + 1000) + "}");
}

TEST(Envelope, ValuesAsStrings) {
  Sample s;
  const std::vector<std::string> labels = {"a\"", "b"};
  struct Case {
    ColumnType type;
    Cell cell;
    std::string seals, canal;
  };
  const Case cases[] = {
      {ColumnType::BigInt, of(Kind::Uint, UINT64_MAX), R"("18446744073709551615")",
       R"("18446744073709551615")"},
      {ColumnType::Double, real(Kind::Double, 1.5), R"("1.5")", R"("1.5")"},
      {ColumnType::Bit, of(Kind::Bit, 5, 3), R"("5")", R"("5")"},
      {ColumnType::Year, of(Kind::Year, 0), R"("0000")", R"("0000")"},
      {ColumnType::Text, s.text("ü\"\n"), "\"ü\\\"\\n\"", "\"ü\\\"\\n\""},
      {ColumnType::Blob, s.bytes(Kind::Blob, unhex("00225c41e4ff")), R"("ACJcQeT/")", R"("\u0000\"\\Aäÿ")"},
      {ColumnType::Enum, of(Kind::Enum, 1), R"("a\"")", R"("1")"},
      {ColumnType::Enum, of(Kind::Enum, 0), R"("")", R"("0")"},
      {ColumnType::Set, of(Kind::Set, 3), R"("a\",b")", R"("3")"},
      {ColumnType::Timestamp, timestamp(1768473000, 120000, 2), R"("2026-01-15 10:30:00.12")",
       R"("2026-01-15 10:30:00.12")"},
      {ColumnType::Json, s.bytes(Kind::Json, unhex("0001000c000b00010005010061")), R"("{\"a\": 1}")",
       R"("{\"a\": 1}")"},
      {ColumnType::Vector, s.bytes(Kind::Vector, unhex("0000803f")), R"("[1]")",
       "\"\\u0000\\u0000\xc2\x80?\""},
      {ColumnType::Int, null(), "null", R"("")"},
  };
  for (const Case& c : cases) {
    TablePtr t = table("d", "t", {column("v", c.type, labels)});
    Change change = s.add(Op::Insert, t, {}, {c.cell});
    std::string seals = encoded(s, change, {{"style", "wing_seals"}});
    EXPECT_NE(seals.find(R"("data":{"v":)" + c.seals + "},"), std::string::npos) << seals;
    std::string canal = encoded(s, change, {{"style", "canal_client"}});
    EXPECT_TRUE(canal.ends_with(R"("after":{"v":)" + c.canal + "}}")) << canal;
  }
}

TEST(Envelope, WhatIsMissingAndPartsOfDocuments) {
  Sample s;
  TablePtr t = table("d", "t", {column("id", ColumnType::Int), column("doc", ColumnType::Json)}, {0});
  Change change = s.add(Op::Update, t, {integer(1), missing()},
                        {missing(), s.bytes(Kind::JsonPatch, unhex("0200000400"))});
  for (const char* style : {"wing_seals", "wing", "wing_go", "db_transfer", "canal_client"}) {
    std::string line = encoded(s, change, {{"style", style}});
    bool strings = style == std::string("wing_seals") || style == std::string("canal_client");
    EXPECT_NE(line.find(strings ? R"({"id":"1"})" : R"({"id":1})"), std::string::npos) << line;
    EXPECT_NE(line.find("{}"), std::string::npos) << line;
    EXPECT_TRUE(line.ends_with(R"(,"patch":{"doc":[]}})")) << line;
  }
}

TEST(Envelope, TimesInAnotherZone) {
  Payouts p;
  for (auto [offset, time] :
       {std::pair{"+08:00", "2017-02-14 01:02:56"}, {"-03:30", "2017-02-13 13:32:56"}}) {
    std::string line = encoded(p.s, p.change(Op::Insert), {{"style", "wing"}, {"utc_offset", offset}});
    EXPECT_NE(line.find(std::string(R"("time":")") + time + '"'), std::string::npos) << line;
  }
  p.s.event().timestamp = 60;
  EXPECT_NE(
      encoded(p.s, p.change(Op::Insert), {{"utc_offset", "-01:00"}}).find(R"("time":"1970-01-01 00:00:00")"),
      std::string::npos);
  for (const char* wrong : {"", "8", "+8:00", "+08:60", "+15:00", "08:00 ", "Europe/Berlin", "+0a:00"}) {
    auto made = make({{"utc_offset", wrong}});
    ASSERT_FALSE(made) << wrong;
    EXPECT_EQ(made.error().what, "sluice.yaml:3:5: '" + std::string(wrong) +
                                     "' is no offset from UTC; expected one like +08:00 or -03:30");
  }
}

TEST(Envelope, TheKeyIsTheTable) {
  Payouts p;
  Outbox out(true);
  Change change = p.change(Op::Insert);
  (*make({}))->encode(p.s.batch, {&change, 1}, out);
  out.end_message();
  EXPECT_EQ(out.word(out.addresses.at(0).key, out.addresses.at(0).key_size), "shop.payouts");
}

}  // namespace
}  // namespace sluice
