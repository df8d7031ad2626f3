// Masks at paths of documents: the same of text and of MySQL's binary form.
#include <gtest/gtest.h>

#include <charconv>
#include <deque>

#include "format/json_binary.h"
#include "format/spell.h"
#include "support/mask_rule.h"
#include "support/sample.h"
#include "transform/mask/mask.h"
#include "wire/mysql/json_tree.h"

namespace sluice::mask {
namespace {

using namespace sample;
using mysql::JsonNode;

// Of what these tests write: no escapes, whole numbers of 64 bits, doubles.
class Binary {
 public:
  std::string of(std::string_view text) {
    rest_ = text;
    JsonNode root = value();
    EXPECT_TRUE(rest_.empty()) << text;
    std::string document(1 + root.size(), '\0');
    document[0] = static_cast<char>(root.written_type());
    root.write(document.data() + 1);
    return document;
  }

 private:
  bool skip(char c) {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(' '), rest_.size()));
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  std::string_view until(std::string_view marks) {
    std::string_view taken = rest_.substr(0, std::min(rest_.find_first_of(marks), rest_.size()));
    rest_.remove_prefix(taken.size());
    return taken;
  }
  std::string_view string() {
    std::string_view text = until("\"");
    skip('"');
    return text;
  }
  JsonNode value() {
    JsonNode node;
    if (skip('"')) return JsonNode::string(string(), bytes_.emplace_back());
    bool object = skip('{');
    if (object || skip('[')) {
      node.type = object ? JsonNode::LargeObject : JsonNode::LargeArray;
      node.apart = true;
      while (!skip(object ? '}' : ']')) {
        if (object && skip('"')) {
          node.keys.emplace_back(string());
          skip(':');
        }
        node.values.push_back(value());
        skip(',');
      }
      return node;
    }
    std::string_view word = until(",]} ");
    std::string& bytes = bytes_.emplace_back();
    if (word == "null" || word == "true" || word == "false") {
      bytes = word == "null" ? '\0' : word == "true" ? '\1' : '\2';
      node.type = JsonNode::Literal;
    } else if (word.find('.') == word.npos) {
      int64_t number = 0;
      std::from_chars(word.data(), word.data() + word.size(), number);
      bytes.assign(reinterpret_cast<const char*>(&number), 8);
      node.type = JsonNode::Int64;
    } else {
      double number = std::stod(std::string(word));
      bytes.assign(reinterpret_cast<const char*>(&number), 8);
      node.type = JsonNode::Double;
    }
    node.bytes = bytes;
    return node;
  }

