// What the recorded logs do not hold (test/cases/binlog, partial-json): patches and documents that lie.
#include "wire/mysql/json_patch.h"

#include <gtest/gtest.h>

#include <string>

#include "format/json_binary.h"

namespace sluice::mysql {
namespace {

std::string number(uint64_t value, size_t bytes) {
  std::string out;
  for (size_t i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i));
  return out;
}

// A document: a small integer, and {"a": 1, "bb": [1, 2]} as the server writes it.
std::string integer(uint16_t value) { return "\5" + number(value, 2); }
const std::string kList = number(2, 2) + number(10, 2) + "\5" + number(1, 2) + "\5" + number(2, 2);
const std::string kObject = std::string("\0", 1) + number(2, 2) + number(31, 2) + number(18, 2) +
                            number(1, 2) + number(19, 2) + number(2, 2) + "\5" + number(1, 2) + "\2" +
                            number(21, 2) + "abb" + kList;

std::string diff(uint8_t operation, const std::string& path, const std::string& value = "") {
  std::string out = number(operation, 1) + number(path.size(), 1) + path;
  return operation == 2 ? out : out + number(value.size(), 1) + value;
}

std::string spelt(std::optional<std::string_view> document) {
  if (!document) return "no";
  std::string out(json_binary_bound(document->size()), '\0');
  char* end = spell_json_binary(out.data(), *document, JsonSpacing::Compact);
  return end ? std::string(out.data(), end) : "malformed";
}

std::string patched(const std::string& document, const std::string& patch) {
  Arena arena;
  return spelt(apply_json_patch(document, patch, arena));
}

TEST(JsonPatch, Operations) {
  ASSERT_EQ(patched(kObject, ""), R"({"a":1,"bb":[1,2]})");
  struct Case {
    std::string patch;
    const char* expected;
  };
  const Case cases[] = {
      {diff(0, "$.a", integer(9)), R"({"a":9,"bb":[1,2]})"},
      {diff(0, "$", integer(9)), "9"},
      {diff(0, "$.bb[1]", kObject), R"({"a":1,"bb":[1,{"a":1,"bb":[1,2]}]})"},
      {diff(1, "$.c", integer(9)), R"({"a":1,"c":9,"bb":[1,2]})"},
      {diff(1, "$.ba", integer(9)), R"({"a":1,"ba":9,"bb":[1,2]})"},
      {diff(1, "$.\"\\\"\\\\\\n\\u001f\\u00e9\\u20ac\"", integer(9)),
       "{\"a\":1,\"bb\":[1,2],\"\\\"\\\\\\n\\u001fé€\":9}"},
      {diff(1, "$.bb[0]", integer(9)), R"({"a":1,"bb":[9,1,2]})"},
      {diff(1, "$.bb[7]", integer(9)), R"({"a":1,"bb":[1,2,9]})"},
      {diff(2, "$.bb[0]") + diff(2, "$.a"), R"({"bb":[2]})"},
      {diff(2, "$.a") + diff(2, "$.bb"), "{}"},
      {diff(0, "$.a", kObject) + diff(0, "$.a.bb[0]", integer(8)) + diff(1, "$.a.bb[1]", kObject),
       R"({"a":{"a":1,"bb":[8,{"a":1,"bb":[1,2]},2]},"bb":[1,2]})"},
  };
  for (const Case& c : cases) EXPECT_EQ(patched(kObject, c.patch), c.expected) << c.patch;
}

TEST(JsonPatch, WhatDoesNotFitIsNotDone) {
  for (const std::string& patch : {diff(0, "$.x", integer(1)),
                                   diff(2, "$.x"),
                                   diff(1, "$.a", integer(1)),
                                   diff(1, "$[0]", integer(1)),
                                   diff(0, "$.bb[2]", integer(1)),
                                   diff(2, "$.bb[2]"),
                                   diff(2, "$"),
                                   diff(1, "$", integer(1)),
                                   diff(0, "$.a.b", integer(1)),
                                   diff(0, "$.bb.a", integer(1)),
                                   diff(3, "$.a", integer(1)),
                                   diff(0, "", ""),
                                   diff(0, "a", integer(1)),
                                   diff(0, "$a", integer(1)),
                                   diff(0, "$.", integer(1)),
                                   diff(0, "$.bb[", integer(1)),
                                   diff(0, "$.bb[]", integer(1)),
                                   diff(0, "$.bb[0", integer(1)),
                                   diff(0, "$.bb[99999999999]", integer(1)),
                                   diff(0, "$.\"a", integer(1)),
                                   diff(0, "$.\"\\x\"", integer(1)),
                                   diff(0, "$.\"\\u12\"", integer(1)),
                                   diff(0, "$.\"\\", integer(1)),
                                   diff(0, "$.a", "\5"),
                                   diff(0, "$.a", "\x0c\x7f")})
    EXPECT_EQ(patched(kObject, patch), "no") << patch;
  std::string deep = "$";
  for (int i = 0; i < 101; ++i) deep += "[0]";
  Arena arena;
  EXPECT_EQ(patched(kObject, diff(0, deep.substr(0, 250), integer(1))), "no");
}

TEST(JsonPatch, CutAtAnyByteIsNoPatch) {
  std::string patch = diff(0, "$.a", integer(9));
  Arena arena;
  for (size_t size = 1; size < patch.size(); ++size) {
    EXPECT_EQ(patched(kObject, patch.substr(0, size)), "no") << size;
    EXPECT_FALSE(json_patch_document(patch.substr(0, size), arena)) << size;
  }
  for (size_t size = 1; size < kObject.size(); ++size)
    EXPECT_EQ(patched(kObject.substr(0, size), patch), "no") << size;
}

// Each byte of a document, set to each value: either it is refused, or what comes out is no larger than what
// went in allows.
TEST(JsonPatch, DamagedDocumentsStaySmall) {
  std::string patch = diff(1, "$.bb[0]", integer(9)) + diff(0, "$.a", integer(3));
  for (size_t at = 0; at < kObject.size(); ++at) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string document = kObject;
      document[at] = static_cast<char>(byte);
      Arena arena;
      auto made = apply_json_patch(document, patch, arena);
      size_t size = made ? made->size() : 0;
      ASSERT_LT(size, 8 * document.size()) << "byte " << at << " is " << byte;
    }
  }
  // Many members that all claim the same bytes.
  constexpr size_t kMembers = 1000, kText = 5000;
  std::string text = number(0x80 | (kText & 0x7f), 1) + number(kText >> 7, 1) + std::string(kText, 'x');
  std::string entries, all = "\2";
  for (size_t i = 0; i < kMembers; ++i) entries += "\x0c" + number(4 + 3 * kMembers, 2);
  all += number(kMembers, 2) + number(4 + entries.size() + text.size(), 2) + entries + text;
  EXPECT_EQ(patched(all, diff(2, "$[0]")), "no");
}

TEST(JsonPatch, AsADocument) {
  Arena arena;
  EXPECT_EQ(spelt(json_patch_document("", arena)), "[]");
  EXPECT_EQ(
      spelt(json_patch_document(diff(0, "$.a", kObject) + diff(2, "$.x\"y") + diff(1, "$[1]", ""), arena)),
      R"([{"op":"replace","path":"$.a","value":{"a":1,"bb":[1,2]}},{"op":"remove","path":"$.x\"y"},)"
      R"({"op":"insert","path":"$[1]","value":null}])");
}

}  // namespace
}  // namespace sluice::mysql
