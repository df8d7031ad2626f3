#include "format/debezium/json_key.h"

#include <algorithm>

namespace sluice::debezium {

bool key_changed(const std::vector<uint32_t>& key, const Change& change) {
  return std::any_of(key.begin(), key.end(), [&](uint32_t column) {
    if (column >= change.before.count || column >= change.after.count) return false;
    const Cell& before = change.before[column];
    const Cell& after = change.after[column];
    return before.present() && after.present() && !same_value(before, after);
  });
}

void JsonKey::set(const Table& table, const std::vector<uint32_t>& key, const Change& change,
                  const Row& row) {
  text_.clear();
  // Without schemas, nothing in it depends on the connector.
  const Plan& plan = plans_.of(table, [&] { return std::make_unique<Plan>(share(table), options_, ""); });
  const Row& other = row.cells == change.after.cells ? change.before : change.after;
  for (uint32_t column : key) {
    const Row& holder = column < row.count && row[column].present() ? row : other;
    if (column < holder.count && holder[column].present()) {
      values_.append(text_, holder[column], plan.columns[column]);
    }
  }
  if (text_.empty()) text_.push('{');
  text_.data()[0] = '{';
  text_.push('}');
}

}  // namespace sluice::debezium
