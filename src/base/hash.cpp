#include "base/hash.h"

#include <cstring>

namespace sluice {
namespace {

// The character at the front, which is taken away.
uint32_t take_character(std::string_view& text) {
  constexpr uint32_t kReplacement = 0xfffd;
  auto lead = static_cast<uint8_t>(text.front());
  text.remove_prefix(1);
  if (lead < 0x80) return lead;
  int more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
  if (lead < 0xc2 || lead > 0xf4) return kReplacement;
  uint32_t character = lead & (0x3fU >> more);
  for (int i = 0; i < more; ++i) {
    if (text.empty() || (static_cast<uint8_t>(text.front()) & 0xc0) != 0x80) return kReplacement;
    character = character << 6 | (static_cast<uint8_t>(text.front()) & 0x3f);
    text.remove_prefix(1);
  }
  return character;
}

}  // namespace

int32_t java_hash(std::string_view text) {
  uint32_t hash = 0;
  while (!text.empty()) {
    uint32_t character = take_character(text);
    if (character >= 0x10000) {
      hash = 31 * hash + (0xd7c0 + (character >> 10));
      character = 0xdc00 + (character & 0x3ff);
    }
    hash = 31 * hash + character;
  }
  return static_cast<int32_t>(hash);
}

int32_t murmur2(std::string_view bytes) {
  constexpr uint32_t kSeed = 0x9747b28c, kMultiplier = 0x5bd1e995;
  uint32_t hash = kSeed ^ static_cast<uint32_t>(bytes.size());
  size_t at = 0;
  for (; at + 4 <= bytes.size(); at += 4) {
    uint32_t k;
    std::memcpy(&k, bytes.data() + at, 4);  // little-endian, as Kafka reads it
    k *= kMultiplier;
    k ^= k >> 24;
    hash = hash * kMultiplier ^ k * kMultiplier;
  }
  if (at < bytes.size()) {
    for (size_t i = bytes.size(); i-- > at;) {
      hash ^= uint32_t{static_cast<uint8_t>(bytes[i])} << 8 * (i - at);
    }
    hash *= kMultiplier;
  }
  hash ^= hash >> 13;
  hash *= kMultiplier;
  hash ^= hash >> 15;
  return static_cast<int32_t>(hash);
}

}  // namespace sluice
