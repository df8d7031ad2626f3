// Letters from A to Z, which are those of keywords and of most names.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace sluice {

constexpr char lower_ascii(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

inline std::string lower_ascii(std::string_view text) {
  std::string made(text);
  for (char& c : made) c = lower_ascii(c);
  return made;
}

// Whether they are the same but for A to Z and a to z.
inline bool same_word(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower_ascii(x) == lower_ascii(y); });
}

}  // namespace sluice
