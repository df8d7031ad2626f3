// Whether blocks of bytes in a row are UTF-8, by what no two bytes in a row may be (Keiser and Lemire,
// "Validating UTF-8 in less than one instruction per byte", 2021): three look-ups by half bytes give the
// faults that a pair would have, and what all three agree on is one.
#pragma once

#include <immintrin.h>

#include <cstdint>

namespace sluice {
namespace utf8_faults {

enum : uint8_t {
  TooShort = 1,                          // a first byte, and none that goes on
  TooLong = 2,                           // ASCII, and one that goes on
  Overlong3 = 4,                         // e0 80..9f
  TooLarge = 8,                          // f4 90.., f5.. and more
  Surrogate = 16,                        // ed a0..bf
  Overlong2 = 32,                        // c0, c1
  TooLargeToo = 64,                      // f5.. 80..8f
  Overlong4 = 64,                        // f0 80..8f
  TwoGoOn = 128,                         // two that go on
  Carry = TooShort | TooLong | TwoGoOn,  // told by the high halves alone
};
using Lookup = uint8_t[16];
inline constexpr Lookup kFirstHigh = {TooLong,
                                      TooLong,
                                      TooLong,
                                      TooLong,
                                      TooLong,
                                      TooLong,
                                      TooLong,
                                      TooLong,
                                      TwoGoOn,
                                      TwoGoOn,
                                      TwoGoOn,
                                      TwoGoOn,
                                      TooShort | Overlong2,
                                      TooShort,
                                      TooShort | Overlong3 | Surrogate,
                                      TooShort | TooLarge | TooLargeToo | Overlong4};
inline constexpr uint8_t kOver = Carry | TooLarge | TooLargeToo;
inline constexpr Lookup kFirstLow = {Carry | Overlong3 | Overlong2 | Overlong4,
                                     Carry | Overlong2,
                                     Carry,
                                     Carry,
                                     Carry | TooLarge,
                                     kOver,
                                     kOver,
                                     kOver,
                                     kOver,
                                     kOver,
                                     kOver,
                                     kOver,
                                     kOver,
                                     kOver | Surrogate,
                                     kOver,
                                     kOver};
inline constexpr uint8_t kGoesOn = TooLong | Overlong2 | TwoGoOn;
inline constexpr Lookup kSecondHigh = {TooShort,
                                       TooShort,
                                       TooShort,
                                       TooShort,
                                       TooShort,
                                       TooShort,
                                       TooShort,
                                       TooShort,
                                       kGoesOn | Overlong3 | TooLargeToo | Overlong4,
                                       kGoesOn | Overlong3 | TooLarge,
                                       kGoesOn | Surrogate | TooLarge,
                                       kGoesOn | Surrogate | TooLarge,
                                       TooShort,
                                       TooShort,
                                       TooShort,
                                       TooShort};

}  // namespace utf8_faults

// Sixteen bytes a block.
class Utf8Check {
 public:
  Utf8Check() = default;
  // Goes on behind these sixteen bytes, of which what stands before has no faults.
  explicit Utf8Check(__m128i before) : before_(before), quiet_(false) {}

  void block(__m128i bytes) {
    const __m128i nibble = _mm_set1_epi8(15);
    __m128i one_before = _mm_alignr_epi8(bytes, before_, 15);
    __m128i faults = _mm_and_si128(
        _mm_and_si128(_mm_shuffle_epi8(load(utf8_faults::kFirstHigh), high_half(one_before)),
                      _mm_shuffle_epi8(load(utf8_faults::kFirstLow), _mm_and_si128(one_before, nibble))),
        _mm_shuffle_epi8(load(utf8_faults::kSecondHigh), high_half(bytes)));
    // The third byte of three and the third and fourth of four must go on; two that go on are no fault there.
    __m128i third = _mm_subs_epu8(_mm_alignr_epi8(bytes, before_, 14), _mm_set1_epi8(0xe0 - 0x80));
    __m128i fourth =
        _mm_subs_epu8(_mm_alignr_epi8(bytes, before_, 13), _mm_set1_epi8(static_cast<char>(0xf0 - 0x80)));
    __m128i wanted = _mm_and_si128(_mm_or_si128(third, fourth), _mm_set1_epi8(static_cast<char>(0x80)));
    faults_ = _mm_or_si128(faults_, _mm_xor_si128(wanted, faults));
    before_ = bytes;
  }
  // ASCII alone behind ASCII alone has no faults.
  bool quiet(uint32_t high_bits) {
    bool was = quiet_;
    quiet_ = high_bits == 0;
    return quiet_ && was;
  }
  bool good() const { return _mm_movemask_epi8(_mm_cmpeq_epi8(faults_, _mm_setzero_si128())) == 0xffff; }

 private:
  static __m128i load(const utf8_faults::Lookup& table) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(table));
  }
  static __m128i high_half(__m128i bytes) {
    return _mm_and_si128(_mm_srli_epi16(bytes, 4), _mm_set1_epi8(15));
  }

  __m128i before_ = _mm_setzero_si128();
  __m128i faults_ = _mm_setzero_si128();
  bool quiet_ = true;
};

// The same, thirty-two bytes a block, for processors that have AVX2.
class WideUtf8Check {
 public:
#define SLUICE_AVX2 [[gnu::target("avx2"), gnu::always_inline]] inline
  SLUICE_AVX2 WideUtf8Check() : before_(_mm256_setzero_si256()), faults_(_mm256_setzero_si256()) {}

  SLUICE_AVX2 void block(__m256i bytes) {
    const __m256i nibble = _mm256_set1_epi8(15);
    const __m256i between = _mm256_permute2x128_si256(before_, bytes, 0x21);  // the half before each half
    __m256i one_before = _mm256_alignr_epi8(bytes, between, 15);
    __m256i faults = _mm256_and_si256(
        _mm256_and_si256(
            _mm256_shuffle_epi8(load(utf8_faults::kFirstHigh), high_half(one_before)),
            _mm256_shuffle_epi8(load(utf8_faults::kFirstLow), _mm256_and_si256(one_before, nibble))),
        _mm256_shuffle_epi8(load(utf8_faults::kSecondHigh), high_half(bytes)));
    __m256i third = _mm256_subs_epu8(_mm256_alignr_epi8(bytes, between, 14), _mm256_set1_epi8(0xe0 - 0x80));
    __m256i fourth = _mm256_subs_epu8(_mm256_alignr_epi8(bytes, between, 13),
                                      _mm256_set1_epi8(static_cast<char>(0xf0 - 0x80)));
    __m256i wanted =
        _mm256_and_si256(_mm256_or_si256(third, fourth), _mm256_set1_epi8(static_cast<char>(0x80)));
    faults_ = _mm256_or_si256(faults_, _mm256_xor_si256(wanted, faults));
    before_ = bytes;
  }
  SLUICE_AVX2 bool quiet(uint32_t high_bits) {
    bool was = quiet_;
    quiet_ = high_bits == 0;
    return quiet_ && was;
  }
  SLUICE_AVX2 bool good() const { return _mm256_testz_si256(faults_, faults_) != 0; }

 private:
  SLUICE_AVX2 static __m256i load(const utf8_faults::Lookup& table) {
    return _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(table)));
  }
  SLUICE_AVX2 static __m256i high_half(__m256i bytes) {
    return _mm256_and_si256(_mm256_srli_epi16(bytes, 4), _mm256_set1_epi8(15));
  }
#undef SLUICE_AVX2

  __m256i before_;
  __m256i faults_;
  bool quiet_ = true;
};

}  // namespace sluice
