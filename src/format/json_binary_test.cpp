#include "format/json_binary.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "base/arena.h"
#include "format/spell.h"

namespace sluice {
namespace {

std::string unhex(std::string_view text) {
  std::string bytes;
  for (size_t i = 0; i + 1 < text.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

std::string hex(std::string_view bytes) {
  std::string text;
  for (char c : bytes) text += fmt::format("{:02x}", static_cast<uint8_t>(c));
  return text;
}

// Exact buffers on the heap at both ends but for the slack, so that the address sanitizer sees a byte too
// much.
std::string spelt(std::string_view document, JsonSpacing spacing = JsonSpacing::Compact) {
  size_t bound = json_binary_bound(document.size());
  std::unique_ptr<char[]> in(new char[document.size() + Arena::kReadSlack]);
  std::memcpy(in.get(), document.data(), document.size());
  std::unique_ptr<char[]> out(new char[bound + kSlack]);
  char* sql = spell_json_sql(out.get(), {in.get(), document.size()});
  if (sql != nullptr) { EXPECT_LE(static_cast<size_t>(sql - out.get()), bound) << hex(document); }
  char* end = spell_json_binary(out.get(), {in.get(), document.size()}, spacing);
  EXPECT_EQ(sql == nullptr, end == nullptr) << hex(document);
  if (end == nullptr) return "malformed";
  EXPECT_LE(static_cast<size_t>(end - out.get()), bound) << hex(document);
  return {out.get(), end};
}

struct Recorded {
  std::string binary, text;
};
const std::vector<Recorded>& recorded() {
  static const std::vector<Recorded> all = [] {
    std::vector<Recorded> read;
    std::ifstream file(SLUICE_TEST_DIR "/cases/json_binary/mysql-9.7.tsv");
    for (std::string line; std::getline(file, line);) {
      size_t tab = line.find('\t');
      read.push_back({unhex(std::string_view(line).substr(0, tab)), line.substr(tab + 1)});
    }
    return read;
  }();
  return all;
}

// Without the spaces that the server sets between members, and nowhere else.
std::string compacted(std::string_view text) {
  std::string out;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (quoted && text[i] == '\\') {
      out += text.substr(i++, 2);
      continue;
    }
    if (text[i] == '"') quoted = !quoted;
    if (quoted || text[i] != ' ') out += text[i];
  }
  return out;
}

TEST(JsonBinary, SaysWhatTheServerSays) {
  ASSERT_GT(recorded().size(), 400U);
  for (const Recorded& document : recorded()) {
    EXPECT_EQ(spelt(document.binary, JsonSpacing::Server), document.text)
        << hex(document.binary).substr(0, 2000);
    EXPECT_EQ(spelt(document.binary), compacted(document.text)) << hex(document.binary).substr(0, 2000);
  }
  EXPECT_EQ(spelt(""), "null");
}

TEST(JsonBinary, RefusesWhatTheServerWouldNotWrite) {
  struct Case {
    std::string hex, why;
  };
  const Case cases[] = {
      {"0403", "a literal that is none"},
      {"04", "a literal cut off"},
      {"0d00", "a type that is none"},
      {"0501", "an integer cut off"},
      {"0b000000000000f07f", "infinity"},
      {"0b000000000000f87f", "not a number"},
      {"0c0261", "a text shorter than it says"},
      {"0cffffffffff00", "a length of more than five bytes"},
      {"0cffffffff0f61", "a length of 4 GiB"},
      {"0c02c328", "not UTF-8"},
      {"0c03eda080", "a surrogate"},
      {"00", "no header"},
      {"000100", "a header cut off"},
      {"02ffffffff", "more elements than bytes"},
      {"0200000500", "longer than it is"},
      {"020000", "shorter than its header"},
      {"02010008000c080061", "an offset at its end"},
      {"02010009000c0000017a", "an offset to its own header"},
      {"0200000300", "a size below that of its header"},
      {"0001000c000b00ff7f0400000061", "a key longer than the document"},
      {"0001000c0000000100040000610000", "a key in the header"},
      {"0ff60100", "a decimal without precision"},
      {"0ff6275200" + std::string(74, '8'), "a decimal of 82 digits"},
      {"0ff603010280", "more fraction than digits"},
      {"0ff604010080ff", "a decimal longer than its precision"},
      {"0f0a0700000000deb819", "a date of seven bytes"},
      {"0f0c0840420f80a7deb819", "a million microseconds"},
      {"0f0c08000000000000ffff", "the year 10000 and more"},
      {"0f0b08000000000000007f", "a time of 1000 hours and more"},
  };
  for (const Case& c : cases) EXPECT_EQ(spelt(unhex(c.hex)), "malformed") << c.why << ": " << c.hex;
}

std::string nested(int depth) {
  std::string inner = std::string("\x00\x00\x04\x00", 4);
  for (int i = 1; i < depth; ++i) {
    auto size = static_cast<uint16_t>(inner.size() + 7);
    std::string outer = {1, 0, static_cast<char>(size & 255), static_cast<char>(size >> 8), 2, 7, 0};
    inner = outer + inner;
  }
  return '\x02' + inner;
}

TEST(JsonBinary, DepthIsBounded) {
  EXPECT_EQ(spelt(nested(kMaxJsonDepth)), std::string(100, '[') + std::string(100, ']'));
  EXPECT_EQ(spelt(nested(kMaxJsonDepth + 1)), "malformed");
}

// 1000 elements that all point to the same 1000 bytes would make a megabyte of 4 kilobytes, and nested a
// thousand times that.
TEST(JsonBinary, SharedBytesAreSpentOnce) {
  std::string text = std::string("\xe8\x07", 2) + std::string(1000, 'a');
  size_t content = 4 + 1000 * 3;
  size_t size = content + text.size();
  std::string document = {2, '\xe8', 3, static_cast<char>(size & 255), static_cast<char>(size >> 8)};
  for (int i = 0; i < 1000; ++i) {
    document += {0x0c, static_cast<char>(content & 255), static_cast<char>(content >> 8)};
  }
  EXPECT_EQ(spelt(document + text), "malformed");
}

TEST(JsonBinary, AMarkerKeepsTheBytesAndIsCounted) {
  uint64_t before = malformed_json_documents();
  std::string document = unhex("02ffffffff");
  std::string out(json_binary_bound(document.size()), '!');
  char* end = spell_json_binary_or_marker(out.data(), document, JsonSpacing::Compact);
  EXPECT_EQ(std::string(out.data(), end), "\"malformed json, base64:Av////8=\"");
  EXPECT_EQ(malformed_json_documents(), before + 1);
  document = unhex("0401");
  end = spell_json_binary_or_marker(out.data(), document, JsonSpacing::Compact);
  EXPECT_EQ(std::string(out.data(), end), "true");
  EXPECT_EQ(malformed_json_documents(), before + 1);
}

// Damaged documents either are refused or become valid JSON, within the promised room.
TEST(JsonBinary, DamagedDocumentsStayHarmless) {
  size_t sound = 0, refused = 0;
  for (uint32_t seed = 1; seed <= 60000; ++seed) {
    std::mt19937 random(seed);
    const Recorded& from = recorded()[random() % recorded().size()];
    if (from.binary.size() > 4000 || from.binary.empty()) continue;
    std::string document = from.binary;
    if (random() % 4 == 0) document.resize(random() % document.size());
    for (uint32_t i = random() % 4; i-- > 0 && !document.empty();) {
      document[random() % document.size()] = static_cast<char>(random() % 3 ? random() % 16 : random());
    }
    std::string text = spelt(document, random() % 2 ? JsonSpacing::Compact : JsonSpacing::Server);
    if (text == "malformed") {
      ++refused;
    } else {
      ++sound;
      EXPECT_TRUE(nlohmann::json::accept(text)) << "seed " << seed << ": " << hex(document) << "\n" << text;
    }
  }
  EXPECT_GT(sound, 5000U);
  EXPECT_GT(refused, 5000U);
}

// A document cut at any byte is malformed.
TEST(JsonBinary, CutDocumentsAreNeverMisread) {
  for (const Recorded& document : recorded()) {
    if (document.binary.size() > 400) continue;
    for (size_t size = 1; size < document.binary.size(); ++size) {
      EXPECT_EQ(spelt(std::string_view(document.binary).substr(0, size)), "malformed")
          << hex(document.binary) << " cut to " << size;
    }
  }
}

}  // namespace
}  // namespace sluice
