#include "wire/mysql/charset.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace sluice::mysql {
namespace {

struct Converted {
  std::string utf8;
  uint64_t invalid = 0;
};

// In a buffer of exactly the promised size, so that an address sanitizer sees a step too far.
Converted convert(const Charset& charset, std::string_view text) {
  std::unique_ptr<char[]> in(new char[text.size()]);
  std::copy(text.begin(), text.end(), in.get());
  size_t room = charset.max_utf8_size(text.size());
  std::unique_ptr<char[]> out(new char[room]);
  Converted result;
  char* end = charset.to_utf8({in.get(), text.size()}, out.get(), result.invalid);
  EXPECT_LE(static_cast<size_t>(end - out.get()), room);
  result.utf8.assign(out.get(), end);
  return result;
}

std::string hex(std::string_view bytes) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (unsigned char byte : bytes) text += {digits[byte >> 4], digits[byte & 15]};
  return text;
}

std::string unhex(std::string_view text) {
  std::string bytes;
  for (size_t i = 0; i + 1 < text.size(); i += 2)
    bytes += static_cast<char>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16));
  return bytes;
}

// Lines of tab-separated fields that begin with `kind`, of what the servers answered (see tools/charsets.py).
std::vector<std::vector<std::string>> server_answers(std::string_view kind) {
  const char* fresh = std::getenv("SLUICE_CHARSET_TEXTS");
  std::ifstream file(fresh != nullptr ? fresh : SLUICE_TEST_DIR "/data/charsets.tsv");
  std::vector<std::vector<std::string>> lines;
  for (std::string line; std::getline(file, line);) {
    std::vector<std::string> fields(1);
    for (char c : line)
      if (c == '\t')
        fields.emplace_back();
      else
        fields.back() += c;
    if (fields[0] == kind) lines.push_back(fields);
  }
  return lines;
}

TEST(Charset, ConvertsAsTheServersDo) {
  auto lines = server_answers("text");
  ASSERT_FALSE(lines.empty());
  for (const auto& line : lines) {
    const Charset* charset = charset_by_name(line[1]);
    ASSERT_NE(charset, nullptr) << line[1];
    Converted got = convert(*charset, unhex(line[2]));
    EXPECT_EQ(hex(got.utf8), line[3]) << line[1] << " " << line[2];
    EXPECT_EQ(got.invalid, 0u) << line[1] << " " << line[2];
  }
}

// Calls visit(UTF-8) for every character of a character set, shorter ones first, then by their bytes.
template <class Visit>
void each_character(const Charset& charset, Visit visit) {
  std::vector<bool> begins(256, true);  // a longer character may begin with this byte
  auto try_one = [&](std::string_view bytes) {
    Converted one = convert(charset, bytes);
    if (one.invalid == 0) visit(one.utf8);
    return one.invalid == 0;
  };
  for (int a = 0; a < 256; ++a) begins[a] = !try_one(std::string(1, static_cast<char>(a)));
  for (int a = 0x80; a < 256; ++a)
    for (int b = 0; b < 256 && begins[a]; ++b)
      try_one(std::string{static_cast<char>(a), static_cast<char>(b)});
  if (charset.name() == "ujis" || charset.name() == "eucjpms")
    for (int b = 0x80; b < 256; ++b)
      for (int c = 0; c < 256; ++c) try_one(std::string{'\x8f', static_cast<char>(b), static_cast<char>(c)});
  if (charset.name() == "gb18030")
    for (int a = 0x81; a <= 0x84; ++a)
      for (char b = '0'; b <= '9'; ++b)
        for (int c = 0x81; c <= 0xfe; ++c)
          for (char d = '0'; d <= '9'; ++d)
            try_one(std::string{static_cast<char>(a), b, static_cast<char>(c), d});
}

TEST(Charset, KnowsEveryCharacterOfTheServers) {
  auto lines = server_answers("all");
  EXPECT_EQ(lines.size(), 34u);
  for (const auto& line : lines) {
    const Charset* charset = charset_by_name(line[1]);
    ASSERT_NE(charset, nullptr) << line[1];
    size_t count = 0;
    uint64_t digest = 0xcbf29ce484222325;  // FNV-1a
    auto visit = [&](const std::string& utf8) {
      ++count;
      for (unsigned char byte : utf8) digest = (digest ^ byte) * 0x100000001b3;
    };
    each_character(*charset, visit);
    EXPECT_EQ(std::to_string(count), line[2]) << line[1];
    EXPECT_EQ(digest, std::stoull(line[3], nullptr, 16)) << line[1];
  }
}

// The escape of one byte.
std::string lone(unsigned char byte) {
  return {'\xed', static_cast<char>(0xb0 | byte >> 6), static_cast<char>(0x80 | (byte & 0x3f))};
}

