// What every encoder of formats.def must do, whatever it writes: well-formed messages, of text formats a line
// each, the same bytes for the same change, no allocation, within the room it asked for; where they are JSON,
// valid objects that show nothing that is not there. Each is tried with its defaults and with each of its
// options turned.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <set>

#include "format/encoder.h"
#include "support/allocations.h"
#include "support/boundary_values.h"
#include "support/sample.h"
#include "support/sanitized.h"

namespace sluice {

#define FORMAT(name) extern const FormatType name##_format;
#include "format/formats.def"
#undef FORMAT

namespace {

using namespace sample;
using nlohmann::json;

struct Variant {
  const FormatType* type;
  std::vector<std::pair<std::string, std::vector<std::string>>> settings;

  std::unique_ptr<Encoder> make() const {
    Settings chosen(type->options);
    for (const auto& [name, values] : settings) {
      if (auto set = chosen.set(name, values, "test"); !set) ADD_FAILURE() << set.error().what;
    }
    return std::move(*type->make(chosen));
  }
  std::string describe() const {
    std::string text(type->name);
    for (const auto& [name, values] : settings) text += " " + name + "=" + values[0];
    return text;
  }
};

std::vector<Variant> all_variants() {
  std::vector<Variant> variants;
  auto add = [&](const FormatType& type) {
    variants.push_back({&type, {}});
    Variant turned{&type, {}};
    for (const Option& option : type.options) {
      std::string name(option.name);
      if (option.kind == OptionKind::Boolean) {
        std::string value = option.fallback == "true" ? "false" : "true";
        variants.push_back({&type, {{name, {value}}}});
        turned.settings.push_back({name, {value}});
      } else if (option.kind == OptionKind::Choice) {
        std::string_view choices = option.choices;
        while (!choices.empty()) {
          size_t end = std::min(choices.find('|'), choices.size());
          variants.push_back({&type, {{name, {std::string(choices.substr(0, end))}}}});
          choices.remove_prefix(std::min(end + 1, choices.size()));
        }
      }
    }
    variants.push_back(turned);
  };
#define FORMAT(name) add(name##_format);
#include "format/formats.def"
#undef FORMAT
  for (const FormatType* type : {&avro_format, &protobuf_format}) {
    variants.push_back({type, {{"registry", {"http://127.0.0.1/"}}}});
  }
  variants.push_back({&json_format, {{"with", {"source", "tx", "query"}}, {"name", {"quo\"te"}}}});
  return variants;
}

// For messages of gtest.
[[maybe_unused]] void PrintTo(const Variant& variant, std::ostream* out) { *out << variant.describe(); }

// nlohmann's parser refuses half a surrogate pair, which JSON's grammar (RFC 8259, section 7) allows and
// which stands for a byte that is no character: it is shown to the parser as a question mark.
std::string without_lone_surrogates(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
    } else if (text.substr(i, 4) == "\\udc") {
      out += '?';
      i += 5;
    } else {
      out += text.substr(i++, 2);
    }
  }
  return out;
}

// Whether `wanted` holds for a value anywhere in `tree` and the key it stands under (empty in arrays).
bool anywhere(const json& tree,
              const std::function<bool(const std::string& key, const json& value)>& wanted) {
  for (const auto& [key, value] : tree.items()) {
    if (wanted(tree.is_object() ? key : "", value)) return true;
    if (value.is_structured() && anywhere(value, wanted)) return true;
  }
  return false;
}

class EncoderConformance : public testing::TestWithParam<Variant> {
 protected:
  void SetUp() override {
    SCOPED_TRACE(GetParam().describe());
    encoder_ = GetParam().make();
  }

