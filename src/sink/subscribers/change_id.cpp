#include "sink/subscribers/change_id.h"

#include <charconv>

namespace sluice::subscribers {

uint64_t transaction_id(std::string_view transaction) {
  uint64_t hash = 14695981039346656037u;  // FNV-1a
  for (unsigned char byte : transaction) hash = (hash ^ byte) * 1099511628211u;
  return hash;
}

uint64_t change_id(uint64_t transaction, uint32_t index) {
  uint64_t mixed = (transaction ^ index) * 0x9e3779b97f4a7c15u;
  mixed ^= mixed >> 32;
  return mixed == 0 ? 1 : mixed;
}

uint64_t change_id(std::string_view id) {
  size_t mark = id.rfind('#');
  uint32_t index = 0;
  if (mark == id.npos) return 0;
  auto [end, fault] = std::from_chars(id.data() + mark + 1, id.data() + id.size(), index);
  if (fault != std::errc() || end != id.data() + id.size()) return 0;
  return change_id(transaction_id(id.substr(0, mark)), index);
}

}  // namespace sluice::subscribers
