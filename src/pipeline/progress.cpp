#include "pipeline/progress.h"

#include <algorithm>

namespace sluice {
namespace {

bool same_log(const Position& a, const Position& b) {
  return !a.file.empty() && !b.file.empty() && a.server_uuid == b.server_uuid;
}

bool reaches(const Position& position, std::string_view file, uint64_t offset) {
  auto order = compare_log_files(file, position.file);
  return order < 0 || (order == 0 && offset <= position.offset);
}

}  // namespace

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

bool covers(const Position& position, const Position& other) {
  if (!other.known()) return true;
  if (!position.known()) return false;
  if (same_log(position, other)) return reaches(position, other.file, other.offset);
  return !other.gtids.empty() && position.gtids.contains(other.gtids);
}

bool covers(const Position& position, const Batch& batch, const Change& change) {
  const Event& event = batch.events[change.event];
  if (same_log(position, batch.resume)) return reaches(position, event.file, event.next);
  std::string_view gtid = batch.transactions[change.transaction].gtid;
  if (gtid.empty()) return false;
  auto set = GtidSet::parse(gtid);
  return set && position.gtids.contains(*set);
}

}  // namespace sluice