TEST(Charset, EscapesWhatItCannotMap) {
  struct Case {
    const char* charset;
    std::string text, utf8;
    uint64_t invalid;
  };
  const Case cases[] = {
      {"latin1", "\x80\x81\xff", "€\u0081ÿ", 0},
      {"swe7", "[\\]^`{|}~@", "ÄÖÅÜéäöåüÉ", 0},
      {"swe7", "a\x7f\x80", "a" + lone(0x7f) + lone(0x80), 2},
      {"cp1251", std::string("\xcf\x98 long enough for a stretch \x98"),
       "П" + lone(0x98) + " long enough for a stretch " + lone(0x98), 2},
      {"gbk", "\xc4\xe3\xba\xc3", "你好", 0},
      {"gbk", "\xc4", lone(0xc4), 1},                 // cut
      {"gbk", "\xc4\xe3\x81", "你" + lone(0x81), 1},  // cut
      {"gbk", "\x81 a", lone(0x81) + " a", 1},        // no such second byte: it stands for itself
      {"gbk", "\xff\xc4\xe3", lone(0xff) + "你", 1},  // no such first byte
      {"gbk", "\xa7\x40\xc4\xe3", lone(0xa7) + lone(0x40) + "你", 2},  // well formed, unassigned
      {"sjis", "\x81\x5f\\\xb1", "\\\\ｱ", 0},
      {"cp932", "\x81\x5f\x87\x40", "＼①", 0},
      {"ujis", "\xa4\xa2\x8e\xb1\x8f\xb0\xa1", "あｱ丂", 0},
      {"ujis", "\x8f\xa1\xa1z", lone(0x8f) + lone(0xa1) + lone(0xa1) + "z", 3},
      {"ujis", "\x8f\xb0", lone(0x8f) + lone(0xb0), 2},  // cut
      {"eucjpms", "\x80\xad\xa1", lone(0x80) + "①", 1},
      {"euckr", "\xb0\xa1\x81\x41", "가갂", 0},
      {"big5", "\xa4\x40", "一", 0},
      {"gb18030", "\x84\x31\xa4\x39\x90\x30\x81\x30\xe3\x32\x9a\x35", "\uffff\U00010000\U0010ffff", 0},
      {"gb18030", "\xe3\x32\x9a\x36", lone(0xe3) + lone(0x32) + lone(0x9a) + lone(0x36), 4},
      {"gb18030", "\x84\x31\xa5\x30", lone(0x84) + lone(0x31) + lone(0xa5) + lone(0x30), 4},
      {"gb18030", "\x84\x31\xa4", lone(0x84) + "1" + lone(0xa4), 2},
      {"gb18030", "\x84\x31zz", lone(0x84) + "1zz", 1},
      {"gb18030", "\xff\x31\x81\x30", lone(0xff) + "1" + lone(0x81) + "0", 2},
      {"utf16", std::string("\xd8\x3d\xde\0\0A", 6), "😀A", 0},
      {"utf16", std::string("\xde\0\0A\xd8\x3d", 6), lone(0xde) + lone(0) + "A" + lone(0xd8) + lone(0x3d), 4},
      {"utf16", std::string("\xd8\x3d\0A\xd8", 5), lone(0xd8) + lone(0x3d) + "A" + lone(0xd8), 3},
      {"utf16le",
       std::string("\x3d\xd8\0\xde"
                   "A\0",
                   6),
       "😀A", 0},
      {"utf16le",
       std::string("\0\xde"
                   "A\0",
                   4),
       lone(0) + lone(0xde) + "A", 2},
      {"ucs2", std::string("\xd8\x3d\xde\0", 4), lone(0xd8) + lone(0x3d) + lone(0xde) + lone(0), 4},
      {"ucs2", std::string("\0A\x20\xac\0", 5), "A€" + lone(0), 1},
      {"utf32", std::string("\0\1\xf6\0\0\0\0A", 8), "😀A", 0},
      {"utf32", std::string("\0\x11\0\0\0\0\xd8\0", 8),
       lone(0) + lone(0x11) + lone(0) + lone(0) + lone(0) + lone(0) + lone(0xd8) + lone(0), 8},
      {"utf32", std::string("\0\0\0A\0\0", 6), "A" + lone(0) + lone(0), 2},
      {"utf8mb4", "a😀\xff", "a😀\xff", 0},  // validated elsewhere
      {"binary", std::string("\0\xff", 2), std::string("\0\xff", 2), 0},
  };
  for (const Case& c : cases) {
    const Charset* charset = charset_by_name(c.charset);
    ASSERT_NE(charset, nullptr) << c.charset;
    Converted got = convert(*charset, c.text);
    EXPECT_EQ(hex(got.utf8), hex(c.utf8)) << c.charset << " " << hex(c.text);
    EXPECT_EQ(got.invalid, c.invalid) << c.charset << " " << hex(c.text);
    EXPECT_TRUE(convert(*charset, "").utf8.empty()) << c.charset;
  }
}

