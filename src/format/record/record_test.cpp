// The formats avro and protobuf, byte for byte, and their schemas. What Confluent's and Google's libraries
// read of them is test/servers/registry_test.py.
#include <gtest/gtest.h>

#include "format/encoder.h"
#include "format/record_schema.h"
#include "support/sample.h"

namespace sluice {

extern const FormatType avro_format, protobuf_format;

namespace {

using namespace sample;

std::string hex(std::string_view bytes) {
  std::string text;
  for (char c : bytes) text += fmt::format("{:02x}", static_cast<uint8_t>(c));
  return text;
}

std::unique_ptr<Encoder> make(const FormatType& type, bool registry, std::string_view numbers = "") {
  Settings settings(type.options);
  if (registry) { EXPECT_TRUE(settings.set("registry", {"http://127.0.0.1/"}, "test")); }
  if (!numbers.empty()) { EXPECT_TRUE(settings.set("field_numbers", {std::string(numbers)}, "test")); }
  return std::move(*type.make(settings));
}

class RecordTest : public testing::Test {
 protected:
  // A batch whose transaction is "t", at one second past 1970.
  RecordTest() {
    Column id = column("id", ColumnType::Int);
    id.nullable = false;
    table_ = table("shop", "item", {id, column("a-b", ColumnType::VarChar)}, {0});
    change_ = sample_.add(Op::Update, table_, {integer(1), null()}, {integer(1), sample_.text("pen")});
    sample_.batch.transactions[change_.transaction].id = "t";
    sample_.batch.transactions[change_.transaction].commit_us = 1'000'000;
    change_.index = 3;
  }
  void encode(const FormatType& type, bool registry, std::string_view numbers = "") {
    out_.clear();
    make(type, registry, numbers)->encode(sample_.batch, {&change_, 1}, out_);
    out_.end_message();
    ASSERT_EQ(out_.messages.size(), 1U);
    value_ = out_.bytes.view();
    key_ = out_.word(out_.addresses[0].key, out_.addresses[0].key_size);
  }

