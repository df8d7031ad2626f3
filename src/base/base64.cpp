#include "base/base64.h"

#include <array>
#include <cstdint>
#include <cstring>

namespace sluice {
namespace {

constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr uint8_t kForeign = 0xff;

using Pair = std::array<char, 2>;

// Two characters for each twelve bits: 8 KiB, one look-up and one store for a byte and a half.
constexpr std::array<Pair, 4096> make_pairs() {
  std::array<Pair, 4096> pairs{};
  for (size_t i = 0; i < pairs.size(); ++i) pairs[i] = {kAlphabet[i >> 6], kAlphabet[i & 63]};
  return pairs;
}
constexpr std::array<uint8_t, 256> make_values() {
  std::array<uint8_t, 256> values{};
  values.fill(kForeign);
  for (uint8_t i = 0; i < 64; ++i) values[static_cast<uint8_t>(kAlphabet[i])] = i;
  return values;
}
constexpr std::array<Pair, 4096> kPairs = make_pairs();
constexpr std::array<uint8_t, 256> kValues = make_values();

void put_pair(char* out, uint32_t bits) { std::memcpy(out, kPairs[bits & 4095].data(), 2); }

}  // namespace

char* base64_encode(char* out, std::string_view bytes) {
  auto at = reinterpret_cast<const uint8_t*>(bytes.data());
  size_t left = bytes.size();
  // Six bytes a step, read as eight: the two beyond belong to the text as well.
  for (; left >= 8; left -= 6, at += 6, out += 8) {
    uint64_t word;
    std::memcpy(&word, at, 8);
    word = __builtin_bswap64(word);
    put_pair(out, static_cast<uint32_t>(word >> 52));
    put_pair(out + 2, static_cast<uint32_t>(word >> 40));
    put_pair(out + 4, static_cast<uint32_t>(word >> 28));
    put_pair(out + 6, static_cast<uint32_t>(word >> 16));
  }
  for (; left >= 3; left -= 3, at += 3, out += 4) {
    uint32_t word = static_cast<uint32_t>(at[0]) << 16 | static_cast<uint32_t>(at[1]) << 8 | at[2];
    put_pair(out, word >> 12);
    put_pair(out + 2, word);
  }
  if (left > 0) {
    uint32_t word = static_cast<uint32_t>(at[0]) << 16 | (left > 1 ? static_cast<uint32_t>(at[1]) << 8 : 0);
    put_pair(out, word >> 12);
    out[2] = left > 1 ? kAlphabet[word >> 6 & 63] : '=';
    out[3] = '=';
    out += 4;
  }
  return out;
}

std::optional<std::string> base64_decode(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  size_t digits = text.size();
  for (int padding = 0; padding < 2 && digits > 0 && text[digits - 1] == '='; ++padding) --digits;
  std::string bytes;
  bytes.reserve(digits * 3 / 4);
  uint32_t bits = 0;
  uint32_t held = 0;  // bits of `bits` that are not yet written
  for (size_t i = 0; i < digits; ++i) {
    uint8_t value = kValues[static_cast<uint8_t>(text[i])];
    if (value == kForeign) return std::nullopt;
    bits = bits << 6 | value;
    held += 6;
    if (held >= 8) {
      held -= 8;
      bytes += static_cast<char>(bits >> held & 0xff);
    }
  }
  if ((bits & ((1U << held) - 1)) != 0) return std::nullopt;
  return bytes;
}

}  // namespace sluice
