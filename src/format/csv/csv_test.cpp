#include <gtest/gtest.h>

#include "format/encoder.h"
#include "format/plain.h"
#include "support/sample.h"

namespace sluice {

extern const FormatType csv_format;

namespace {

using namespace sample;
using Chosen = std::vector<std::pair<std::string, std::vector<std::string>>>;

std::unique_ptr<Encoder> make(const Chosen& chosen = {}) {
  Settings settings(csv_format.options);
  for (const auto& [name, values] : chosen) {
    auto set = settings.set(name, values, "test");
    EXPECT_TRUE(set) << set.error().what;
  }
  auto made = csv_format.make(settings);
  EXPECT_TRUE(made) << made.error().what;
  return std::move(*made);
}

std::string fault_of(const Chosen& chosen) {
  Settings settings(csv_format.options);
  for (const auto& [name, values] : chosen) {
    if (auto set = settings.set(name, values, "test"); !set) return set.error().what;
  }
  auto made = csv_format.make(settings);
  return made ? "no fault" : made.error().what;
}

std::string encode(Encoder& encoder, Sample& sample, const Change& change) {
  Outbox out;
  out.begin(0);
  encoder.encode(sample.batch, {&change, 1}, out);
  out.end_message();
  return std::string(out.bytes.view());
}

std::string heading(Encoder& encoder, const Table& table) {
  Bytes out;
  encoder.heading(table, out);
  return std::string(out.view());
}

// Lines of fields, as RFC 4180 has them; whether a field was quoted.
struct Field {
  std::string text;
  bool quoted = false;
};
std::vector<std::vector<Field>> parse(std::string_view text, char delimiter = ',') {
  std::vector<std::vector<Field>> lines;
  for (size_t at = 0; at < text.size();) {
    std::vector<Field> line(1);
    for (bool inside = false; at < text.size(); ++at) {
      char c = text[at];
      if (inside && c == '"' && at + 1 < text.size() && text[at + 1] == '"') {
        line.back().text += text[++at];
      } else if (c == '"') {
        EXPECT_TRUE(inside || line.back().text.empty()) << "a quote inside a field of " << text;
        inside = !inside;
        line.back().quoted = true;
      } else if (!inside && c == delimiter) {
        line.emplace_back();
      } else if (!inside && c == '\n') {
        break;
      } else {
        line.back().text += c;
      }
    }
    ++at;
    lines.push_back(std::move(line));
  }
  return lines;
}

TEST(Csv, RowsHaveTheirFactsInFront) {
  Sample sample;
  TablePtr item =
      table("shop", "item", {column("id", ColumnType::Int), column("name", ColumnType::VarChar)}, {0});
  auto encoder = make();
  EXPECT_EQ(heading(*encoder, *item), "_op,_id,_ts,id,name\n");
  sample.transaction().id = sample.keep("0-1-42");
  sample.transaction().commit_us = 1768473000123456;
  EXPECT_EQ(encode(*encoder, sample, sample.add(Op::Insert, item, {}, {integer(1), sample.text("pen")})),
            "insert,0-1-42#0,2026-01-15T10:30:00.123456Z,1,pen\n");
  Change update = sample.add(Op::Update, item, {integer(1), sample.text("pen")}, {integer(2), null()});
  update.index = 7;
  EXPECT_EQ(encode(*encoder, sample, update), "update,0-1-42#7,2026-01-15T10:30:00.123456Z,2,\n");
  Change gone = sample.add(Op::Delete, item, {integer(2), sample.text("")}, {});
  EXPECT_EQ(encode(*make({{"meta", {"op"}}}), sample, gone), "delete,2,\"\"\n");
  EXPECT_EQ(encode(*make({{"meta", {"op"}}, {"before", {"true"}}}), sample, update),
            "before,1,pen\nupdate,2,\n");
  auto all =
      make({{"meta", {"table", "db", "pos", "server_id", "gtid", "xid", "file"}}, {"delimiter", {"tab"}}});
  EXPECT_EQ(heading(*all, *item), "_table\t_db\t_pos\t_server_id\t_gtid\t_xid\t_file\tid\tname\n");
  sample.transaction().gtid = {};
  sample.transaction().xid = 0;
  sample.event().offset = 4711;
  sample.event().server_id = 3;
  sample.event().file = sample.keep("quo\"te.1");
  EXPECT_EQ(encode(*all, sample, update), "item\tshop\t4711\t3\t\t\t\"quo\"\"te.1\"\t2\t\n");
  EXPECT_EQ(encode(*encoder, sample, sample.add(Op::Ddl, nullptr, {}, {})), "");
}

TEST(Csv, QuotesWhatWouldBeReadOtherwise) {
  struct {
    std::string text, expected;
  } cases[] = {{"plain", "plain"},
               {"", "\"\""},
               {"a,b", "\"a,b\""},
               {"say \"hi\"", "\"say \"\"hi\"\"\""},
               {"two\nlines", "\"two\nlines\""},
               {"two\r\nlines", "\"two\r\nlines\""},
               {" spaces ", " spaces "},
               {"semi;colon", "semi;colon"},
               {"(missing)", "\"(missing)\""},
               {"exactly8", "exactly8"},
               {"1234567,", "\"1234567,\""},
               {"12345678,", "\"12345678,\""},
               {"Grüße, 😀", "\"Grüße, 😀\""},
               {std::string("nul\0nul", 7), std::string("nul\0nul", 7)}};
  Sample sample;
  TablePtr one = table("d", "t", {column("id", ColumnType::Int), column("v", ColumnType::Text)});
  auto encoder = make({{"meta", {}}});
  for (const auto& each : cases) {
    EXPECT_EQ(encode(*encoder, sample, sample.add(Op::Insert, one, {}, {integer(1), sample.text(each.text)})),
              "1," + each.expected + "\n");
  }
}

TEST(Csv, NullMissingAndEmptyAreTold) {
  Sample sample;
  TablePtr three = table(
      "d", "t", {column("a", ColumnType::Text), column("b", ColumnType::Int), column("c", ColumnType::Blob)});
  struct {
    std::string null, missing;
    std::vector<Cell> row;
    std::string expected;
  } cases[] = {
      {"", "(missing)", {sample.text(""), null(), missing()}, "\"\",,(missing)\n"},
      {"\\N", "?", {sample.text("\\N"), null(), missing()}, "\"\\N\",\\N,?\n"},
      {"0", "-1", {sample.text("0"), integer(0), sample.bytes(Kind::Blob, "")}, "\"0\",\"0\",\n"},
      {"0", "-1", {null(), integer(-1), missing()}, "0,\"-1\",-1\n"},
      {"", "(missing)", {null(), integer(0), sample.bytes(Kind::Blob, "")}, ",0,\"\"\n"},
  };
  for (const auto& each : cases) {
    auto encoder = make({{"meta", {}}, {"null_as", {each.null}}, {"missing_as", {each.missing}}});
    EXPECT_EQ(encode(*encoder, sample, sample.add(Op::Insert, three, {}, each.row)), each.expected);
  }
  // An empty line would be no line.
  TablePtr one = table("d", "one", {column("v", ColumnType::Text)});
  auto bare = make({{"meta", {}}});
  EXPECT_EQ(encode(*bare, sample, sample.add(Op::Insert, one, {}, {null()})), "NULL\n");
  EXPECT_EQ(encode(*bare, sample, sample.add(Op::Insert, one, {}, {sample.text("NULL")})), "\"NULL\"\n");
  EXPECT_EQ(encode(*bare, sample, sample.add(Op::Insert, one, {}, {sample.text("")})), "\"\"\n");
}

// A partial image: what the row behind an update lacks is as it was; what nobody logged is not null.
TEST(Csv, PartialImages) {
  Sample sample;
  TablePtr pair = table("d", "t", {column("id", ColumnType::Int), column("v", ColumnType::Int)}, {0});
  auto encoder = make({{"meta", {"op"}}, {"before", {"true"}}});
  EXPECT_EQ(encode(*encoder, sample,
                   sample.add(Op::Update, pair, {integer(1), missing()}, {missing(), integer(5)})),
            "before,1,(missing)\nupdate,1,5\n");
}

TEST(Csv, ValuesAreWhatSelectShows) {
  Sample sample;
  std::vector<std::string> members = {"small", "a,b"};
  std::vector<std::pair<Column, Cell>> values = {
      {column("v", ColumnType::BigInt), of(Kind::Uint, UINT64_MAX)},
      {column("v", ColumnType::BigInt), integer(INT64_MIN)},
      {column("v", ColumnType::Bit), of(Kind::Bit, 5, 3)},
      {column("v", ColumnType::Float), real(Kind::Float, 0.1f)},
      {column("v", ColumnType::Double), real(Kind::Double, 1e300)},
      {column("v", ColumnType::Decimal), sample.decimal("-0.01", 3, 2)},
      {column("v", ColumnType::Date), date(2026, 2, 31)},
      {column("v", ColumnType::Time), time(-1, 838, 59, 59, 999999, 6)},
      {column("v", ColumnType::DateTime), datetime(2026, 1, 15, 10, 30, 0, 123000, 3)},
      {column("v", ColumnType::DateTime), of(Kind::DateTime, 0)},
      {column("v", ColumnType::Timestamp), timestamp(1768473000, 120000, 2)},
      {column("v", ColumnType::Timestamp), timestamp(0, 0, 6)},
      {column("v", ColumnType::Year), of(Kind::Year, 0)},
      {column("v", ColumnType::Year), of(Kind::Year, 2026)},
      {column("v", ColumnType::Enum, members), of(Kind::Enum, 2)},
      {column("v", ColumnType::Enum, members), of(Kind::Enum, 1)},
      {column("v", ColumnType::Enum, members), of(Kind::Enum, 9)},
      {column("v", ColumnType::Set, members), of(Kind::Set, 3)},
      {column("v", ColumnType::Json), sample.bytes(Kind::Json, unhex("0001000c000b00010005010061"))},
      {column("v", ColumnType::Geometry),
       sample.bytes(Kind::Geometry, unhex("e61000000101000000000000000000f03f0000000000000040"))},
      {column("v", ColumnType::Vector), sample.bytes(Kind::Vector, unhex("0000803f0000c0bf"))},
      {column("v", ColumnType::Uuid), sample.bytes(Kind::Uuid, unhex("00112233445566778899aabbccddeeff"))},
      {column("v", ColumnType::Inet4), sample.bytes(Kind::Inet4, unhex("01020304"))},
      {column("v", ColumnType::Inet6), sample.bytes(Kind::Inet6, unhex("20010db8000000000000ff0000428329"))},
  };
  auto encoder = make();
  for (const auto& [shape, cell] : values) {
    TablePtr one = table("d", "t", {shape});
    Bytes plain;
    append_plain(plain, cell, shape);
    auto lines = parse(encode(*encoder, sample, sample.add(Op::Insert, one, {}, {cell})));
    ASSERT_EQ(lines.size(), 1U);
    ASSERT_EQ(lines[0].size(), 4U);
    EXPECT_EQ(lines[0][3].text, plain.view());
  }
  TablePtr one = table("d", "t", {column("v", ColumnType::Blob)});
  Change bytes =
      sample.add(Op::Insert, one, {}, {sample.bytes(Kind::Blob, std::string_view("\0\xff,\n", 4))});
  EXPECT_EQ(encode(*make({{"meta", {}}}), sample, bytes), "AP8sCg==\n");
  EXPECT_EQ(encode(*make({{"meta", {}}, {"binary", {"hex"}}}), sample, bytes), "00ff2c0a\n");
}

TEST(Csv, OddNames) {
  Sample sample;
  TablePtr odd = table("a,b", "quo\"te", {column("new\nline", ColumnType::Int), column("", ColumnType::Int)});
  auto encoder = make({{"meta", {"db", "table"}}});
  EXPECT_EQ(heading(*encoder, *odd), "_db,_table,\"new\nline\",\"\"\n");
  EXPECT_EQ(encode(*encoder, sample, sample.add(Op::Insert, odd, {}, {integer(1), integer(2)})),
            "\"a,b\",\"quo\"\"te\",1,2\n");
  EXPECT_TRUE(encoder->headed());
  EXPECT_FALSE(make({{"header", {"false"}}})->headed());
}

TEST(Csv, TheKeyIsALineOfItsColumns) {
  Sample sample;
  TablePtr keyed = table("d", "t", {column("a", ColumnType::Text), column("b", ColumnType::Int)}, {1, 0});
  Change change = sample.add(Op::Insert, keyed, {}, {sample.text("x,y"), integer(7)});
  Outbox out(true);
  make()->encode(sample.batch, {&change, 1}, out);
  out.end_message();
  ASSERT_EQ(out.addresses.size(), 1U);
  EXPECT_EQ(out.word(out.addresses[0].key, out.addresses[0].key_size), "7,\"x,y\"");
}

TEST(Csv, MistakesAreNamed) {
  struct {
    Chosen chosen;
    std::string expected;
  } cases[] = {
      {{{"delimiter", {""}}}, "test: delimiter: '': expected tab or one of"},
      {{{"delimiter", {",,"}}}, "expected tab or one of"},
      {{{"delimiter", {"-"}}}, "expected tab or one of"},
      {{{"null_as", {"a,b"}}}, "null_as: 'a,b' holds what separates fields or lines"},
      {{{"missing_as", {"\"\""}}}, "missing_as: '\"\"' holds what separates"},
      {{{"missing_as", {""}}}, "null_as and missing_as are both ''"},
      {{{"meta", {"op", "when"}}}, "'when' is not known; expected one of op, id"},
  };
  for (const auto& each : cases) {
    std::string fault = fault_of(each.chosen);
    EXPECT_NE(fault.find(each.expected), fault.npos) << fault;
  }
}

}  // namespace
}  // namespace sluice
