#include <gtest/gtest.h>

#include <map>

#include "format/cloudevents/options.h"
#include "format/encoder.h"
#include "support/sample.h"

namespace sluice {

extern const FormatType cloudevents_format;

namespace {

using namespace sample;

struct Sent {
  std::string value, key;
  std::vector<std::pair<std::string, std::string>> headers;
};

Sent sent(const Sample& s, const Change& change, const std::map<std::string, std::string>& choices,
          bool addressed) {
  Settings settings(cloudevents_format.options);
  for (const auto& [name, value] : choices) EXPECT_TRUE(settings.set(name, {value}, "test")) << name;
  Outbox out(addressed);
  (*cloudevents_format.make(settings))->encode(s.batch, {&change, 1}, out);
  out.end_message();
  Sent result{std::string(out.bytes.view().substr(0, out.messages.at(0).end)), {}, {}};
  if (!addressed) return result;
  const Address& address = out.addresses.at(0);
  result.key = out.word(address.key, address.key_size);
  std::string_view rest = out.word(address.headers, address.headers_size);
  auto part = [&] {
    uint32_t size;
    std::memcpy(&size, rest.data(), sizeof size);
    std::string text(rest.substr(sizeof size, size));
    rest.remove_prefix(sizeof size + size);
    return text;
  };
  while (!rest.empty()) {
    std::string name = part();
    result.headers.emplace_back(name, part());
  }
  return result;
}

const std::string kAttributes =
    R"({"specversion":"1.0","type":"sluice.change.update","source":"sluice","subject":"shop.item",)"
    R"("datacontenttype":"application/json","time":"2026-01-15T10:30:00.123456Z",)"
    R"("id":"3e11fa47-71ca-11e1-9e33-c80aa9429562:17#0","data":)";
const std::string kData =
    R"({"op":"update","db":"shop","table":"item","key":{"id":1},"before":{"id":1,"n":null},"after":{"id":1,"n":5}})";

TEST(CloudEvents, AStructuredEvent) {
  Sample s;
  TablePtr item = table("shop", "item", {column("id", ColumnType::Int), column("n", ColumnType::Int)}, {0});
  Change change = s.add(Op::Update, item, {integer(1), null()}, {integer(1), integer(5)});
  EXPECT_EQ(sent(s, change, {}, false).value, kAttributes + kData + "}");
  Sent kafka = sent(s, change, {}, true);
  EXPECT_EQ(kafka.value, kAttributes + kData + "}");
  EXPECT_EQ(kafka.key, R"({"id":1})");
  EXPECT_EQ(kafka.headers,
            (decltype(kafka.headers){{"content-type", "application/cloudevents+json; charset=UTF-8"}}));
  EXPECT_EQ(sent(s, change, {{"binding", "http"}}, true).headers.size(), 0U) << "the sink tells the type";
}

TEST(CloudEvents, ABinaryEvent) {
  Sample s;
  s.transaction().id = s.keep("quo\"te:17");
  TablePtr item = table("shop", "item", {column("id", ColumnType::Int), column("n", ColumnType::Int)}, {0});
  Change change = s.add(Op::Update, item, {integer(1), null()}, {integer(1), integer(5)});
  Sent kafka =
      sent(s, change, {{"mode", "binary"}, {"name", "/shop one"}, {"type", "com.example.row"}}, true);
  EXPECT_EQ(kafka.value, kData);
  EXPECT_EQ(kafka.key, R"({"id":1})");
  EXPECT_EQ(kafka.headers, (decltype(kafka.headers){{"content-type", "application/json"},
                                                    {"ce_specversion", "1.0"},
                                                    {"ce_type", "com.example.row.update"},
                                                    {"ce_source", "/shop%20one"},
                                                    {"ce_subject", "shop.item"},
                                                    {"ce_time", "2026-01-15T10:30:00.123456Z"},
                                                    {"ce_id", "quo\"te:17#0"}}));
  Sent web = sent(s, change, {{"mode", "binary"}, {"binding", "http"}}, true);
  ASSERT_EQ(web.headers.size(), 6U);
  EXPECT_EQ(web.headers[0].first, "ce-specversion");
  // There is no place for attributes but the message.
  EXPECT_NE(sent(s, change, {{"mode", "binary"}}, false).value.find(R"("specversion":"1.0")"),
            std::string::npos);
}

TEST(CloudEvents, ASchemaChange) {
  Sample s;
  s.event().query = s.keep("drop table \"t\"");
  s.event().database = s.keep("shop");
  Change change = s.add(Op::Ddl, nullptr, {}, {});
  std::string value = sent(s, change, {}, false).value;
  EXPECT_NE(value.find(R"("type":"sluice.change.ddl","source":"sluice","subject":"shop",)"),
            std::string::npos)
      << value;
  EXPECT_TRUE(value.ends_with(R"("data":{"op":"ddl","db":"shop","statement":"drop table \"t\""}})")) << value;
  s.event().database = {};
  value = sent(s, change, {}, false).value;
  EXPECT_EQ(value.find("subject"), std::string::npos) << "an attribute may be absent, but not empty";
}

TEST(CloudEvents, AttributesHoldNoControlCharacters) {
  EXPECT_EQ(cloudevents::attribute("a\nb\x7f", false), "a%0Ab%7F");
  EXPECT_EQ(cloudevents::attribute("\xc2\x85|\xc2\xa0|ü", false), "%C2%85|\xc2\xa0|ü");
  EXPECT_EQ(cloudevents::attribute("https://h/a b?ü", true), "https://h/a%20b?%C3%BC");
  Settings settings(cloudevents_format.options);
  ASSERT_TRUE(settings.set("type", {""}, "x.yaml:1:1"));
  EXPECT_EQ(cloudevents_format.make(settings).error().what, "x.yaml:1:1: a type must begin with something");
}

}  // namespace
}  // namespace sluice
