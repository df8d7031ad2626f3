#include "format/sql_text.h"

#include <emmintrin.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>

#include "format/put.h"

namespace sluice {
namespace {

// Copies text up to the first byte that a plain literal cannot hold as it is, and returns how much that was.
size_t copy_plain(char* out, std::string_view text) {
  const __m128i quote = _mm_set1_epi8('\''), backslash = _mm_set1_epi8('\\'), control = _mm_set1_epi8(0x1f);
  for (size_t at = 0; at < text.size(); at += 16) {
    __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + at), bytes);
    __m128i special =
        _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash)),
                     _mm_or_si128(_mm_cmpeq_epi8(_mm_min_epu8(bytes, control), bytes), bytes));
    auto mask = static_cast<uint32_t>(_mm_movemask_epi8(special));
    size_t left = text.size() - at;
    if (left < 16) mask &= (1u << left) - 1;
    if (mask != 0) return at + static_cast<size_t>(std::countr_zero(mask));
  }
  return text.size();
}

bool needs_hex(char c) { return static_cast<uint8_t>(c) < 0x20 || c == '\\'; }

// In quotes, which are doubled inside; with what names its character set where it is not ASCII.
char* put_quoted(char* out, std::string_view text) {
  bool ascii = std::all_of(text.begin(), text.end(), [](char c) { return static_cast<uint8_t>(c) < 0x80; });
  if (!ascii) out = put(out, "_utf8mb4");
  *out++ = '\'';
  for (char c : text) {
    if (c == '\'') *out++ = c;
    *out++ = c;
  }
  *out++ = '\'';
  return out;
}

}  // namespace

char* spell_sql_hex(char* out, std::string_view bytes) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  out = put(out, "0x");
  for (char c : bytes) {
    *out++ = kDigits[static_cast<uint8_t>(c) >> 4];
    *out++ = kDigits[c & 15];
  }
  return out;
}

char* spell_sql_text(char* out, std::string_view text) {
  *out = '\'';
  size_t plain = copy_plain(out + 1, text);
  if (plain == text.size()) {
    out[1 + plain] = '\'';
    return out + 2 + plain;
  }
  std::string_view rest = text.substr(plain);
  if (std::any_of(rest.begin(), rest.end(), needs_hex)) return spell_sql_hex(put(out, "_utf8mb4 "), text);
  return put_quoted(out, text);
}

}  // namespace sluice
