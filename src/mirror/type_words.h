// How types are spelt in tables that are there: a word, and numbers in parentheses.
#pragma once

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <string_view>

namespace sluice::mirror {

inline bool is_any_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

struct TypeSize {
  int first, second = 0;
};

// The numbers of `type`; `without`: the first one where there is none.
inline TypeSize size_of(std::string_view type, int without) {
  TypeSize size{without};
  size_t open = type.find('(');
  if (open == std::string_view::npos) return size;
  const char* end = type.data() + type.size();
  auto [at, code] = std::from_chars(type.data() + open + 1, end, size.first);
  if (code == std::errc() && at != end && *at == ',') std::from_chars(at + 1, end, size.second);
  return size;
}

}  // namespace sluice::mirror