  Sample sample_;
  TablePtr table_;
  Change change_;
  Outbox out_{true, true};
  std::string value_, key_;
};

TEST_F(RecordTest, AvroByteForByte) {
  encode(avro_format, false);
  EXPECT_EQ(hex(value_),
            "0c757064617465"  // op update
            "0873686f70"      // db shop
            "02086974656d"    // table item
            "80897a"          // ts
            "06742333"        // id t#3
            "02"
            "0202"
            "00"  // before: id 1, a_b null
            "02"
            "0202"
            "0206"
            "70656e"  // after: id 1, a_b pen
            "000000"  // none absent, nothing patched
            "00");    // no statement
  EXPECT_EQ(hex(key_), "02");
  EXPECT_FALSE(out_.messages[0].numbered || out_.addresses[0].numbered);
}

TEST_F(RecordTest, ProtobufByteForByte) {
  encode(protobuf_format, false, "position");
  EXPECT_EQ(hex(value_),
            "0a06757064617465"
            "120473686f70"
            "1a046974656d"
            "20c0843d"
            "2a03742333"
            "3202"
            "0801"
            "3a07"
            "0801"
            "120370656e");
  EXPECT_EQ(hex(key_), "0801");
}

TEST_F(RecordTest, WithARegistryAMessageBeginsWithTheNumberOfItsSchema) {
  for (const FormatType* type : {&avro_format, &protobuf_format}) {
    encode(*type, false);
    std::string bare = value_, bare_key = key_;
    encode(*type, true);
    EXPECT_TRUE(out_.messages[0].numbered && out_.addresses[0].numbered);
    const PooledSchema* schema = find_schema(head_number(value_.data()));
    ASSERT_NE(schema, nullptr);
    EXPECT_EQ(schema->name, "shop.item.Change");
    EXPECT_EQ(value_, schema_head(schema->language, head_number(value_.data())) + bare);
    const PooledSchema* key = find_schema(head_number(key_.data()));
    ASSERT_NE(key, nullptr);
    EXPECT_EQ(key->name, "shop.item.Key");
    EXPECT_EQ(key_, schema_head(key->language, head_number(key_.data())) + bare_key);
  }
}

TEST_F(RecordTest, SchemaOfAvro) {
  encode(avro_format, true);
  EXPECT_EQ(
      find_schema(head_number(value_.data()))->text,
      R"({"type":"record","name":"Change","namespace":"shop.item","fields":[{"name":"op","type":"string"},)"
      R"({"name":"db","type":"string"},{"name":"table","type":["null","string"],"default":null},)"
      R"({"name":"ts","type":{"type":"long","logicalType":"timestamp-micros"}},{"name":"id","type":"string"},)"
      R"({"name":"before","type":["null",{"type":"record","name":"Row","fields":[)"
      R"({"name":"id","type":["null","int"],"default":null},)"
      R"({"name":"a_b","type":["null","string"],"default":null,"doc":"a-b"}]}],"default":null},)"
      R"({"name":"after","type":["null","Row"],"default":null},)"
      R"({"name":"before_absent","type":{"type":"array","items":"string"},"default":[]},)"
      R"({"name":"after_absent","type":{"type":"array","items":"string"},"default":[]},)"
      R"({"name":"patch","type":{"type":"map","values":"string"},"default":{}},)"
      R"({"name":"statement","type":["null","string"],"default":null}]})");
  EXPECT_EQ(
      find_schema(head_number(key_.data()))->text,
      R"({"type":"record","name":"Key","namespace":"shop.item","fields":[{"name":"id","type":"int"}]})");
}

TEST_F(RecordTest, SchemaOfProtobuf) {
  encode(protobuf_format, true, "position");
  EXPECT_EQ(find_schema(head_number(value_.data()))->text, R"(syntax = "proto3";
package shop.item;

message Change {
  message Row {
    optional int32 id = 1;
    optional string a_b = 2;  // "a-b"
  }
  string op = 1;
  string db = 2;
  optional string table = 3;
  int64 ts = 4;
  string id = 5;
  optional Row before = 6;
  optional Row after = 7;
  repeated string before_absent = 8;
  repeated string after_absent = 9;
  map<string, string> patch = 10;
  optional string statement = 11;
}
)");
}

TEST(FieldNames, EachIsOfItsOwnAndLegal) {
  FieldNames avro(SchemaLanguage::Avro), proto(SchemaLanguage::Protobuf);
  for (auto [column, in_avro, in_proto] :
       {std::array{"a-b", "a_b", "a_b"}, std::array{"a_b", "a_b_2", "a_b_2"}, std::array{"aB", "aB", "aB_3"},
        std::array{"1st", "_1st", "_1st"}, std::array{"", "_", "_"},
        std::array{"größe", "gr____e", "gr____e"}}) {
    EXPECT_EQ(avro.of(column), in_avro);
    EXPECT_EQ(proto.of(column), in_proto);
  }
}

TEST(FieldNumbers, ByNameTheyStayWhenOthersGoOrMove) {
  auto before = field_numbers({"id", "name", "price"}, FieldNumbers::Name);
  auto behind = field_numbers({"price", "id", "more"}, FieldNumbers::Name);
  EXPECT_EQ(before[0], behind[1]);
  EXPECT_EQ(before[2], behind[0]);
  std::vector<std::string> many;
  for (int i = 0; i < 4000; ++i) many.push_back(fmt::format("column_{}", i));
  auto numbers = field_numbers(many, FieldNumbers::Name);
  std::set<uint32_t> all(numbers.begin(), numbers.end());
  EXPECT_EQ(all.size(), many.size());
  EXPECT_GE(*all.begin(), 20'000U);  // beyond what Protobuf keeps for itself
  EXPECT_EQ(field_numbers({"a", "b"}, FieldNumbers::Position), (std::vector<uint32_t>{1, 2}));
}

}  // namespace
}  // namespace sluice