// Whatever the bytes, the result is UTF-8 but for the escapes, which are as many as counted.
TEST(Charset, SurvivesAnyBytes) {
  std::mt19937 random(7);
  for (uint32_t id = 1; id < 256; ++id) {
    const Charset* charset = charset_by_collation(id);
    if (charset == nullptr || charset->is_utf8() || charset->is_binary()) continue;
    for (int round = 0; round < 200; ++round) {
      std::string text(random() % 70, '\0');
      for (char& c : text) c = static_cast<char>(random() % 3 == 0 ? random() % 128 : random());
      Converted got = convert(*charset, text);
      uint64_t escapes = 0;
      for (size_t i = 0; i < got.utf8.size();) {
        auto byte = static_cast<unsigned char>(got.utf8[i]);
        size_t size = byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
        ASSERT_TRUE(byte < 0x80 || (byte >= 0xc2 && byte <= 0xf4)) << charset->name() << " " << hex(text);
        ASSERT_LE(i + size, got.utf8.size()) << charset->name() << " " << hex(text);
        for (size_t k = 1; k < size; ++k)
          ASSERT_EQ(got.utf8[i + k] & 0xc0, 0x80) << charset->name() << " " << hex(text);
        escapes += byte == 0xed && static_cast<unsigned char>(got.utf8[i + 1]) >= 0xa0;
        i += size;
      }
      ASSERT_EQ(escapes, got.invalid) << charset->name() << " " << hex(text);
    }
  }
}

// MariaDB and MySQL 5.6 take any byte into such a column; two that would be UTF-8 are still two unknown ones.
TEST(Charset, BytesAboveAsciiAreNotUtf8) {
  const Charset& ascii = *charset_by_name("ascii");
  EXPECT_FALSE(ascii.is_utf8());
  Converted got = convert(ascii, "a\xd7\xab!");
  EXPECT_EQ(hex(got.utf8), "61edb397edb2ab21");
  EXPECT_EQ(got.invalid, 2u);
}

TEST(Charset, IsFoundByTheServersIdsAndNames) {
  struct Case {
    uint32_t id;
    const char* charset;  // nullptr: unknown
  };
  const Case cases[] = {{0, nullptr},      {1, "big5"},       {8, "latin1"},     {11, "ascii"},
                        {28, "gbk"},       {33, "utf8mb3"},   {45, "utf8mb4"},   {46, "utf8mb4"},
                        {63, "binary"},    {83, "utf8mb3"},   {98, "eucjpms"},   {100, nullptr},
                        {192, "utf8mb3"},  {224, "utf8mb4"},  {248, "gb18030"},  {250, "gb18030"},
                        {255, "utf8mb4"},  {323, "utf8mb4"},  {324, nullptr},    {576, "utf8mb3"},
                        {608, "utf8mb4"},  {1032, "latin1"},  {1270, "utf8mb4"}, {2047, nullptr},
                        {2048, "utf8mb3"}, {2304, "utf8mb4"}, {2503, "utf8mb4"}, {2560, "ucs2"},
                        {2816, "utf16"},   {3072, "utf32"},   {3271, "utf32"},   {4294967295u, nullptr}};
  for (const Case& c : cases) {
    const Charset* charset = charset_by_collation(c.id);
    EXPECT_EQ(charset == nullptr ? "none" : charset->name(), c.charset == nullptr ? "none" : c.charset)
        << c.id;
  }
  EXPECT_EQ(charset_by_name("LATIN1"), charset_by_collation(8));
  EXPECT_EQ(charset_by_name("utf8"), charset_by_name("utf8mb3"));
  EXPECT_EQ(charset_by_name("latin"), nullptr);
  EXPECT_EQ(charset_by_name(""), nullptr);
  EXPECT_EQ(charset_by_collation_name("utf8mb4_0900_ai_ci"), charset_by_name("utf8mb4"));
  EXPECT_EQ(charset_by_collation_name("utf8_bin"), charset_by_name("utf8mb3"));
  EXPECT_EQ(charset_by_collation_name("binary"), charset_by_collation(63));
  EXPECT_EQ(charset_by_collation_name("uca1400_ai_ci"), nullptr);
  EXPECT_TRUE(charset_by_name("binary")->is_binary());
  EXPECT_TRUE(charset_by_name("utf8mb3")->is_utf8());
  EXPECT_FALSE(charset_by_name("latin1")->is_utf8());
}

}  // namespace
}  // namespace sluice::mysql