  std::string_view rest_;
  std::deque<std::string> bytes_;
};

std::string spelt(std::string_view document) {
  std::string out(json_binary_bound(document.size()) + kSlack, '\0');
  std::string padded(document);
  padded.append(Arena::kReadSlack, '\0');
  const char* end =
      spell_json_binary(out.data(), std::string_view(padded).substr(0, document.size()), JsonSpacing::Server);
  return end ? std::string(out.data(), static_cast<size_t>(end - out.data())) : "malformed";
}

struct PartRule {
  std::string_view mask, paths;  // separated by spaces
};

std::shared_ptr<const MaskSetup> setup(const std::vector<PartRule>& rules) {
  auto made = std::make_shared<MaskSetup>();
  made->key = Secret("0123456789abcdef0123456789abcdef");
  for (const PartRule& each : rules) {
    made->rules.push_back(test::mask_rule(each.mask, "*.doc"));
    for (std::string_view rest = each.paths; !rest.empty();) {
      size_t end = std::min(rest.find(' '), rest.size());
      auto path = rule::JsonPath::parse(rest.substr(0, end), 0, rest, true);
      EXPECT_TRUE(path) << path.error().what;
      made->rules.back().paths.push_back(std::move(*path));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  return made;
}

struct Masked {
  std::string text;  // or what is wrong
  Kind kind = Kind::Missing;
};

Masked masked(const std::vector<PartRule>& rules, ColumnType type, Kind kind, std::string_view bytes) {
  Sample sample;
  TablePtr table = freeze({.database = "shop", .name = "t", .columns = {{.name = "doc", .type = type}}});
  sample.add(Op::Insert, table, {}, {sample.bytes(kind, bytes)});
  auto done = make_mask(setup(rules))->apply(sample.batch);
  if (!done) return {done.error().what};
  const Cell& cell = sample.batch.changes[0].after[0];
  if (!has_bytes(cell.kind)) return {"", cell.kind};
  return {cell.kind == Kind::Text ? std::string(cell.bytes()) : spelt(cell.bytes()), cell.kind};
}

constexpr std::string_view kDocument =
    R"({"id": 7, "name": "Al Ice", "tags": ["a1234567", 4711, null, true], "phone": "+49 1234567", )"
    R"("home": {"city": "Bonn", "phone": 4912345678}})";

TEST(DocumentMask, MasksWhatStandsAtItsPaths) {
  const struct {
    std::vector<PartRule> rules;
    std::string_view document, expected;
  } cases[] = {
      {{{"with: phone", "$.phone"}},
       R"({"a": 1, "phone": "+49 1234567"})",
       R"({"a": 1, "phone": "+** *****67"})"},
      {{{"with: phone", "$.nothing $.phone.deeper $.a[1]"}},
       R"({"a": 1, "phone": "123"})",
       R"({"a": 1, "phone": "123"})"},
      // Auto-wrapping: a value that is no array is one of one element.
      {{{"with: null", "$.a[0] $.b[*] $[0].c"}},
       R"({"a": 1, "b": "x", "c": [2], "d": 3})",
       R"({"a": null, "b": null, "c": null, "d": 3})"},
      // At any depth, numbers and all.
      {{{"with: phone", "$**.phone"}},
       kDocument,
       R"({"id": 7, "name": "Al Ice", "tags": ["a1234567", 4711, null, true], "phone": "+** *****67", )"
       R"("home": {"city": "Bonn", "phone": "********78"}})"},
      // Each value below what is meant, but for null.
      {{{"with: phone, keep: 0", "$.tags"}},
       R"({"tags": ["a1", 47.0, null, true, {"x": "y"}, []]})",
       R"({"tags": ["**", "**", null, "****", {"x": "*"}, []]})"},
      {{{"with: drop", "$.a $.c[1] $.e.f"}},
       R"({"a": {"x": 1}, "b": 2, "c": [1, 2, 3], "e": {"f": 1}})",
       R"({"b": 2, "c": [1, null, 3], "e": {}})"},
      {{{"with: fixed, value: x", "$.a $.b"}}, R"({"a": {"x": 1}, "b": null})", R"({"a": "x", "b": null})"},
      {{{"with: fixed, value: x, nulls: true", "$.a $.b"}},
       R"({"a": {"x": 1}, "b": null})",
       R"({"a": "x", "b": "x"})"},
      // The first rule decides, deeper in, too.
      {{{"with: keep", "$**.city"}, {"with: null", "$"}},
       kDocument,
       R"({"id": null, "name": null, "tags": [null, null, null, null], "phone": null, "home": {"city": "Bonn", "phone": null}})"},
      {{{"with: keep", "$.home"}, {"with: phone", "$**.phone"}},
       R"({"home": {"phone": "1234567"}, "phone": "1234567"})",
       R"({"home": {"phone": "1234567"}, "phone": "*****67"})"},
      {{{"with: null", "$.*[1]"}},
       R"({"a": [1, 2, [3, 4]], "b": [[5], [6]]})",
       R"({"a": [1, null, [3, 4]], "b": [[5], null]})"},
      {{{"with: drop", "$"}}, R"({"a": 1})", "null"},
      {{{"with: drop", "$[*]"}}, R"([1, {"a": 2}])", "[null, null]"},
      {{{"with: phone", "$"}}, R"("1234567")", R"("*****67")"},
      {{{"with: drop", "$**.a**.b"}},
       R"({"a": {"a": {"b": 1, "c": {"b": 2, "d": 3}}}, "b": 4})",
       R"({"a": {"a": {"c": {"d": 3}}}, "b": 4})"},
      // As a column with the value 42 has it.
      {{{"with: hash, length: 12", "$.a $.b $.c[0]"}},
       R"({"a": 42, "b": "42", "c": [42.0]})",
       R"({"a": "3b12d0412db1", "b": "3b12d0412db1", "c": ["3b12d0412db1"]})"},
      {{{"with: regex, match: [0-9]+, otherwise: null", "$.a $.b"}},
       R"({"a": "x", "b": "y1"})",
       R"({"a": null, "b": "y"})"},
  };
  for (const auto& each : cases) {
    std::string what(each.rules.front().mask);
    what.append(" ").append(each.rules.front().paths);
    Masked text = masked(each.rules, ColumnType::LongText, Kind::Text, each.document);
    EXPECT_EQ(text.text, each.expected) << what;
    Binary binary;
    ASSERT_EQ(spelt(binary.of(each.document)), each.document);
    Masked made = masked(each.rules, ColumnType::Json, Kind::Json, binary.of(each.document));
    EXPECT_EQ(made.text, each.expected) << what << ", binary";
  }
}

TEST(DocumentMask, FindsKeysHoweverTextSpellsThem) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {R"({"\u0070hone":"1234567"})", R"({"\u0070hone":"*****67"})"},
      {R"( { "phone" : "1234567" , "phone":"7654321" } )",
       R"( { "phone" : "*****67" , "phone":"*****21" } )"},
      {R"({"phone":"\u0031\u0032 \"\u00fc"})", R"({"phone":"** \"*"})"},
      {R"({"a":1 , "phone":1e3})", R"({"a":1 , "phone":"***"})"},
  };
  for (auto [document, expected] : cases) {
    EXPECT_EQ(masked({{"with: phone", "$.phone"}}, ColumnType::Text, Kind::Text, document).text, expected);
  }
}

