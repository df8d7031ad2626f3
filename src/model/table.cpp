#include "model/table.h"

#include <algorithm>
#include <atomic>

namespace sluice {

void choose_key(Table& table) {
  auto never_null = [&](const UniqueKey& key) {
    return std::none_of(key.columns.begin(), key.columns.end(),
                        [&](uint32_t ordinal) { return table.columns[ordinal].nullable; });
  };
  std::stable_partition(table.unique.begin(), table.unique.end(), never_null);
  if (!table.key.empty() && !table.stands_in) return;
  auto first = std::find_if(table.unique.begin(), table.unique.end(), [&](const UniqueKey& key) {
    return !key.partial && !key.columns.empty() && never_null(key);
  });
  table.stands_in = first != table.unique.end();
  table.key = table.stands_in ? first->columns : std::vector<uint32_t>();
}

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
