#include "model/table.h"

#include <algorithm>
#include <atomic>

namespace sluice {

void choose_key(Table& table) {
  if (!table.key.empty() && !table.stands_in) return;
  const UniqueKey* first = nullptr;
  for (const UniqueKey& key : table.unique) {
    bool tells = !key.partial && !key.columns.empty() &&
                 std::none_of(key.columns.begin(), key.columns.end(),
                              [&](uint32_t ordinal) { return table.columns[ordinal].nullable; });
    if (tells && (!first || key.name < first->name)) first = &key;
  }
  table.stands_in = first != nullptr;
  table.key = first ? first->columns : std::vector<uint32_t>();
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
