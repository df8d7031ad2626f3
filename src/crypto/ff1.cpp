#include "crypto/ff1.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"

namespace sluice {
namespace {

constexpr unsigned kRounds = 10;

// The number that the numerals spell, in `size` big-endian bytes.
void to_bytes(std::span<const uint8_t> numerals, unsigned radix, uint8_t* out, size_t size) {
  std::memset(out, 0, size);
  for (uint8_t numeral : numerals) {
    unsigned carry = numeral;
    for (size_t i = size; i-- > 0;) {
      carry += out[i] * radix;
      out[i] = static_cast<uint8_t>(carry);
      carry >>= 8;
    }
  }
}

// Divides the big-endian number by `radix` and returns the rest.
unsigned cut(uint32_t* words, size_t count, unsigned radix) {
  uint64_t rest = 0;
  for (size_t i = 0; i < count; ++i) {
    rest = rest << 32 | words[i];
    words[i] = static_cast<uint32_t>(rest / radix);
    rest %= radix;
  }
  return static_cast<unsigned>(rest);
}

}  // namespace

Ff1::Ff1(std::string_view key, unsigned radix, std::string_view tweak)
    : aes_(key), radix_(radix), tweak_(tweak) {
  CHECK(radix >= 2 && radix <= 256 && tweak.size() <= kMostTweak);
  for (uint64_t texts = 1; texts < kLeastTexts; texts *= radix) ++least_;
  uint8_t largest[kMostHalf], bytes[kMostHalf];
  std::fill_n(largest, kMostHalf, static_cast<uint8_t>(radix - 1));
  for (unsigned n = 0; n <= kMostHalf; ++n) {
    to_bytes({largest, n}, radix, bytes, kMostHalf);
    auto* first = std::find_if(bytes, bytes + kMostHalf, [](uint8_t byte) { return byte != 0; });
    half_bytes_[n] = static_cast<uint8_t>(bytes + kMostHalf - first);
  }
}

size_t Ff1::round(unsigned i, std::span<const uint8_t> half, unsigned count, unsigned longer,
                  uint32_t* words) const {
  size_t b = half_bytes_[longer], d = 4 * ((b + 3) / 4) + 4, t = tweak_.size();
  // P and Q of the standard, one behind the other.
  uint8_t text[16 + kMostTweak + 16 + kMostHalf] = {1, 2, 1, 0, 0, 0, 10};
  text[4] = static_cast<uint8_t>(radix_ >> 8);
  text[5] = static_cast<uint8_t>(radix_);
  text[7] = static_cast<uint8_t>(count / 2);
  text[11] = static_cast<uint8_t>(count);
  text[15] = static_cast<uint8_t>(t);
  std::memcpy(text + 16, tweak_.data(), t);
  size_t size = 16 + (t + b + 16) / 16 * 16;
  text[size - b - 1] = static_cast<uint8_t>(i);
  to_bytes(half, radix_, text + size - b, b);
  uint8_t sum[Aes::kBlock] = {};
  for (size_t at = 0; at < size; at += Aes::kBlock) {
    for (size_t j = 0; j < Aes::kBlock; ++j) sum[j] ^= text[at + j];
    aes_.encrypt(sum, sum);
  }
  uint8_t long_sum[kMostHalf + 2 * Aes::kBlock];
  std::memcpy(long_sum, sum, Aes::kBlock);
  for (size_t at = Aes::kBlock, j = 1; at < d; at += Aes::kBlock, ++j) {
    std::memcpy(long_sum + at, sum, Aes::kBlock);
    long_sum[at + 15] ^= static_cast<uint8_t>(j);  // j < 256
    aes_.encrypt(long_sum + at, long_sum + at);
  }
  for (size_t w = 0; w < d / 4; ++w) {
    const uint8_t* p = long_sum + 4 * w;
    words[w] = uint32_t{p[0]} << 24 | uint32_t{p[1]} << 16 | uint32_t{p[2]} << 8 | p[3];
  }
  return d / 4;
}

// The halves stay where they are and take turns: in even rounds the first is changed by the second.
template <bool Forward>
void Ff1::run(std::span<uint8_t> numerals) const {
  auto n = static_cast<unsigned>(numerals.size());
  CHECK(n >= least_ && n >= 2 && n <= kMostNumerals);
  std::span<uint8_t> halves[2] = {numerals.first(n / 2), numerals.subspan(n / 2)};
  uint32_t words[kMostHalf / 4 + 8];
  for (unsigned step = 0; step < kRounds; ++step) {
    unsigned i = Forward ? step : kRounds - 1 - step;
    std::span<uint8_t> changed = halves[i % 2];
    size_t count = round(i, halves[1 - i % 2], n, n - n / 2, words);
    unsigned carry = 0;
    for (size_t at = changed.size(); at-- > 0;) {
      unsigned digit = cut(words, count, radix_) + carry;
      if (Forward) {
        unsigned sum = changed[at] + digit;
        carry = sum >= radix_;
        changed[at] = static_cast<uint8_t>(sum - carry * radix_);
      } else {
        carry = changed[at] < digit;
        changed[at] = static_cast<uint8_t>(changed[at] + carry * radix_ - digit);
      }
    }
  }
}

void Ff1::encrypt(std::span<uint8_t> numerals) const { run<true>(numerals); }
void Ff1::decrypt(std::span<uint8_t> numerals) const { run<false>(numerals); }

}  // namespace sluice
