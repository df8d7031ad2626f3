// Texts and bytes as literals of SQL that every server reads as the same, whatever its sql_mode says of
// backslashes. Each function writes at `out`, and returns the end; it may scribble up to kSlack (spell.h)
// behind that.
#pragma once

#include <cstddef>
#include <string_view>

namespace sluice {

constexpr size_t sql_text_bound(size_t size) { return 2 * size + 24; }

// UTF-8 with 16 readable bytes behind it: 'plain', _utf8mb4'Grüße', or in hexadecimal where it has
// backslashes or control characters.
char* spell_sql_text(char* out, std::string_view text);

// 0x00FF, of at least one byte; takes 2 + 2 * size.
char* spell_sql_hex(char* out, std::string_view bytes);

}  // namespace sluice
