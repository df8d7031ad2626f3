// Batch: the unit of work. A source fills it, transforms edit it, then it is const and shared by the lanes;
// when the last lane lets go it returns to its pool. Everything its changes point at lives in it: one
// lifetime to think about.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "model/aside.h"
#include "model/catalogue.h"
#include "model/change.h"
#include "model/position.h"
#include "model/table.h"

namespace sluice {

class Batch {
 public:
  Arena arena;  // received bytes, cells, converted text
  std::vector<Change> changes;
  std::vector<Transaction> transactions;
  std::vector<Event> events;
  std::vector<TablePtr> tables;  // keeps alive what the changes point to

  // What the log did to the catalogue up to `resume` since the batch before; saved in one step with the
  // checkpoint.
  std::vector<CatalogueChange> catalogue;
  AsideChanges aside;

  // Reading may go on here once every change of this batch is safe: the end of the last whole transaction.
  Position resume;
  uint64_t sequence = 0;            // 1, 2, … in the order in which the source filled them
  uint64_t log_bytes = 0;           // bytes of the log that went into it, for rates and progress
  Flavor flavor = Flavor::Unknown;  // of the server that wrote the log
  int64_t read_us = 0;              // when it was read, microseconds since 1970 UTC; 0: nobody says

  bool empty() const { return changes.empty(); }
  void reset();

  // Keeps `table` alive with this batch and returns it. Cheap when it is the table of the change before.
  const Table* hold(const TablePtr& table) {
    if (tables.empty() || tables.back() != table) hold_slow(table);
    return table.get();
  }
  // Copies a change of another batch with all it points at to the end of this one.
  void adopt(const Batch& from, const Change& change);

 private:
  void hold_slow(const TablePtr& table);
  Row copy_row(const Row& row);
};

}  // namespace sluice
