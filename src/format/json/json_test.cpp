#include <gtest/gtest.h>

#include <map>

#include "format/encoder.h"
#include "support/sample.h"

namespace sluice {

extern const FormatType json_format;

namespace {

using namespace sample;

std::string encoded(const Sample& sample, const Change& change,
                    const std::map<std::string, std::vector<std::string>>& options = {}) {
  Settings settings(json_format.options);
  for (const auto& [name, values] : options) EXPECT_TRUE(settings.set(name, values, "test")) << name;
  auto encoder = json_format.make(settings);
  Outbox out;
  (*encoder)->encode(sample.batch, {&change, 1}, out);
  return std::string(out.bytes.view());
}

const std::string kStamp =
    R"("ts":"2026-01-15T10:30:00.123456Z","id":"3e11fa47-71ca-11e1-9e33-c80aa9429562:17#)";

TablePtr shop_item() {
  return table("shop", "item",
               {column("id", ColumnType::Int), column("name", ColumnType::VarChar),
                column("price", ColumnType::Decimal)},
               {0});
}

// Text that a server stored in UTF-8: a lone surrogate in it is no byte that a character set did not know.
Cell as_stored(Cell text) {
  text.aux = 1;
  return text;
}

TEST(Json, ARowOfEachOperation) {
  Sample s;
  TablePtr item = shop_item();
  Cell price = s.decimal("1.50", 10, 2);
  struct Case {
    Op op;
    std::vector<Cell> before, after;
    std::string head, rest;
  };
  const Case cases[] = {
      {Op::Insert,
       {},
       {integer(1), s.text("Ann"), price},
       R"({"op":"insert")",
       R"("key":{"id":1},"after":{"id":1,"name":"Ann","price":"1.50"}})"},
      {Op::Update,
       {integer(1), null(), price},
       {integer(2), s.text("Ann"), price},
       R"({"op":"update")",
       R"("key":{"id":2},"before":{"id":1,"name":null,"price":"1.50"},"after":{"id":2,"name":"Ann","price":"1.50"}})"},
      {Op::Delete,
       {integer(1), null(), price},
       {},
       R"({"op":"delete")",
       R"("key":{"id":1},"before":{"id":1,"name":null,"price":"1.50"}})"},
      // Partial images: what is missing is absent, the key is taken from the image that has it.
      {Op::Update,
       {integer(1), missing(), missing()},
       {missing(), missing(), price},
       R"({"op":"update")",
       R"("key":{"id":1},"before":{"id":1},"after":{"price":"1.50"}})"},
      {Op::Insert, {}, {missing(), missing(), missing()}, R"({"op":"insert")", R"("key":{},"after":{}})"},
  };
  size_t n = 0;
  for (const Case& c : cases) {
    EXPECT_EQ(encoded(s, s.add(c.op, item, c.before, c.after)),
              c.head + R"(,"db":"shop","table":"item",)" + kStamp + std::to_string(n++) + "\"," + c.rest);
  }
  TablePtr keyless = table("shop", "log", {column("a", ColumnType::Int)});
  EXPECT_EQ(encoded(s, s.add(Op::Insert, keyless, {}, {integer(1)})),
            R"({"op":"insert","db":"shop","table":"log",)" + kStamp + R"(5","after":{"a":1}})");
}

TEST(Json, WithSourceTransactionAndQuery) {
  Sample s;
  TablePtr log = table("d", "t", {column("a", ColumnType::Int)});
  s.event().query = s.keep("insert into t values (\"1\")");
  Change change = s.add(Op::Insert, log, {}, {integer(1)});
  change.last = true;
  const std::string head = R"({"op":"insert","db":"d","table":"t",)" + kStamp + "0\",";
  const std::string source =
      R"("source":{"name":"main","server_id":7,"file":"binlog.000003","pos":1234,"gtid":"3e11fa47-71ca-11e1-9e33-c80aa9429562:17"},)";
  const std::string tx = R"("tx":{"id":"3e11fa47-71ca-11e1-9e33-c80aa9429562:17","index":0,"last":true},)";
  const std::string query = "\"query\":\"insert into t values (\\\"1\\\")\",";
  EXPECT_EQ(encoded(s, change, {{"with", {"source", "tx", "query"}}, {"name", {"main"}}}),
            head + source + tx + query + R"("after":{"a":1}})");
  EXPECT_EQ(encoded(s, change, {{"with", {"tx"}}}), head + tx + R"("after":{"a":1}})");
  s.transaction().gtid = {};
  change.last = false;
  EXPECT_EQ(encoded(s, change, {{"with", {"source", "tx"}}}),
            head + R"("source":{"server_id":7,"file":"binlog.000003","pos":1234},)"
                   R"("tx":{"id":"3e11fa47-71ca-11e1-9e33-c80aa9429562:17","index":0},"after":{"a":1}})");

  Settings settings(json_format.options);
  ASSERT_TRUE(settings.set("with", {"sauce"}, "sluice.yaml:3:5"));
  auto encoder = json_format.make(settings);
  ASSERT_FALSE(encoder);
  EXPECT_EQ(encoder.error().what, "sluice.yaml:3:5: 'sauce' is not known; with takes source, tx and query");
  EXPECT_EQ(encoder.error().fault, Fault::Usage);
}

TEST(Json, TheKeyOfAMessageIsTheOneItShows) {
  Sample s;
  TablePtr pair = table("d", "t", {column("a", ColumnType::Int), column("b", ColumnType::VarChar)}, {1, 0});
  TablePtr bare = table("d", "u", {column("a", ColumnType::Int)});
  Settings settings(json_format.options);
  auto encoder = std::move(*json_format.make(settings));
  auto key = [&](const Change& change) {
    Outbox out(true);
    encoder->encode(s.batch, {&change, 1}, out);
    out.end_message();
    const Address& address = out.addresses[0];
    return address.keyed ? std::string(out.word(address.key, address.key_size)) : "none";
  };
  EXPECT_EQ(key(s.add(Op::Insert, pair, {}, {integer(1), s.text("x")})), R"({"b":"x","a":1})");
  EXPECT_EQ(key(s.add(Op::Delete, pair, {integer(1), s.text("x")}, {})), R"({"b":"x","a":1})");
  EXPECT_EQ(key(s.add(Op::Insert, bare, {}, {integer(1)})), "none");
}

TEST(Json, TheStampFollowsTheTransaction) {
  Sample s;
  TablePtr log = table("d", "t", {column("a", ColumnType::Int)});
  s.batch.transactions.push_back(
      {.id = s.keep("0-1-9"), .gtid = s.keep("0-1-9"), .commit_us = 0, .xid = 0, .begin = 0});
  Settings settings(json_format.options);
  auto encoder = std::move(*json_format.make(settings));
  auto stamp = [&](uint32_t transaction, uint32_t index) {
    Change change = s.add(Op::Insert, log, {}, {integer(1)});
    change.transaction = transaction;
    change.index = index;
    Outbox out;
    encoder->encode(s.batch, {&change, 1}, out);
    std::string message(out.bytes.view());
    size_t begin = message.find("\"ts\"");
    return message.substr(begin, message.find(",\"after\"") - begin);
  };
  // Without a commit time the second of the event stands in, and no microseconds are made up.
  EXPECT_EQ(stamp(0, 0), kStamp + "0\"");
  EXPECT_EQ(stamp(1, 0), R"("ts":"2026-01-15T10:30:00Z","id":"0-1-9#0")");
  EXPECT_EQ(stamp(1, 4294967295), R"("ts":"2026-01-15T10:30:00Z","id":"0-1-9#4294967295")");
  s.event().timestamp += 86400;
  EXPECT_EQ(stamp(1, 2), R"("ts":"2026-01-16T10:30:00Z","id":"0-1-9#2")");
  EXPECT_EQ(stamp(0, 1), kStamp + "1\"");
}

TEST(Json, ValuesOfEveryKind) {
  Sample s;
  const std::vector<std::string> members = {"small", "big\"x", "€"};
  Column labels = column("v", ColumnType::Enum, members);
  Column set = column("v", ColumnType::Set, members);
  Column plain = column("v", ColumnType::Unknown);
  struct Case {
    Column column;
    Cell cell;
    std::string value;
  };
  const Case cases[] = {
      {plain, integer(INT64_MIN), "-9223372036854775808"},
      {plain, of(Kind::Uint, UINT64_MAX), "18446744073709551615"},
      {plain, real(Kind::Double, 0.1), "0.1"},
      {plain, real(Kind::Double, 1e300), "1e+300"},
      {plain, real(Kind::Double, 5e-324), "5e-324"},
      {plain, real(Kind::Float, 0.1f), "0.1"},
      {plain, real(Kind::Float, 16777216), "16777216"},
      {plain, s.decimal("19.90", 10, 2), R"("19.90")"},
      {plain, s.decimal("-12345678901234567890123456789012345.123456789012345678901234567890", 65, 30),
       R"("-12345678901234567890123456789012345.123456789012345678901234567890")"},
      {plain, s.text("a\"b\\c\n\x01 Grüße 😀"), R"("a\"b\\c\n\u0001 Grüße 😀")"},
      {plain, s.text("\xed\xb2\x81"), R"("\udc81")"},
      {plain, as_stored(s.text("\xed\xb2\x81")), R"("\udced\udcb2\udc81")"},
      {plain, s.bytes(Kind::Blob, std::string("\0\xff\x10", 3)), R"("AP8Q")"},
      {plain, s.bytes(Kind::Blob, ""), R"("")"},
      {plain, date(2026, 1, 15), R"("2026-01-15")"},
      {plain, date(2026, 2, 31), R"("2026-02-31")"},
      {plain, date(0, 0, 0), R"("0000-00-00")"},
      {plain, datetime(2026, 1, 15, 10, 30, 0, 123000, 3), R"("2026-01-15 10:30:00.123")"},
      {plain, of(Kind::DateTime, 0), R"("0000-00-00 00:00:00")"},
      {plain, timestamp(1768473000, 123000, 3), R"("2026-01-15T10:30:00.123Z")"},
      {plain, timestamp(1768473000, 0, 0), R"("2026-01-15T10:30:00Z")"},
      {plain, timestamp(0, 0, 3), R"("0000-00-00 00:00:00.000")"},
      {plain, time(-1, 838, 59, 59, 0, 6), R"("-838:59:59.000000")"},
      {plain, time(1, 0, 0, 1, 500000, 1), R"("00:00:01.5")"},
      {plain, of(Kind::Year, 2026), "2026"},
      {plain, of(Kind::Year, 0), "0"},
      {plain, of(Kind::Bit, UINT64_MAX, 64), "18446744073709551615"},
      {labels, of(Kind::Enum, 2), R"("big\"x")"},
      {labels, of(Kind::Enum, 0), R"("")"},
      {labels, of(Kind::Enum, 4), "4"},
      {plain, of(Kind::Enum, 1), "1"},
      {set, of(Kind::Set, 7), R"("small,big\"x,€")"},
      {set, of(Kind::Set, 8), "8"},
      {set, of(Kind::Set, 0), R"("")"},
      {set, of(Kind::Set, 9), "9"},
      {plain, of(Kind::Set, 5), "5"},
      {column("v", ColumnType::Set, std::vector<std::string>(64, "m")), of(Kind::Set, uint64_t{1} << 63),
       R"("m")"},
      {plain, s.bytes(Kind::Json, unhex("0001000c000b00010005010061")), R"({"a":1})"},
      {plain, s.bytes(Kind::Json, ""), "null"},
      {plain, s.bytes(Kind::Json, unhex("02ffffffff")), R"("malformed json, base64:Av////8=")"},
      {plain, s.bytes(Kind::Geometry, unhex("e61000000101000000000000000000f03f0000000000000040")),
       R"({"srid":4326,"wkb":"AQEAAAAAAAAAAADwPwAAAAAAAABA"})"},
      {plain, s.bytes(Kind::Geometry, unhex("e610")), R"({"srid":null,"wkb":"5hA="})"},
      {plain, s.bytes(Kind::Vector, unhex("0000803f0000c0bf")), "[1,-1.5]"},
      {plain, s.bytes(Kind::Uuid, unhex("00112233445566778899aabbccddeeff")),
       R"("00112233-4455-6677-8899-aabbccddeeff")"},
      {plain, s.bytes(Kind::Inet4, unhex("7f000001")), R"("127.0.0.1")"},
      {plain, s.bytes(Kind::Inet6, unhex("00000000000000000000000000000001")), R"("::1")"},
      {plain, null(), "null"},
  };
  for (const Case& c : cases) {
    TablePtr one = table("d", "t", {c.column});
    std::string message = encoded(s, s.add(Op::Insert, one, {}, {c.cell}));
    std::string wanted = ",\"after\":{\"v\":" + c.value + "}}";
    EXPECT_TRUE(message.ends_with(wanted)) << message << "\nexpected: " << wanted;
  }
}

TEST(Json, SchemaChanges) {
  Sample s;
  s.event().query = s.keep("ALTER TABLE `a\"b` ADD x int");
  s.event().database = s.keep("shop");
  s.event().ddl_table = s.keep("a\"b");
  const std::string rest = kStamp + R"(0","statement":"ALTER TABLE `a\"b` ADD x int"})";
  Change change = s.add(Op::Ddl, nullptr, {}, {});
  EXPECT_EQ(encoded(s, change), R"({"op":"ddl","db":"shop","table":"a\"b",)" + rest);
  s.event().database = s.event().ddl_table = {};
  EXPECT_EQ(encoded(s, change), R"({"op":"ddl","db":"",)" + rest);
}

using Choices = std::map<std::string, std::vector<std::string>>;

const std::string kFlatStamp =
    R"("_ts":"2026-01-15T10:30:00.123456Z","_id":"3e11fa47-71ca-11e1-9e33-c80aa9429562:17#)";

TEST(Json, LayoutsOfEachOperation) {
  TablePtr item = shop_item();
  TablePtr keyless = table("shop", "item", item->columns);
  struct Case {
    const TablePtr& table;
    Op op;
    std::vector<Cell> before, after;
    std::string flat, changed;  // behind the fields
  };
  Sample s;
  Cell pen = s.text("pen"), dear = s.decimal("2.00", 10, 2), cheap = s.decimal("1.50", 10, 2);
  const Case cases[] = {
      {item,
       Op::Insert,
       {},
       {integer(1), pen, null()},
       R"(,"id":1,"name":"pen","price":null})",
       R"(,"key":{"id":1},"after":{"id":1,"name":"pen","price":null}})"},
      {item,
       Op::Update,
       {integer(1), pen, cheap},
       {integer(1), pen, dear},
       R"(,"id":1,"name":"pen","price":"2.00"})",
       R"(,"key":{"id":1},"before":{"price":"1.50"},"after":{"price":"2.00"}})"},
      {item,
       Op::Update,
       {integer(1), pen, cheap},
       {integer(2), null(), cheap},
       R"(,"id":2,"name":null,"price":"1.50"})",
       R"(,"key":{"id":2},"before":{"id":1,"name":"pen"},"after":{"id":2,"name":null}})"},
      {item,
       Op::Update,
       {integer(1), pen, cheap},
       {integer(1), pen, cheap},
       R"(,"id":1,"name":"pen","price":"1.50"})",
       R"(,"key":{"id":1},"before":{},"after":{}})"},
      {item,
       Op::Update,
       {integer(1), missing(), missing()},
       {missing(), missing(), dear},
       R"(,"price":"2.00"})",
       R"(,"key":{"id":1},"before":{},"after":{"price":"2.00"}})"},
      {item,
       Op::Delete,
       {integer(1), pen, cheap},
       {},
       R"(,"id":1,"name":"pen","price":"1.50"})",
       R"(,"key":{"id":1},"before":{"id":1,"name":"pen","price":"1.50"}})"},
      {keyless,
       Op::Update,
       {integer(1), pen, cheap},
       {integer(1), pen, dear},
       R"(,"id":1,"name":"pen","price":"2.00"})",
       R"(,"before":{"id":1,"name":"pen","price":"1.50"},"after":{"price":"2.00"}})"},
      {item, Op::Insert, {}, {missing(), missing(), missing()}, "}", R"(,"key":{},"after":{}})"},
  };
  const std::string ops[] = {"insert", "update", "delete"};
  size_t n = 0;
  for (const Case& c : cases) {
    Change change = s.add(c.op, c.table, c.before, c.after);
    std::string index = std::to_string(n++) + "\"", op = ops[static_cast<size_t>(c.op)];
    EXPECT_EQ(encoded(s, change, {{"layout", {"flat"}}}),
              R"({"_op":")" + op + R"(","_db":"shop","_table":"item",)" + kFlatStamp + index + c.flat);
    EXPECT_EQ(encoded(s, change, {{"layout", {"changed"}}}),
              R"({"op":")" + op + R"(","db":"shop","table":"item",)" + kStamp + index + c.changed);
  }
}

TEST(Json, TheFlatLayoutHasKeysOfMessagesToo) {
  Sample s;
  for (const char* layout : {"nested", "flat", "changed"}) {
    Settings settings(json_format.options);
    ASSERT_TRUE(settings.set("layout", {layout}, "test"));
    auto encoder = json_format.make(settings);
    Outbox out(true);
    // Long enough to be written cell by cell.
    Cell name = s.text(std::string(2 << 20, 'x'));
    Change change = s.add(Op::Insert, shop_item(), {}, {integer(7), name, null()});
    (*encoder)->encode(s.batch, {&change, 1}, out);
    out.end_message();
    ASSERT_EQ(out.addresses.size(), 1U);
    EXPECT_EQ(out.word(out.addresses[0].key, out.addresses[0].key_size), R"({"id":7})") << layout;
    EXPECT_TRUE(out.bytes.view().ends_with("}\n")) << layout;
    EXPECT_EQ(out.bytes.view().find(R"("key")") == std::string_view::npos, layout == std::string("flat"));
  }
}

TEST(Json, NamesOfFields) {
  Sample s;
  s.transaction().gtid = s.keep("g:1");
  s.event().server_id = 5;
  s.event().file = s.keep("b.1");
  s.event().offset = 99;
  Change change = s.add(Op::Insert, table("d", "t", {column("a_b", ColumnType::Int)}), {}, {integer(1)});
  change.last = true;
  const Choices all = {{"with", {"source", "tx"}}, {"name", {"n"}}};
  auto with = [&](Choices more) {
    more.insert(all.begin(), all.end());
    return encoded(s, change, more);
  };
  const std::string id = R"("3e11fa47-71ca-11e1-9e33-c80aa9429562:17")";
  const std::string camel = with({{"names", {"camelCase"}}});
  EXPECT_NE(
      camel.find(R"("source":{"name":"n","serverId":5,"file":"b.1","pos":99,"gtid":"g:1"},"tx":{"id":)" + id +
                 R"(,"index":0,"last":true},"after":{"a_b":1}})"),
      std::string::npos)
      << camel;
  const std::string flat = with({{"layout", {"flat"}}});
  EXPECT_NE(
      flat.find(
          R"(,"_source_name":"n","_source_server_id":5,"_source_file":"b.1","_source_pos":99,"_source_gtid":"g:1","_tx_id":)" +
          id + R"(,"_tx_index":0,"_tx_last":true,"a_b":1})"),
      std::string::npos)
      << flat;
  const std::string both = with({{"layout", {"flat"}}, {"names", {"camelCase"}}, {"prefix", {"__my_"}}});
  EXPECT_TRUE(both.starts_with(R"({"__my_op":"insert","__my_db":"d","__my_table":"t","__my_ts":")")) << both;
  EXPECT_NE(both.find(R"(,"__my_sourceServerId":5,)"), std::string::npos) << both;
  change = s.add(Op::Ddl, nullptr, {}, {});
  s.event().query = s.keep("drop table t");
  EXPECT_TRUE(encoded(s, change, {{"layout", {"flat"}}, {"prefix", {"\""}}})
                  .ends_with(R"(,"\"statement":"drop table t"})"));
}

TEST(Json, AColumnThatIsCalledLikeAFieldStandsBesideIt) {
  Sample s;
  TablePtr t = table("d", "t",
                     {column("id", ColumnType::Int), column("id_2", ColumnType::Int),
                      column("tx_id", ColumnType::Int), column("query", ColumnType::Int)},
                     {0});
  Change change = s.add(Op::Insert, t, {}, {integer(1), integer(2), integer(3), integer(4)});
  auto columns = [&](Choices more) {
    std::string line = encoded(s, change, more);
    return line.substr(line.rfind(R"(:17#0")") + 6);
  };
  EXPECT_EQ(columns({{"layout", {"flat"}}, {"prefix", {""}}}), R"(,"id_3":1,"id_2":2,"tx_id":3,"query":4})");
  EXPECT_EQ(columns({{"layout", {"flat"}}, {"prefix", {""}}, {"with", {"query"}}}),
            R"(,"id_3":1,"id_2":2,"tx_id":3,"query_2":4})");
  EXPECT_EQ(columns({{"layout", {"flat"}}}), R"(,"id":1,"id_2":2,"tx_id":3,"query":4})");
  EXPECT_EQ(columns({}), R"(,"key":{"id":1},"after":{"id":1,"id_2":2,"tx_id":3,"query":4}})");
}

TEST(Json, NullsAreLeftOutAndBigIntegersAreText) {
  Sample s;
  TablePtr t = table("d", "t",
                     {column("id", ColumnType::BigInt), column("b", ColumnType::Bit),
                      column("n", ColumnType::Int), column("u", ColumnType::BigInt)},
                     {0});
  Change change = s.add(
      Op::Update, t, {integer(INT64_MIN), of(Kind::Bit, 9007199254740991, 64), null(), null()},
      {integer(-9007199254740992), of(Kind::Bit, 9007199254740992, 64), null(), of(Kind::Uint, UINT64_MAX)});
  auto behind_id = [&](const Choices& choices) {
    std::string line = encoded(s, change, choices);
    return line.substr(line.find("\"key\""));
  };
  EXPECT_EQ(behind_id({{"nulls", {"omit"}}}),
            R"("key":{"id":-9007199254740992},"before":{"id":-9223372036854775808,"b":9007199254740991},)"
            R"("after":{"id":-9007199254740992,"b":9007199254740992,"u":18446744073709551615}})");
  EXPECT_EQ(
      behind_id({{"big_integers", {"string"}}}),
      R"("key":{"id":"-9007199254740992"},"before":{"id":"-9223372036854775808","b":9007199254740991,"n":null,"u":null},)"
      R"("after":{"id":"-9007199254740992","b":"9007199254740992","n":null,"u":"18446744073709551615"}})");
  EXPECT_EQ(behind_id({{"big_integers", {"string"}}, {"nulls", {"omit"}}, {"layout", {"changed"}}}),
            R"("key":{"id":"-9007199254740992"},"before":{"id":"-9223372036854775808","b":9007199254740991},)"
            R"("after":{"id":"-9007199254740992","b":"9007199254740992","u":"18446744073709551615"}})");
}

TEST(Json, APrefixIsOfTheFlatLayoutOnly) {
  Settings settings(json_format.options);
  ASSERT_TRUE(settings.set("prefix", {"meta_"}, "sluice.yaml:3:5"));
  auto made = json_format.make(settings);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().what,
            "sluice.yaml:3:5: only the flat layout has a prefix; set layout: flat, or leave it out");
}

}  // namespace
}  // namespace sluice
