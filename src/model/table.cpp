#include "model/table.h"

#include <atomic>

namespace sluice {

TablePtr freeze(Table table) {
  static std::atomic<uint64_t> next{1};
  table.serial = next.fetch_add(1, std::memory_order_relaxed);
  auto shared = std::make_shared<Table>(std::move(table));
  shared->self = shared;
  return shared;
}

TablePtr share(const Table& table) { return TablePtr(table.self); }

std::string full_name(const Table& table) { return table.database + "." + table.name; }

}  // namespace sluice
