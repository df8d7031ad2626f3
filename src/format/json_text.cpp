#include "format/json_text.h"

#include <tmmintrin.h>

#include <array>
#include <cstring>
#include <utility>

#include "base/arena.h"
#include "base/utf8.h"
#include "format/spell.h"

namespace sluice {
namespace {

struct Escape {
  char text[8];
  uint8_t size;  // 0: none needed
};

constexpr std::array<Escape, 256> make_escapes() {
  std::array<Escape, 256> made{};
  constexpr char hex[] = "0123456789abcdef";
  for (unsigned c = 0; c < 0x20; ++c) made[c] = {{'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]}, 6};
  constexpr std::pair<char, char> short_ones[] = {{'"', '"'},  {'\\', '\\'}, {'\n', 'n'}, {'\r', 'r'},
                                                  {'\t', 't'}, {'\b', 'b'},  {'\f', 'f'}};
  for (auto [c, letter] : short_ones) made[static_cast<uint8_t>(c)] = {{'\\', letter}, 2};
  return made;
}

constexpr std::array<Escape, 256> kEscapes = make_escapes();

char* put_escape(char* out, const Escape& escape) {
  std::memcpy(out, escape.text, 8);
  return out + escape.size;
}

char* put_byte(char* out, uint8_t byte) {
  constexpr char hex[] = "0123456789abcdef";
  std::memcpy(out, "\\udc", 4);
  out[4] = hex[byte >> 4];
  out[5] = hex[byte & 15];
  return out + 6;
}

// U+DC00 + byte as its three bytes of UTF-8: what a character set could not map.
bool is_escaped_byte(const uint8_t* at, size_t left) {
  return left >= 3 && at[0] == 0xed && at[1] >= 0xb0 && at[1] <= 0xb3 && (at[2] & 0xc0) == 0x80;
}

// Text that is not all UTF-8, character by character.
char* spell_broken(char* out, const char* begin, const char* finish, bool stored) {
  const auto* at = reinterpret_cast<const uint8_t*>(begin);
  const auto* end = reinterpret_cast<const uint8_t*>(finish);
  while (at < end) {
    auto left = static_cast<size_t>(end - at);
    if (kEscapes[*at].size != 0) {
      out = put_escape(out, kEscapes[*at++]);
    } else if (size_t n = utf8_length({reinterpret_cast<const char*>(at), left < 4 ? left : 4})) {
      std::memcpy(out, at, 4);
      out += n;
      at += n;
    } else if (!stored && is_escaped_byte(at, left)) {
      out = put_byte(out, static_cast<uint8_t>((at[1] & 3) << 6 | (at[2] & 63)));
      at += 3;
    } else {
      out = put_byte(out, *at++);
    }
  }
  return out;
}

// Whether blocks of 16 bytes in a row are UTF-8, by what no two bytes in a row may be (Keiser and Lemire,
// "Validating UTF-8 in less than one instruction per byte", 2021): three look-ups by half bytes give the
// faults that a pair would have, and what all three agree on is one.
class Utf8Check {
 public:
  void block(__m128i bytes) {
    const __m128i nibble = _mm_set1_epi8(15);
    __m128i one_before = _mm_alignr_epi8(bytes, before_, 15);
    __m128i faults =
        _mm_and_si128(_mm_and_si128(_mm_shuffle_epi8(load(kFirstHigh), high_half(one_before)),
                                    _mm_shuffle_epi8(load(kFirstLow), _mm_and_si128(one_before, nibble))),
                      _mm_shuffle_epi8(load(kSecondHigh), high_half(bytes)));
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
  static constexpr Lookup kFirstHigh = {TooLong,
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
  static constexpr uint8_t kOver = Carry | TooLarge | TooLargeToo;
  static constexpr Lookup kFirstLow = {Carry | Overlong3 | Overlong2 | Overlong4,
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
  static constexpr uint8_t kGoesOn = TooLong | Overlong2 | TwoGoOn;
  static constexpr Lookup kSecondHigh = {TooShort,
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

  static __m128i load(const Lookup& table) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(table));
  }
  static __m128i high_half(__m128i bytes) {
    return _mm_and_si128(_mm_srli_epi16(bytes, 4), _mm_set1_epi8(15));
  }

  __m128i before_ = _mm_setzero_si128();
  __m128i faults_ = _mm_setzero_si128();
  bool quiet_ = true;
};

// The first `size` < 16 bytes, and zeros behind them.
__m128i first_bytes(__m128i bytes, size_t size) {
  static constexpr uint8_t kMask[32] = {255, 255, 255, 255, 255, 255, 255, 255,
                                        255, 255, 255, 255, 255, 255, 255, 255};
  return _mm_and_si128(bytes, _mm_loadu_si128(reinterpret_cast<const __m128i*>(kMask + 16 - size)));
}

char* copy16(char* out, const char* at) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out), _mm_loadu_si128(reinterpret_cast<const __m128i*>(at)));
  return out;
}

// Null: it is not UTF-8.
char* spell_blocks(char* out, const char* const text, const char* const end) {
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i backslash = _mm_set1_epi8('\\');
  const __m128i control = _mm_set1_epi8(0x1f);
  Utf8Check check;
  for (const char* at = text; at < end; at += 16) {
    __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    auto left = static_cast<size_t>(end - at);
    uint32_t inside = left < 16 ? (1u << left) - 1 : 0xffff;
    if (left < 16) bytes = first_bytes(bytes, left);
    if (!check.quiet(static_cast<uint32_t>(_mm_movemask_epi8(bytes)))) check.block(bytes);
    __m128i special =
        _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash)),
                     _mm_cmpeq_epi8(_mm_min_epu8(bytes, control), bytes));
    auto mask = static_cast<uint32_t>(_mm_movemask_epi8(special)) & inside;
    unsigned done = 0;
    for (; mask != 0; mask &= mask - 1) {
      auto next = static_cast<unsigned>(std::countr_zero(mask));
      out = copy16(out, at + done) + (next - done);
      out = put_escape(out, kEscapes[static_cast<uint8_t>(at[next])]);
      done = next + 1;
    }
    out = copy16(out, at + done) + ((left < 16 ? left : 16) - done);
  }
  // A character that the text's end cuts off.
  if (!check.quiet(0)) check.block(_mm_setzero_si128());
  return check.good() ? out : nullptr;
}

}  // namespace

char* spell_json_rest(char* out, const char* at, const char* end, bool stored) {
  char* whole = spell_blocks(out, at, end);
  return whole ? whole : spell_broken(out, at, end, stored);
}

char* spell_json_utf8(char* out, std::string_view text) {
  return spell_blocks(out, text.data(), text.data() + text.size());
}

std::string json_text(std::string_view text) {
  std::string readable(text);
  readable.append(Arena::kReadSlack, '\0');  // the speller reads in wide steps
  std::string result(6 * text.size() + kSlack, '\0');
  result.resize(static_cast<size_t>(
      spell_json_text(result.data(), std::string_view(readable).substr(0, text.size())) - result.data()));
  return result;
}

std::string quoted(std::string_view text) { return '"' + json_text(text) + '"'; }

}  // namespace sluice
