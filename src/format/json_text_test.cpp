#include "format/json_text.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <string>

#include "base/arena.h"
#include "base/utf8.h"
#include "format/spell.h"

namespace sluice {
namespace {

std::string json_text(std::string_view text) {
  Arena arena;
  std::string out(6 * text.size() + kSlack, '\0');
  out.resize(static_cast<size_t>(spell_json_text(out.data(), arena.copy(text)) - out.data()));
  return out;
}

TEST(JsonText, IsEscapedAtEveryOffset) {
  struct Case {
    std::string text, json;
  };
  const Case cases[] = {
      {"plain", "plain"},
      {"\"", "\\\""},
      {"\\", "\\\\"},
      {"\n", "\\n"},
      {std::string(1, '\0'), "\\u0000"},
      {"\x1f", "\\u001f"},
      {"\x7f", "\x7f"},
      {"é", "é"},
      {"漢", "漢"},
      {"😀", "😀"},
      {"\xff", "\\udcff"},
      {"\xed\xb3\xbf", "\\udcff"},
      {"\xed\xa0\x80", "\\udced\\udca0\\udc80"},
      {"\xc3", "\\udcc3"},
      {"\xf0\x9f\x98", "\\udcf0\\udc9f\\udc98"},
  };
  for (const Case& c : cases) {
    for (size_t before = 0; before < 40; ++before) {
      for (size_t after : {size_t{0}, size_t{1}, size_t{15}, size_t{16}, size_t{17}, size_t{40}}) {
        std::string text = std::string(before, 'a') + c.text + std::string(after, 'z');
        std::string json = std::string(before, 'a') + c.json + std::string(after, 'z');
        ASSERT_EQ(json_text(text), json) << before << " before, " << after << " after";
      }
    }
  }
}

// The plainest way to write it, byte by byte.
std::string plainly(const std::string& text) {
  std::string out;
  auto hex = [&](unsigned unit) {
    char written[8];
    std::snprintf(written, sizeof written, "\\u%04x", unit);
    out += written;
  };
  for (size_t at = 0; at < text.size();) {
    auto byte = [&](size_t i) { return at + i < text.size() ? static_cast<uint8_t>(text[at + i]) : 0u; };
    uint8_t c = static_cast<uint8_t>(byte(0));
    size_t size = utf8_length(std::string_view(text).substr(at));
    if (const char* found = c ? std::strchr("\"\"\\\\\nn\rr\tt\bb\ff", c) : nullptr;
        found && (c < 0x20 || c == '"' || c == '\\')) {
      out += '\\';
      out += found[1];
      ++at;
    } else if (c < 0x20) {
      hex(c);
      ++at;
    } else if (size > 0) {
      out += text.substr(at, size);
      at += size;
    } else if (c == 0xed && byte(1) >= 0xb0 && byte(1) <= 0xb3 && (byte(2) & 0xc0) == 0x80) {
      hex(0xdc00 | (byte(1) & 3) << 6 | (byte(2) & 63));
      at += 3;
    } else {
      hex(0xdc00 | c);
      ++at;
    }
  }
  return out;
}

TEST(JsonText, IsWhatThePlainestWayWrites) {
  const std::string pieces[] = {"a",
                                "plain words, ",
                                "\"",
                                "\\",
                                "\n",
                                "\x01",
                                "é",
                                "漢字",
                                "😀",
                                "\xf4\x8f\xbf\xbf",
                                "\x7f",
                                "ß",
                                "\xed\x9f\xbf",
                                "\xee\x80\x80",
                                "\xf0\x90\x80\x80"};
  const std::string broken[] = {"\xff",
                                "\xc3",
                                "\xe6\xbc",
                                "\xf0\x9f\x98",
                                "\x80",
                                "\xc0\x80",
                                "\xe0\x9f\xbf",
                                "\xf0\x8f\xbf\xbf",
                                "\xf4\x90\x80\x80",
                                "\xed\xb2\x80",
                                "\xed\xa0\x80",
                                "\xf5\x80\x80\x80",
                                "\xbf\xbf"};
  const uint64_t seed = std::random_device()();
  std::mt19937_64 random(seed);
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    bool breaks = random() % 3 == 0;
    for (size_t n = random() % 40; n > 0; --n) {
      text += breaks && random() % 8 == 0 ? broken[random() % std::size(broken)]
                                          : pieces[random() % std::size(pieces)];
    }
    if (breaks && random() % 4 == 0) text.resize(random() % (text.size() + 1));
    ASSERT_EQ(json_text(text), plainly(text))
        << "text: " << testing::PrintToString(text) << ", seed " << seed;
  }
}

// Every pair of bytes, and every triple that begins three or four: each fault of UTF-8 is among them.
TEST(JsonText, KnowsEveryFaultOfUtf8) {
  for (unsigned first = 0x80; first < 0x100; ++first) {
    for (unsigned second = 0; second < 0x100; ++second) {
      for (unsigned third : {0x41u, 0x7fu, 0x80u, 0xbfu, 0xc3u, 0xe6u}) {
        std::string text = "begin ";
        for (unsigned byte : {first, second, third, 0x80u}) text += static_cast<char>(byte);
        ASSERT_EQ(json_text(text), plainly(text)) << testing::PrintToString(text);
        for (size_t before : {size_t{0}, size_t{24}, size_t{56}}) {
          std::string more = std::string(before, '.') + text + " and more than a wide block behind, and more";
          ASSERT_EQ(json_text(more), plainly(more)) << testing::PrintToString(more);
        }
      }
    }
  }
}

}  // namespace
}  // namespace sluice
