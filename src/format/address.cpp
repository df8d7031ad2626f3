#include "format/address.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace sluice {
namespace {

constexpr char kHex[] = "0123456789abcdef";

uint32_t word(std::string_view bytes, size_t i) {
  return static_cast<uint32_t>(static_cast<uint8_t>(bytes[2 * i])) << 8 |
         static_cast<uint8_t>(bytes[2 * i + 1]);
}

// As many bytes as the type has: a damaged value may have fewer or more.
template <size_t kSize>
std::string_view sized(std::string_view bytes, char (&copy)[kSize]) {
  std::memset(copy, 0, kSize);
  std::memcpy(copy, bytes.data(), std::min(bytes.size(), kSize));
  return {copy, kSize};
}

// Without leading zeros.
char* spell_word(char* out, uint32_t value) {
  for (int shift = 12; shift > 0; shift -= 4) {
    if (value >> shift) *out++ = kHex[value >> shift & 15];
  }
  *out++ = kHex[value & 15];
  return out;
}

}  // namespace

char* spell_uuid(char* out, std::string_view bytes) {
  char copy[16];
  bytes = sized(bytes, copy);
  for (size_t i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) *out++ = '-';
    auto byte = static_cast<uint8_t>(bytes[i]);
    *out++ = kHex[byte >> 4];
    *out++ = kHex[byte & 15];
  }
  return out;
}

char* spell_inet4(char* out, std::string_view bytes) {
  char copy[4];
  bytes = sized(bytes, copy);
  for (size_t i = 0; i < 4; ++i) {
    if (i > 0) *out++ = '.';
    auto byte = static_cast<uint8_t>(bytes[i]);
    char* digits = out;
    if (byte >= 100) *digits++ = static_cast<char>('0' + byte / 100);
    if (byte >= 10) *digits++ = static_cast<char>('0' + byte / 10 % 10);
    *digits++ = static_cast<char>('0' + byte % 10);
    out = digits;
  }
  return out;
}

// The first of the longest runs of zero words becomes `::`; what is left of an IPv4 address
// (`::1.2.3.4`, `::ffff:1.2.3.4`) is shown as one.
char* spell_inet6(char* out, std::string_view bytes) {
  char copy[16];
  bytes = sized(bytes, copy);
  size_t gap = 8, gap_words = 0;
  for (size_t i = 0; i < 8; ++i) {
    size_t end = i;
    while (end < 8 && word(bytes, end) == 0) ++end;
    if (end - i > gap_words) {
      gap = i;
      gap_words = end - i;
    }
  }
  bool holds_ipv4 = gap == 0 && (gap_words == 6 || (gap_words == 5 && word(bytes, 5) == 0xffff));
  size_t words = holds_ipv4 ? 6 : 8;
  for (size_t i = 0; i < words;) {
    if (i == gap) {
      *out++ = ':';
      i += gap_words;
      if (i == 8) *out++ = ':';
      continue;
    }
    if (i > 0) *out++ = ':';
    out = spell_word(out, word(bytes, i++));
  }
  if (!holds_ipv4) return out;
  *out++ = ':';
  return spell_inet4(out, bytes.substr(12));
}

}  // namespace sluice
