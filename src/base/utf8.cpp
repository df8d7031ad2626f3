#include "base/utf8.h"

#include <cstdint>
#include <cstring>

namespace sluice {
namespace {

bool continues(char c) { return (static_cast<uint8_t>(c) & 0xc0) == 0x80; }

}  // namespace

// The ranges of the second byte are those of the Unicode standard, table 3-7.
size_t utf8_length(std::string_view text) {
  if (text.empty()) return 0;
  auto first = static_cast<uint8_t>(text[0]);
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4 || text.size() < 2) return 0;
  auto second = static_cast<uint8_t>(text[1]);
  if (first < 0xe0) return continues(text[1]) ? 2 : 0;
  if (first < 0xf0) {
    uint8_t least = first == 0xe0 ? 0xa0 : 0x80;
    uint8_t most = first == 0xed ? 0x9f : 0xbf;
    return text.size() >= 3 && second >= least && second <= most && continues(text[2]) ? 3 : 0;
  }
  uint8_t least = first == 0xf0 ? 0x90 : 0x80;
  uint8_t most = first == 0xf4 ? 0x8f : 0xbf;
  bool good =
      text.size() >= 4 && second >= least && second <= most && continues(text[2]) && continues(text[3]);
  return good ? 4 : 0;
}

size_t find_invalid_utf8(std::string_view text) {
  size_t at = 0;
  while (at < text.size()) {
    while (text.size() - at >= 8) {
      uint64_t word;
      std::memcpy(&word, text.data() + at, 8);
      word &= 0x8080808080808080;
      if (word != 0) {
        at += static_cast<size_t>(__builtin_ctzll(word)) / 8;
        break;
      }
      at += 8;
    }
    if (at == text.size()) break;
    size_t length = utf8_length(text.substr(at));
    if (length == 0) return at;
    at += length;
  }
  return at;
}

}  // namespace sluice