  // The messages of a change, checked for what holds of all of them; of formats that are not binary, a line
  // each.
  std::string encode(const Change& change) {
    constexpr std::string_view kBefore = "what was there before";
    Outbox out(true, encoder_->binary());
    out.bytes.append(kBefore);
    out.end_message();
    size_t begin = out.bytes.size();
    encoder_->encode(sample_.batch, {&change, 1}, out);
    out.end_message();
    EXPECT_LE(out.bytes.size(), out.bytes.capacity());
    EXPECT_EQ(out.bytes.view().substr(0, kBefore.size()), kBefore);
    size_t end = begin;
    for (const Message& message : std::span(out.messages).subspan(1)) {
      EXPECT_EQ(message.begin, end) << "something stands between two messages";
      end = message.end + (encoder_->binary() ? 0 : 1);
      std::string_view value = out.bytes.view().substr(message.begin, message.end - message.begin);
      if (encoder_->notation() <= Notation::Text) expect_a_line(value);
    }
    EXPECT_EQ(end, out.bytes.size());
    return std::string(out.bytes.view().substr(begin));
  }
  static void expect_a_line(std::string_view value) {
    EXPECT_TRUE(
        std::none_of(value.begin(), value.end(), [](char c) { return static_cast<uint8_t>(c) < 0x20; }))
        << "a control character in " << value;
  }
  // The messages of a change, which are JSON where the format writes that.
  void check(const Change& change) {
    std::string lines = encode(change);
    if (encoder_->notation() == Notation::Json) parsed(lines);
  }
  // One message as it is, several as an array.
  json parsed(const std::string& lines) {
    json all = json::array();
    for (size_t at = 0, end; (end = lines.find('\n', at)) != lines.npos; at = end + 1) {
      std::string message = lines.substr(at, end - at);
      if (message.empty()) continue;  // a tombstone has no value
      all.push_back(json::parse(without_lone_surrogates(message), nullptr, false));
      EXPECT_TRUE(all.back().is_object()) << GetParam().describe() << " wrote: " << message;
    }
    return all.size() == 1 ? all[0] : all;
  }
  // Some formats show the row alone, without the names of its table.
  bool has_envelope() {
    TablePtr named = table("of-this-database", "t", {column("id", ColumnType::Int)}, {0});
    return encode(sample_.add(Op::Insert, named, {}, {integer(1)})).find("of-this-database") !=
           std::string::npos;
  }

  Sample sample_;
  std::unique_ptr<Encoder> encoder_;
};

// Of formats whose messages are JSON objects.
class JsonConformance : public EncoderConformance {};

// Some formats write every value as text.
bool is_number(const json& value, int64_t number) {
  return value == number || value == std::to_string(number);
}

TEST_P(EncoderConformance, EveryValueIsWellFormed) {
  std::set<Kind> kinds;
  for (const auto& [value, cell] : boundary_values(sample_)) {
    kinds.insert(cell.kind);
    for (bool keyed : {false, true}) {
      TablePtr one = table("d", "t", {column("id", ColumnType::Int), value}, {keyed ? 1u : 0u});
      for (const Change& change : {sample_.add(Op::Insert, one, {}, {integer(1), cell}),
                                   sample_.add(Op::Delete, one, {integer(1), cell}, {}),
                                   sample_.add(Op::Update, one, {integer(1), cell}, {integer(1), null()}),
                                   sample_.add(Op::Update, one, {integer(1), null()}, {integer(1), cell})}) {
        check(change);
        sample_.batch.changes.clear();
      }
    }
  }
  EXPECT_EQ(kinds.size(), static_cast<size_t>(Kind::Inet6) + 1) << "a kind has no value here";
}

const std::string kNames[] = {"plain",
                              "quo\"te",
                              "back\\slash",
                              "new\nline\ttab\rreturn",
                              "Grüße",
                              "😀",
                              std::string(64, 'x'),
                              std::string(63, 'x') + "\"",
                              "a.b`c'd",
                              "</script>",
                              " ",
                              "null",
                              std::string("\x01\0\x7f", 3)};

TEST_P(JsonConformance, OddNamesAreKept) {
  std::string emojis;
  for (int i = 0; i < 64; ++i) emojis += "😀";
  bool envelope = has_envelope();
  // Some write ENUM values as numbers.
  TablePtr sizes = table("d", "t", {column("size", ColumnType::Enum, {"of-this-size"})});
  bool labels = encode(sample_.add(Op::Insert, sizes, {}, {of(Kind::Enum, 1)})).find("of-this-size") !=
                std::string::npos;
  size_t expected = (envelope ? 2U : 0U) + (labels ? 1U : 0U);
  std::vector<std::string> names(std::begin(kNames), std::end(kNames));
  names.push_back(emojis);
  for (const std::string& name : names) {
    Column label = column("label", ColumnType::Enum, {name});
    TablePtr odd = table(name, name, {column(name, ColumnType::Int), label}, {0});
    Change change = sample_.add(Op::Insert, odd, {}, {integer(77), of(Kind::Enum, 1)});
    json message = parsed(encode(change));
    size_t found = 0;
    anywhere(message, [&](const std::string&, const json& value) {
      found += value.is_string() && value == name;
      return false;
    });
    EXPECT_GE(found, expected) << "database, table and label are not there: " << message.dump();
    EXPECT_TRUE(anywhere(message, [&](const std::string& key, const json& value) {
      return key == name && is_number(value, 77);
    })) << message.dump();
  }
  for (std::string_view name : {"\xff\xfe", "\xed\xa0\x80"}) {  // not UTF-8 at all
    TablePtr odd =
        table(std::string(name), std::string(name), {column(std::string(name), ColumnType::Int)}, {0});
    parsed(encode(sample_.add(Op::Insert, odd, {}, {integer(77)})));
  }
}

