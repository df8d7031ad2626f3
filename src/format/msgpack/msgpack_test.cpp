#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "format/encoder.h"
#include "support/boundary_values.h"

namespace sluice {

extern const FormatType msgpack_format;

namespace {

using namespace sample;
using nlohmann::json;

std::string hex(std::string_view bytes) {
  std::string text;
  for (char c : bytes) text += fmt::format("{:02x}", static_cast<uint8_t>(c));
  return text;
}

std::unique_ptr<Encoder> make_encoder() { return *msgpack_format.make(Settings(msgpack_format.options)); }

std::string encoded(const Sample& s, std::span<const Change> changes) {
  Outbox out(true, true);
  make_encoder()->encode(s.batch, changes, out);
  out.end_message();
  return std::string(out.bytes.view());
}

TEST(MessagePack, ByteForByte) {
  Sample s;
  TablePtr t =
      table("Shop", "Item", {column("id", ColumnType::Int), column("name", ColumnType::VarChar)}, {0});
  Change change = s.add(Op::Insert, t, {}, {integer(1), s.text("pen")});
  EXPECT_EQ(hex(encoded(s, {&change, 1})),
            "85"  // a map of five
            "a6416374696f6e"
            "a6696e73657274"  // Action insert
            "a6536368656d61"
            "a453686f70"  // Schema Shop
            "a55461626c65"
            "a44974656d"  // Table Item
            "a7436f6c756d6e73"
            "92a26964a46e616d65"  // Columns [id, name]
            "a4526f7773"
            "91"
            "9201a370656e");  // Rows [[1, pen]]
}

TEST(MessagePack, RowsOfAnEventStandInOneMessageAndPairsTogether) {
  Sample s;
  TablePtr t = table("d", "OrderLines", {column("id", ColumnType::Int), column("n", ColumnType::Int)}, {0});
  std::vector<Change> changes = {s.add(Op::Update, t, {integer(1), integer(10)}, {integer(1), integer(11)}),
                                 s.add(Op::Update, t, {integer(2), null()}, {integer(-3), integer(21)})};
  EXPECT_EQ(json::from_msgpack(encoded(s, changes)),
            json::parse(R"({"Action":"update","Schema":"d","Table":"OrderLines","Columns":["id","n"],)"
                        R"("Rows":[[1,10],[1,11],[2,null],[-3,21]]})"));
  Change gone = s.add(Op::Delete, t, {integer(1), integer(11)}, {});
  json deleted = json::from_msgpack(encoded(s, {&gone, 1}));
  EXPECT_EQ(deleted["Action"], "delete");
  EXPECT_EQ(deleted["Rows"], json::parse("[[1,11]]"));
}

TEST(MessagePack, TheKeyIsTheTablesNameInLowerCase) {
  Sample s;
  TablePtr t = table("d", "OrderLines", {column("id", ColumnType::Int)}, {0});
  Change change = s.add(Op::Insert, t, {}, {integer(1)});
  Outbox out(true, true);
  make_encoder()->encode(s.batch, {&change, 1}, out);
  out.end_message();
  ASSERT_EQ(out.addresses.size(), 1U);
  EXPECT_EQ(out.word(out.addresses[0].key, out.addresses[0].key_size), "orderlines");
}

TEST(MessagePack, ASchemaChangeIsNoMessage) {
  Sample s;
  Change change = s.add(Op::Ddl, nullptr, {}, {});
  EXPECT_EQ(encoded(s, {&change, 1}), "");
}

TEST(MessagePack, RowsPerMessageAsToldByTheOption) {
  Settings settings(msgpack_format.options);
  EXPECT_TRUE((*msgpack_format.make(settings))->grouped());
  ASSERT_TRUE(settings.set("rows", {"change"}, "test"));
  auto encoder = *msgpack_format.make(settings);
  EXPECT_FALSE(encoder->grouped());
  EXPECT_FALSE(encoder->clone()->grouped());
  EXPECT_TRUE(encoder->binary());
}

TEST(MessagePack, ValuesOfEachType) {
  Sample s;
  const std::vector<std::string> labels = {"small", "€"};
  struct Case {
    ColumnType type;
    Cell cell;
    json value;
  };
  const Case cases[] = {
      {ColumnType::Int, null(), nullptr},
      {ColumnType::Int, missing(), json::binary({0}, 0)},
      {ColumnType::Int, integer(-128), -128},
      {ColumnType::BigInt, integer(INT64_MIN), INT64_MIN},
      {ColumnType::BigInt, of(Kind::Uint, UINT64_MAX), UINT64_MAX},
      {ColumnType::Year, of(Kind::Year, 2026), 2026},
      {ColumnType::Bit, of(Kind::Bit, 5, 3), 5},
      {ColumnType::Float, real(Kind::Float, 0.5), 0.5},
      {ColumnType::Double, real(Kind::Double, 0.1), 0.1},
      {ColumnType::Decimal, s.decimal("-12.50", 6, 2), "-12.50"},
      {ColumnType::Decimal, s.decimal(std::string(40, '9'), 40, 0), std::string(40, '9')},
      {ColumnType::Text, s.text("Grüße"), "Grüße"},
      {ColumnType::Text, s.text("\xed\xb2\x80"), json::binary({0xed, 0xb2, 0x80})},
      {ColumnType::Blob, s.bytes(Kind::Blob, "\x01\x02"), json::binary({1, 2})},
      {ColumnType::Date, date(2026, 1, 15), "2026-01-15"},
      {ColumnType::DateTime, datetime(2026, 1, 15, 10, 30, 0, 120000, 2), "2026-01-15 10:30:00.12"},
      {ColumnType::Timestamp, timestamp(1768473000, 0, 0), "2026-01-15 10:30:00"},
      {ColumnType::Timestamp, timestamp(0, 0, 0), "0000-00-00 00:00:00"},
      {ColumnType::Time, time(-1, 838, 59, 59, 0, 6), "-838:59:59.000000"},
      {ColumnType::Enum, of(Kind::Enum, 2), "€"},
      {ColumnType::Enum, of(Kind::Enum, 0), ""},
      {ColumnType::Enum, of(Kind::Enum, 3), 3},
      {ColumnType::Set, of(Kind::Set, 3), "small,€"},
      {ColumnType::Set, of(Kind::Set, 0), ""},
      {ColumnType::Set, of(Kind::Set, 4), 4},
      {ColumnType::Json, s.bytes(Kind::Json, unhex("0001000c000b00010005010061")), R"({"a":1})"},
      {ColumnType::Geometry, s.bytes(Kind::Geometry, unhex("e6100000ff")),
       json::binary({0xe6, 0x10, 0, 0, 0xff})},
      {ColumnType::Vector, s.bytes(Kind::Vector, unhex("0000803f0000c0bf")), json::parse("[1.0,-1.5]")},
      {ColumnType::Uuid, s.bytes(Kind::Uuid, unhex("00112233445566778899aabbccddeeff")),
       "00112233-4455-6677-8899-aabbccddeeff"},
      {ColumnType::Inet4, s.bytes(Kind::Inet4, unhex("01020304")), "1.2.3.4"},
      {ColumnType::Inet6, s.bytes(Kind::Inet6, unhex("20010db8000000000000000000000001")), "2001:db8::1"},
  };
  for (const Case& c : cases) {
    TablePtr t = table("d", "t", {column("v", c.type, labels)});
    Change change = s.add(Op::Insert, t, {}, {c.cell});
    std::string message = encoded(s, {&change, 1});
    json read = json::from_msgpack(message, true, false);
    ASSERT_TRUE(read.is_object()) << hex(message);
    EXPECT_EQ(read["Rows"][0][0], c.value) << hex(message);
  }
}

TEST(MessagePack, EveryValueIsReadBack) {
  Sample s;
  auto encoder = make_encoder();
  for (const auto& [value, cell] : boundary_values(s)) {
    TablePtr t = table("d", "t", {value, column("last", ColumnType::Int)});
    Change change = s.add(Op::Update, t, {cell, integer(7)}, {cell, integer(8)});
    Outbox out(true, true);
    encoder->encode(s.batch, {&change, 1}, out);
    json read = json::from_msgpack(out.bytes.view(), true, false);
    ASSERT_TRUE(read.is_object()) << hex(out.bytes.view());
    EXPECT_EQ(read["Rows"][0][1], 7);
    EXPECT_EQ(read["Rows"][1][1], 8);
    // As bytes: NaN is not equal to itself.
    EXPECT_EQ(json::to_msgpack(read["Rows"][0][0]), json::to_msgpack(read["Rows"][1][0]));
    s.batch.changes.clear();
  }
}

// Each size has a head of its own; the last row is written value by value.
TEST(MessagePack, TextsOfEverySize) {
  Sample s;
  TablePtr t = table("d", "t", {column("a", ColumnType::Text), column("b", ColumnType::Blob)});
  for (size_t size : {0, 31, 32, 255, 256, 65535, 65536, 2'000'000}) {
    std::string text(size, 'x');
    Change change = s.add(Op::Insert, t, {}, {s.text(text), s.bytes(Kind::Blob, text)});
    json read = json::from_msgpack(encoded(s, {&change, 1}), true, false);
    ASSERT_TRUE(read.is_object()) << size;
    EXPECT_EQ(read["Rows"][0][0], text);
    EXPECT_EQ(read["Rows"][0][1], json::binary(std::vector<uint8_t>(size, 'x')));
  }
  std::vector<Column> many(70'000, column("c", ColumnType::Int));
  Change change = s.add(Op::Insert, table("d", "t", many), {}, std::vector<Cell>(70'000, integer(300)));
  json read = json::from_msgpack(encoded(s, {&change, 1}), true, false);
  EXPECT_EQ(read["Columns"].size(), 70'000U);
  EXPECT_EQ(read["Rows"][0].size(), 70'000U);
  EXPECT_EQ(read["Rows"][0][69'999], 300);
}

}  // namespace
}  // namespace sluice
