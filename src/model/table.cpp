#include "model/table.h"

#include <atomic>

namespace sluice {

TablePtr freeze(Table table) {
  static std::atomic<uint64_t> next{1};
  table.serial = next.fetch_add(1, std::memory_order_relaxed);
  return std::make_shared<const Table>(std::move(table));
}

std::string full_name(const Table& table) { return table.database + "." + table.name; }

}  // namespace sluice
