#include "model/batch.h"

#include <algorithm>
#include <span>

namespace sluice {
void Batch::reset() {
  arena.reset();
  changes.clear();
  transactions.clear();
  events.clear();
  tables.clear();
  catalogue.clear();
  aside.clear();
  resume = {};
  sequence = 0;
  log_bytes = 0;
  flavor = Flavor::Unknown;
  read_us = 0;
}

void Batch::hold_slow(const TablePtr& table) {
  // A batch seldom holds more than a few tables; where it holds thousands, twice the same does no harm.
  size_t recent = std::min<size_t>(tables.size(), 16);
  for (size_t i = 0; i < recent; ++i) {
    if (tables[tables.size() - 1 - i] == table) return;
  }
  tables.push_back(table);
}

Row Batch::copy_row(const Row& row) {
  if (!row) return row;
  Cell* cells = arena.array<Cell>(row.count);
  std::copy(row.begin(), row.end(), cells);
  for (Cell& cell : std::span(cells, row.count)) {
    if (has_bytes(cell.kind)) cell.data = arena.copy(cell.bytes()).data();
  }
  return {cells, row.count, row.text_bytes};
}

void Batch::adopt(const Batch& from, const Change& change) {
  Change copy = change;
  Transaction transaction = from.transactions[change.transaction];
  transaction.id = arena.copy(transaction.id);
  transaction.gtid = arena.copy(transaction.gtid);
  transaction.xa = arena.copy(transaction.xa);
  Event event = from.events[change.event];
  for (std::string_view* text : {&event.file, &event.query, &event.database, &event.ddl_table}) {
    *text = arena.copy(*text);
  }
  copy.transaction = static_cast<uint32_t>(transactions.size());
  copy.event = static_cast<uint32_t>(events.size());
  transactions.push_back(transaction);
  events.push_back(event);
  for (const Table* kept : {change.table, event.ddl_before}) {
    auto same = std::find_if(from.tables.begin(), from.tables.end(),
                             [&](const TablePtr& table) { return table.get() == kept; });
    if (same != from.tables.end()) hold(*same);
  }
  copy.before = copy_row(change.before);
  copy.after = copy_row(change.after);
  changes.push_back(copy);
}

}  // namespace sluice