TEST_P(EncoderConformance, OddFactsOfTheLogAreWellFormed) {
  TablePtr one = table("d", "t", {column("id", ColumnType::Int)}, {0});
  sample_.event().query = sample_.keep("UPDATE t SET id = '\"\\\n\x01\xff😀'");
  sample_.event().database = sample_.keep("quo\"te");
  sample_.event().ddl_table = sample_.keep("new\nline");
  sample_.event().file = sample_.keep("quo\"te.000001");
  sample_.transaction().id = sample_.keep("server:quo\"te.000001:4");
  for (Op op : {Op::Insert, Op::Ddl}) {
    Change change = sample_.add(op, op == Op::Ddl ? nullptr : one, {},
                                op == Op::Ddl ? std::vector<Cell>{} : std::vector{integer(1)});
    check(change);
    sample_.event().timestamp = UINT32_MAX;
    sample_.event().offset = UINT64_MAX;
    sample_.transaction() = {};
    check(change);
  }
}

TEST_P(JsonConformance, WhatIsMissingIsNotShown) {
  TablePtr pair = table("d", "t", {column("id", ColumnType::Int), column("probe", ColumnType::Int)}, {0});
  auto null_probe = [](const std::string& key, const json& value) {
    return key == "probe" && value.is_null();
  };
  struct Case {
    Op op;
    std::vector<Cell> before, after;
  };
  const Case cases[] = {
      {Op::Insert, {}, {integer(1), missing()}},
      {Op::Delete, {integer(1), missing()}, {}},
      {Op::Update, {integer(1), missing()}, {integer(1), missing()}},
      {Op::Update, {integer(1), missing()}, {integer(1), integer(5)}},
      {Op::Update, {integer(1), integer(5)}, {integer(1), missing()}},
      {Op::Update, {missing(), missing()}, {missing(), missing()}},
  };
  for (const Case& c : cases) {
    json message = parsed(encode(sample_.add(c.op, pair, c.before, c.after)));
    EXPECT_FALSE(anywhere(message, null_probe)) << message.dump();
  }
  // The same test on a column that is null finds it, unless the format was told to leave nulls out.
  json message = parsed(encode(sample_.add(Op::Insert, pair, {}, {integer(1), null()})));
  bool leaves_out = message.dump().find("probe") == std::string::npos;
  // Some write it as the empty text.
  EXPECT_TRUE(leaves_out || anywhere(message,
                                     [&](const std::string& key, const json& value) {
                                       return null_probe(key, value) || (key == "probe" && value == "");
                                     }))
      << message.dump();
}

TEST_P(EncoderConformance, SameChangeSameBytes) {
  std::vector<std::string> first;
  std::vector<Change> changes;
  std::vector<TablePtr> tables;
  for (const auto& [value, cell] : boundary_values(sample_)) {
    tables.push_back(table("d", "t" + std::to_string(tables.size()), {value}, {0}));
    Change change = sample_.add(Op::Update, tables.back(), {null()}, {cell});
    changes.push_back(change);
    first.push_back(encode(change));
  }
  auto copy = encoder_->clone();  // of an encoder that has written
  auto fresh = GetParam().make();
  bool backwards = !encoder_->in_order();
  for (size_t n = changes.size(); n-- > 0;) {
    size_t i = backwards ? n : changes.size() - 1 - n;  // in another order, where that is no matter
    if (backwards) { EXPECT_EQ(encode(changes[i]), first[i]); }
    for (Encoder* other : {copy.get(), fresh.get()}) {
      Outbox out(true, other->binary());
      other->encode(sample_.batch, {&changes[i], 1}, out);
      out.end_message();
      EXPECT_EQ(out.bytes.view(), first[i]);
    }
  }
}

TEST_P(EncoderConformance, WarmRowsAllocateNothing) {
  auto values = boundary_values(sample_);
  std::vector<Column> columns;
  std::vector<Cell> cells, others;
  for (const auto& [value, cell] : values) {
    columns.push_back(value);
    columns.back().name += std::to_string(columns.size());
    cells.push_back(cell);
    others.push_back(null());
  }
  TablePtr wide = table("d", "wide", columns, {1, 2});
  TablePtr slim = table("d", "slim", {column("id", ColumnType::Int)}, {0});
  sample_.event().query = sample_.keep("a statement that is longer than any small string");
  sample_.batch.transactions.push_back({.id = sample_.keep("3e11fa47-71ca-11e1-9e33-c80aa9429562:18"),
                                        .gtid = {},
                                        .commit_us = 0,
                                        .xid = 0,
                                        .begin = 0});
  std::vector<Change> changes;
  for (const Change& change : {sample_.add(Op::Insert, wide, {}, cells),
                               sample_.add(Op::Update, slim, {integer(1)}, {integer(2)})}) {
    changes.push_back(change);
    changes.back().transaction = static_cast<uint32_t>(changes.size() - 1);
  }
  changes.push_back(sample_.add(Op::Update, wide, others, cells));
  changes.push_back(sample_.add(Op::Delete, wide, cells, {}));
  Outbox out(true, encoder_->binary());
  auto all = [&] {
    for (const Change& change : changes) {
      out.clear();
      encoder_->encode(sample_.batch, {&change, 1}, out);
    }
  };
  all();
  all();
  size_t before = test::allocations();
  for (int i = 0; i < 100; ++i) all();
  EXPECT_EQ(test::allocations() - before, 0U) << GetParam().describe();
}

