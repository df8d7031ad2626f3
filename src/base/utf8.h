// UTF-8 as the Unicode standard has it: no overlong forms, no surrogates, nothing above U+10FFFF.
#pragma once

#include <cstddef>
#include <string_view>

namespace sluice {

// The offset of the first byte that begins no whole, well-formed character; text.size(): there is none.
size_t find_invalid_utf8(std::string_view text);

inline bool is_utf8(std::string_view text) { return find_invalid_utf8(text) == text.size(); }

// Length in bytes (1 to 4) of the well-formed character at the front of `text`; 0: there is none.
size_t utf8_length(std::string_view text);

}  // namespace sluice
