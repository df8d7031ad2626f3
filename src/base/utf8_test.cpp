#include "base/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice {
namespace {

// Every case is tried behind 0 to 16 ASCII characters and before some, so that it falls on each side of a
// word's border.
TEST(Utf8, FindsTheFirstBadByte) {
  struct Case {
    std::string text;
    size_t bad;  // text.size(): none
  };
  const Case cases[] = {
      {"", 0},
      {"\xc3\xa9", 2},
      {"\xe2\x82\xac", 3},
      {"\xf0\x9f\x98\x80", 4},
      {"\xed\x9f\xbf", 3},      // the last before the surrogates
      {"\xee\x80\x80", 3},      // the first after them
      {"\xf4\x8f\xbf\xbf", 4},  // the last of all
      {"\xef\xbf\xbf", 3},      // not a character, yet well-formed
      {"\x80", 0},              // begins nothing
      {"\xc0\x80", 0},          // overlong
      {"\xc1\xbf", 0},
      {"\xe0\x9f\xbf", 0},
      {"\xf0\x8f\xbf\xbf", 0},
      {"\xed\xa0\x80", 0},  // a surrogate
      {"\xed\xb2\x80", 0},
      {"\xf4\x90\x80\x80", 0},  // above U+10FFFF
      {"\xf5\x80\x80\x80", 0},
      {"\xff", 0},
      {"\xc3\xa9\xc3", 2},  // cut short
      {"\xe2\x82", 0},
      {"\xf0\x9f\x98", 0},
      {"\xe2\x28\xa1", 0},
      {"\xe2\x82\x28", 0},
      {"\xf0\x9f\x98\x28", 0},
      {"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xff", 9},
  };
  for (const Case& c : cases) {
    for (size_t before = 0; before <= 16; ++before) {
      for (size_t after : {0, 1, 20}) {
        std::string text = std::string(before, 'a') + c.text + std::string(after, 'z');
        size_t expected = c.bad == c.text.size() ? text.size() : before + c.bad;
        EXPECT_EQ(find_invalid_utf8(text), expected) << testing::PrintToString(text);
        EXPECT_EQ(is_utf8(text), expected == text.size());
      }
    }
  }
}

// The rule itself, spelt from code points: exactly the encodings of U+0000..U+10FFFF without the surrogates
// are good.
TEST(Utf8, EveryCodePoint) {
  for (uint32_t code = 0; code <= 0x10ffff; ++code) {
    std::string text;
    if (code < 0x80) {
      text = {static_cast<char>(code)};
    } else if (code < 0x800) {
      text = {static_cast<char>(0xc0 | code >> 6), static_cast<char>(0x80 | (code & 63))};
    } else if (code < 0x10000) {
      text = {static_cast<char>(0xe0 | code >> 12), static_cast<char>(0x80 | (code >> 6 & 63)),
              static_cast<char>(0x80 | (code & 63))};
    } else {
      text = {static_cast<char>(0xf0 | code >> 18), static_cast<char>(0x80 | (code >> 12 & 63)),
              static_cast<char>(0x80 | (code >> 6 & 63)), static_cast<char>(0x80 | (code & 63))};
    }
    bool surrogate = code >= 0xd800 && code < 0xe000;
    ASSERT_EQ(utf8_length(text), surrogate ? 0 : text.size()) << std::hex << code;
  }
}

}  // namespace
}  // namespace sluice