// Every byte of these becomes six; small rows are written in one go, big ones in pieces.
TEST_P(JsonConformance, LongTextStaysWithinItsRoom) {
  TablePtr texts = table("d", "t", {column("a", ColumnType::Text), column("b", ColumnType::Text)}, {0});
  bool both = encode(sample_.add(Op::Update, texts, {sample_.text("x"), sample_.text("row before")},
                                 {sample_.text("x"), null()}))
                  .find("row before") != std::string::npos;
  // And some the bytes of a text.
  bool base64 = encode(sample_.add(Op::Insert, texts, {}, {sample_.text("in the clear"), null()}))
                    .find("aW4gdGhlIGNsZWFy") != std::string::npos;
  for (size_t size : {1, 15, 16, 17, 1000, 200'000, 300'000}) {
    if (test::kSanitized && size == 200'000) continue;
    Cell text = sample_.text(std::string(size, '\x01'));
    Cell other = sample_.text(std::string(size, '\x02'));
    json message = parsed(encode(sample_.add(Op::Update, texts, {text, text}, {other, other})));
    size_t found = 0;
    anywhere(message, [&](const std::string&, const json& value) {
      size_t shown = value.is_string() ? value.get_ref<const std::string&>().size() : 0;
      found += shown == size || (shown != 0 && base64 && shown == (size + 2) / 3 * 4);
      return false;
    });
    EXPECT_GE(found, both ? 4U : 2U) << "of " << size << " bytes";
    sample_.batch.changes.clear();
  }
}

// What the tests of JSON look into, here for what holds of every format.
TEST_P(EncoderConformance, OddShapesAreWellFormed) {
  for (const std::string& name : kNames) {
    TablePtr odd = table(name, name, {column(name, ColumnType::Enum, {name})}, {0});
    check(sample_.add(Op::Update, odd, {of(Kind::Enum, 0)}, {of(Kind::Enum, 1)}));
  }
  TablePtr texts = table("d", "t", {column("a", ColumnType::Text), column("b", ColumnType::Text)}, {0});
  for (size_t size : {15, 16, 17, 300'000}) {
    for (const char* each : {"\x01", "x", "'", "\\", "ü"}) {
      if (test::kSanitized && size > 1000 && each[0] != '\x01') continue;
      std::string all;
      for (size_t i = 0; i < size; ++i) all += each;
      Cell text = sample_.text(all);
      check(sample_.add(Op::Update, texts, {text, text}, {text, null()}));
      sample_.batch.changes.clear();
    }
  }
  TablePtr many = table("d", "t", std::vector(4096, column("c", ColumnType::BigInt)), {0});
  check(sample_.add(Op::Update, many, std::vector(4096, null()), std::vector(4096, integer(INT64_MIN))));
}

TEST_P(JsonConformance, FourThousandColumns) {
  std::vector<Column> columns;
  std::vector<Cell> cells;
  for (int i = 0; i < 4096; ++i) {
    columns.push_back(column("c" + std::to_string(i), ColumnType::BigInt));
    cells.push_back(integer(INT64_MIN + i));
  }
  json message = parsed(
      encode(sample_.add(Op::Update, table("d", "t", columns, {0}), std::vector(4096, null()), cells)));
  for (int i = 0; i < 4096; i += 819) {
    EXPECT_TRUE(anywhere(message, [&](const std::string& key, const json& value) {
      return key == "c" + std::to_string(i) && is_number(value, INT64_MIN + i);
    })) << i;
  }
}

std::vector<Variant> json_variants() {
  std::vector<Variant> variants = all_variants();
  std::erase_if(variants, [](const Variant& each) { return each.make()->notation() != Notation::Json; });
  return variants;
}

std::string name_of(const testing::TestParamInfo<Variant>& made) {
  std::string name = std::string(made.param.type->name) + std::to_string(made.index);
  for (const auto& [option, values] : made.param.settings) name += "_" + option;
  std::replace(name.begin(), name.end(), '.', '_');
  return name.substr(0, 80);
}

INSTANTIATE_TEST_SUITE_P(Formats, EncoderConformance, testing::ValuesIn(all_variants()), name_of);
INSTANTIATE_TEST_SUITE_P(Formats, JsonConformance, testing::ValuesIn(json_variants()), name_of);

}  // namespace
}  // namespace sluice
