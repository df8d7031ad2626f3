#include "sink/subscribers/rows.h"

#include <algorithm>
#include <span>

#include "base/check.h"

namespace sluice::subscribers {

Rows::Rows(size_t most) {
  batch_.changes.reserve(most);
  batch_.transactions.reserve(most);
  batch_.events.reserve(most);
  changes_ = batch_.changes.data();
}

Row Rows::copy(const Row& row) {
  if (!row) return row;
  Cell* cells = batch_.arena.array<Cell>(row.count);
  std::copy(row.begin(), row.end(), cells);
  for (Cell& cell : std::span(cells, row.count)) {
    if (has_bytes(cell.kind)) cell.data = batch_.arena.copy(cell.bytes()).data();
  }
  return {cells, row.count, row.text_bytes};
}

uint32_t Rows::keep(const Batch& from, const Change& change) {
  CHECK(batch_.changes.size() < batch_.changes.capacity());
  const Event& old = from.events[change.event];
  Event event{.offset = old.offset, .timestamp = old.timestamp};
  bool same_file = !batch_.events.empty() && batch_.events.back().file == old.file;
  event.file = same_file ? batch_.events.back().file : batch_.arena.copy(old.file);
  Change kept = change;
  kept.before = copy(change.before);
  kept.after = copy(change.after);
  kept.transaction = kept.event = static_cast<uint32_t>(batch_.changes.size());
  kept.table = batch_.hold(share(*change.table));
  batch_.events.push_back(event);
  batch_.transactions.push_back({.commit_us = from.transactions[change.transaction].commit_us});
  batch_.changes.push_back(kept);
  return kept.event;
}

}  // namespace sluice::subscribers
