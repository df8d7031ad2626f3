#include "model/position.h"

#include <fmt/core.h>

#include <algorithm>

namespace sluice {

std::string describe(const Position& position) {
  if (!position.known()) return "the start";
  std::string text = position.file.empty() ? "" : fmt::format("{}:{}", position.file, position.offset);
  if (!position.gtids.empty()) {
    if (!text.empty()) text += " ";
    text += "gtid " + position.gtids.text();
  }
  return text;
}

std::strong_ordering compare_log_files(std::string_view a, std::string_view b) {
  auto number = [](std::string_view name) -> std::string_view {
    size_t dot = name.rfind('.');
    if (dot == std::string_view::npos) return {};
    std::string_view digits = name.substr(dot + 1);
    bool all = std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (!all) return {};
    return digits.substr(std::min(digits.find_first_not_of('0'), digits.size()));
  };
  std::string_view left = number(a), right = number(b);
  if (left.size() != right.size()) return left.size() <=> right.size();
  if (left != right) return left <=> right;
  return a <=> b;
}

bool same_log(const Position& a, const Position& b) {
  return !a.file.empty() && !b.file.empty() && a.server_uuid == b.server_uuid;
}

bool covers(const Position& position, const Position& other) {
  if (!other.known()) return true;
  if (!position.known()) return false;
  if (same_log(position, other)) {
    auto order = compare_log_files(other.file, position.file);
    return order < 0 || (order == 0 && other.offset <= position.offset);
  }
  return !other.gtids.empty() && position.gtids.contains(other.gtids);
}

}  // namespace sluice
