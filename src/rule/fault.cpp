#include "rule/fault.h"

#include <algorithm>

namespace sluice::rule {
namespace {

constexpr size_t kBefore = 50, kBehind = 30;  // bytes of a long expression that are shown around the place

bool continues(char c) { return (c & 0xc0) == 0x80; }

size_t characters(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) { return !continues(c); }));
}

}  // namespace

Failure fault_at(std::string_view source, size_t at, const std::string& words) {
  at = std::min(at, source.size());
  size_t begin = at > kBefore ? at - kBefore : 0, end = std::min(source.size(), at + kBehind);
  while (begin > 0 && continues(source[begin])) --begin;
  while (end < source.size() && continues(source[end])) ++end;
  std::string shown = begin > 0 ? "…" : "";
  size_t caret = characters(shown) + characters(source.substr(begin, at - begin));
  for (char c : source.substr(begin, end - begin)) shown += static_cast<uint8_t>(c) < ' ' ? ' ' : c;
  if (end < source.size()) shown += "…";
  return usage("column {}: {}\n    {}\n    {}^", characters(source.substr(0, at)) + 1, words, shown,
               std::string(caret, ' '));
}

}  // namespace sluice::rule
