// FF1: format-preserving encryption (NIST SP 800-38G, algorithm 7). A text of n numerals of a radix becomes
// another one of the same length, one to one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "crypto/aes.h"

namespace sluice {

class Ff1 {
 public:
  static constexpr unsigned kMostNumerals = 128;
  static constexpr unsigned kMostTweak = 64;  // bytes
  // What SP 800-38G revision 1 asks for: with fewer texts than that, all of them can be tried.
  static constexpr uint64_t kLeastTexts = 1'000'000;

  // `radix`: 2 to 256; `key`: 16, 24 or 32 bytes; `tweak`: at most kMostTweak bytes.
  Ff1(std::string_view key, unsigned radix, std::string_view tweak = {});

  // So many numerals have kLeastTexts texts.
  unsigned least_numerals() const { return least_; }
  // `numerals`: each below the radix; least_numerals() to kMostNumerals of them. Allocates nothing.
  void encrypt(std::span<uint8_t> numerals) const;
  void decrypt(std::span<uint8_t> numerals) const;

 private:
  static constexpr unsigned kMostHalf = kMostNumerals / 2;

  template <bool Forward>
  void run(std::span<uint8_t> numerals) const;
  // The number that round `i` makes of one half, as big-endian words; returns how many.
  size_t round(unsigned i, std::span<const uint8_t> half, unsigned count, unsigned longer,
               uint32_t* words) const;

  Aes aes_;
  unsigned radix_;
  unsigned least_ = 0;
  uint8_t half_bytes_[kMostHalf + 1];  // that the numbers of so many numerals take
  std::string tweak_;
};

}  // namespace sluice
