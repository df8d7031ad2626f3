// Text as the inside of a JSON string.
#pragma once

#include <emmintrin.h>

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

namespace sluice {

// Copies sixteen bytes; false: of those that belong to the text some need more.
inline bool copy_plain(char* out, const char* at, size_t left) {
  __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out), bytes);
  // Quotes, backslashes, control characters, and (by their top bit) all bytes beyond ASCII.
  __m128i special = _mm_or_si128(
      _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))),
      _mm_or_si128(_mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes), bytes));
  auto mask = static_cast<uint32_t>(_mm_movemask_epi8(special));
  if (left < 16) mask &= (1u << left) - 1;
  return mask == 0;
}

// Of spell_json_text: what needs more than copying begins at `at`.
char* spell_json_rest(char* out, const char* at, const char* end, bool stored);

// Room: 6 bytes for each byte of text, and kSlack (spell.h). Reads up to 16 bytes behind the text, as every
// arena allows. Bytes that are not UTF-8, and those that a character set could not map (U+DC00 + byte),
// become \udcXX: a reader can have the bytes back. stored: the text is as a server stored it, converted by
// nobody, so a lone surrogate in it is three bytes of its own.
inline char* spell_json_text(char* out, std::string_view text, bool stored = false) {
  const char* at = text.data();
  const char* end = at + text.size();
  while (at < end) {
    auto left = static_cast<size_t>(end - at);
    if (!copy_plain(out, at, left)) return spell_json_rest(out, at, end, stored);
    if (left <= 16) return out + left;
    at += 16;
    out += 16;
  }
  return out;
}

// The same of text that must be UTF-8. Null: it is not, and what stands at `out` is of no use.
char* spell_json_utf8_rest(char* out, std::string_view text);
inline char* spell_json_utf8(char* out, std::string_view text) {
  if (text.size() <= 16 && copy_plain(out, text.data(), text.size())) return out + text.size();
  return spell_json_utf8_rest(out, text);
}

// For what is spelt once and kept, of text with nothing readable behind it: the inside of a JSON string, and
// the string with its quotes.
std::string json_text(std::string_view text);
std::string quoted(std::string_view text);

}  // namespace sluice
