// Row images as canal shows them.
#pragma once

#include "format/canal/statement.h"
#include "model/change.h"

namespace sluice::canal {

inline EventType event_type(Op op) {
  return op == Op::Insert ? EventType::Insert : op == Op::Update ? EventType::Update : EventType::Delete;
}

// The cell that `data` has of a column: of the row behind the change, of a delete of the row before it. What
// a partial image lacks stands in the other one, as it was not changed; canal (`strict`) leaves it out.
inline const Cell& shown(const Change& change, size_t column, bool strict) {
  static constexpr Cell kMissing{};
  const Row& row = change.op == Op::Delete ? change.before : change.after;
  if (column < row.count && row[column].present()) return row[column];
  if (strict || change.op == Op::Delete || column >= change.before.count) return kMissing;
  return change.before[column];
}

// Whether an update changed the column, which may be missing before it.
inline bool updated(const Change& change, size_t column) {
  if (column >= change.after.count || !change.after[column].present()) return false;
  if (column >= change.before.count || !change.before[column].present()) return true;
  return !same_value(change.before[column], change.after[column]);
}

}  // namespace sluice::canal