TEST(DocumentMask, StopsAtWhatIsNoDocument) {
  std::string deep = std::string(101, '[') + std::string(101, ']');
  const std::string_view cases[] = {R"({"a": [}, "phone": "s3cr3t"})",
                                    R"({"phone": "s3cr3t"} x)",
                                    R"({"phone": "s3cr3t)",
                                    R"({"phone": s3cr3t})",
                                    R"({"a" "phone"})",
                                    R"({"\x": 1})",
                                    "[1",
                                    "[1,]",
                                    "{,}",
                                    R"([1 "phone"])",
                                    " ",
                                    deep};
  for (std::string_view bad : cases) {
    std::string why = masked({{"with: phone", "$.phone"}}, ColumnType::Text, Kind::Text, bad).text;
    EXPECT_NE(why.find("shop.t.doc: a value is no JSON document"), why.npos) << bad << " became " << why;
    EXPECT_EQ(why.find("s3cr3t"), why.npos) << why;
  }
  for (std::string_view bad : {std::string_view("\x01\xff\xff\xff\xff\0\0\0\0", 9),
                               std::string_view("\x0c\x7fx", 3), std::string_view("\x63", 1)}) {
    std::string why = masked({{"with: phone", "$.phone"}}, ColumnType::Json, Kind::Json, bad).text;
    EXPECT_NE(why.find("a value is no JSON document"), why.npos) << why;
  }
  EXPECT_EQ(masked({{"with: phone", "$.phone"}}, ColumnType::Text, Kind::Text, "").kind, Kind::Text);
  EXPECT_EQ(masked({{"with: phone", "$.phone"}}, ColumnType::Json, Kind::Json, "").text, "null");
}

TEST(DocumentMask, MasksWhatWasChangedWithinADocument) {
  constexpr std::string_view kPhone = R"([{"op": "replace", "path": "$.home.phone", "value": "1234567"}])";
  const struct {
    PartRule rule;
    std::string_view patch, expected;  // empty: the column is left out
  } cases[] = {
      {{"with: phone", "$**.phone"},
       kPhone,
       R"([{"op": "replace", "path": "$.home.phone", "value": "*****67"}])"},
      {{"with: phone", "$.other"}, kPhone, kPhone},
      {{"with: phone", "$.home"},
       kPhone,
       R"([{"op": "replace", "path": "$.home.phone", "value": "*****67"}])"},
      {{"with: null", "$.home.phone"},
       kPhone,
       R"([{"op": "replace", "path": "$.home.phone", "value": null}])"},
      {{"with: drop", "$.home.phone"}, kPhone, ""},
      {{"with: drop", "$.home"}, kPhone, ""},
      {{"with: null", "$.home"}, kPhone, ""},
      {{"with: hash", "$.home"}, kPhone, ""},  // nobody can tell what all of it is
      {{"with: drop", "$.a"},
       R"([{"op": "insert", "path": "$.a", "value": 1}, {"op": "remove", "path": "$.b"}])",
       R"([{"op": "remove", "path": "$.b"}])"},
      {{"with: drop", "$.a[1].b"},
       R"([{"op": "insert", "path": "$.a[1]", "value": {"b": 1, "c": 2}}])",
       R"([{"op": "insert", "path": "$.a[1]", "value": {"c": 2}}])"},
      {{"with: drop", "$.a[*]"},
       R"([{"op": "insert", "path": "$.a[1]", "value": 1}])",
       R"([{"op": "insert", "path": "$.a[1]", "value": null}])"},
  };
  for (const auto& each : cases) {
    Binary binary;
    Masked made = masked({each.rule}, ColumnType::Json, Kind::JsonPatch, binary.of(each.patch));
    EXPECT_EQ(made.text, each.expected) << each.rule.mask << " " << each.rule.paths;
    EXPECT_EQ(made.kind, each.expected.empty() ? Kind::Missing : Kind::JsonPatch);
  }
}

TEST(DocumentMask, TakesAColumnAsAWholeWhereARuleSaysSo) {
  auto rules = setup({{"with: phone", "$.phone"}});
  Table table{.database = "shop", .name = "t", .columns = {{.name = "doc", .type = ColumnType::Int}}};
  auto checked = rules->masked(*freeze(table));
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().fault, Fault::Usage);
  table.columns[0].type = ColumnType::Json;
  for (std::string_view mask : {"with: round, to: 10", "with: noise, within: 3", "with: shift"}) {
    checked = setup({{mask, "$.a"}})->masked(*freeze(table));
    ASSERT_FALSE(checked) << mask;
    EXPECT_NE(checked.error().what.find("shop.t.doc is taken as text at its paths"), std::string::npos)
        << checked.error().what;
  }
  EXPECT_EQ(
      masked({{"with: phone", "$.phone"}, {"with: hash, length: 8", ""}}, ColumnType::Text, Kind::Text, "42")
          .text,
      "3b12d041");
  EXPECT_EQ(
      masked({{"with: keep", ""}, {"with: null", "$.a"}}, ColumnType::Text, Kind::Text, R"({"a":1})").text,
      R"({"a":1})");
}

}  // namespace
}  // namespace sluice::mask
