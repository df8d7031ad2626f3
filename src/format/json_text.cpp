#include "format/json_text.h"

#include <array>
#include <cstring>
#include <utility>

#include "base/arena.h"
#include "base/utf8.h"
#include "format/spell.h"
#include "format/utf8_check.h"

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

// Copies of 32 bytes that begin in a block of 32 read no more than 16 behind the text.
constexpr ptrdiff_t kWideLeft = 48;
const bool kHasAvx2 = __builtin_cpu_supports("avx2");

// As far as there are wide blocks, to where `at` is left. Null: it is not UTF-8.
[[gnu::target("avx2")]] char* spell_wide(char* out, const char*& at, const char* const end) {
  const __m256i quote = _mm256_set1_epi8('"');
  const __m256i backslash = _mm256_set1_epi8('\\');
  const __m256i control = _mm256_set1_epi8(0x1f);
  WideUtf8Check check;
  for (; end - at >= kWideLeft; at += 32) {
    __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), bytes);
    if (!check.quiet(static_cast<uint32_t>(_mm256_movemask_epi8(bytes)))) check.block(bytes);
    __m256i doubled = _mm256_or_si256(_mm256_cmpeq_epi8(bytes, quote), _mm256_cmpeq_epi8(bytes, backslash));
    __m256i controls = _mm256_cmpeq_epi8(_mm256_min_epu8(bytes, control), bytes);
    auto mask = static_cast<uint32_t>(_mm256_movemask_epi8(_mm256_or_si256(doubled, controls)));
    unsigned done = 0;
    for (; mask != 0; mask &= mask - 1) {
      auto next = static_cast<unsigned>(std::countr_zero(mask));
      out += next - done;
      if (__builtin_expect(static_cast<uint8_t>(at[next]) < 0x20, 0)) {
        out = put_escape(out, kEscapes[static_cast<uint8_t>(at[next])]);
        done = next + 1;
      } else {  // a backslash in front of it
        *out++ = '\\';
        done = next;
      }
      __m256i rest = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at + done));
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), rest);
    }
    out += 32 - done;
  }
  return check.good() ? out : nullptr;
}

// Null: it is not UTF-8.
char* spell_blocks(char* out, const char* const text, const char* const end) {
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i backslash = _mm_set1_epi8('\\');
  const __m128i control = _mm_set1_epi8(0x1f);
  const char* at = text;
  Utf8Check check;
  if (kHasAvx2 && end - text >= kWideLeft) {
    out = spell_wide(out, at, end);
    if (!out) return nullptr;
    check = Utf8Check(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at - 16)));
  }
  for (; at < end; at += 16) {
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

char* spell_json_utf8_rest(char* out, std::string_view text) {
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
