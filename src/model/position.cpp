#include "model/position.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
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

std::string to_text(const Position& position) {
  return fmt::format("file {}\noffset {}\ngtids {}\nserver_uuid {}\nflavor {}\ntimestamp {}\n", position.file,
                     position.offset, position.gtids.text(), position.server_uuid,
                     static_cast<unsigned>(position.flavor), position.timestamp);
}

Result<Position> parse_position(std::string_view text) {
  Position position;
  uint32_t flavor = 0;
  auto number = [](std::string_view value, auto& into) {
    auto [end, fault] = std::from_chars(value.data(), value.data() + value.size(), into);
    return fault == std::errc() && end == value.data() + value.size();
  };
  for (std::string_view rest = text; !rest.empty();) {
    size_t end = rest.find('\n'), space = rest.find(' ');
    if (end == rest.npos || space > end) return fatal("'{}' is no position", text);
    std::string_view name = rest.substr(0, space), value = rest.substr(space + 1, end - space - 1);
    rest.remove_prefix(end + 1);
    bool good = true;
    if (name == "file") position.file = value;
    if (name == "server_uuid") position.server_uuid = value;
    if (name == "offset") good = number(value, position.offset);
    if (name == "timestamp") good = number(value, position.timestamp);
    if (name == "flavor") good = number(value, flavor) && flavor <= static_cast<uint32_t>(Flavor::MariaDb);
    if (!good) return fatal("'{}' is no position: '{}' is no {}", text, value, name);
    if (name == "gtids") {
      SLUICE_ASSIGN(gtids, GtidSet::parse(value));
      position.gtids = std::move(gtids);
    }
  }
  position.flavor = static_cast<Flavor>(flavor);
  if (!position.known()) return fatal("'{}' is no position", text);
  return position;
}

namespace {

// The number of a log file without its zeros in front.
std::string_view digits_of(std::string_view name) {
  size_t dot = name.rfind('.');
  if (dot == std::string_view::npos) return {};
  std::string_view digits = name.substr(dot + 1);
  bool all = std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!all) return {};
  return digits.substr(std::min(digits.find_first_not_of('0'), digits.size()));
}

}  // namespace

uint64_t log_file_number(std::string_view name) {
  uint64_t number = 0;
  std::string_view digits = digits_of(name);
  auto read = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return read.ec == std::errc::result_out_of_range ? UINT64_MAX : number;
}

std::strong_ordering compare_log_files(std::string_view a, std::string_view b) {
  std::string_view left = digits_of(a), right = digits_of(b);
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
