// Base64 with the ordinary alphabet and padding (RFC 4648, section 4).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace sluice {

constexpr size_t base64_size(size_t bytes) { return (bytes + 2) / 3 * 4; }

// Writes exactly base64_size(bytes.size()) characters and returns the end of them.
char* base64_encode(char* out, std::string_view bytes);

// Nothing where the text is not what base64_encode writes: a foreign character, missing or needless padding,
// bits set beyond the last byte.
std::optional<std::string> base64_decode(std::string_view text);

}  // namespace sluice
