// Rows: those that the messages of one part of the ring speak of, for clients' rules. What is kept never
// moves. One thread keeps; any may look at what was kept before the ring told it of it.
#pragma once

#include "model/batch.h"

namespace sluice::subscribers {

class Rows {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;

  // `most`: rows that will be kept.
  explicit Rows(size_t most);
  // Its number. The rows are copied, and of their transaction and event what rules ask for.
  uint32_t keep(const Batch& from, const Change& change);
  // Bytes of the rows that are kept, and of the memory that is held for them and those that may come.
  size_t used() const { return batch_.arena.used(); }
  size_t held() const { return batch_.arena.held() + kFixedCost * batch_.changes.capacity(); }

  // Any thread.
  const Batch& batch() const { return batch_; }
  const Change& change(uint32_t number) const { return changes_[number]; }

 private:
  static constexpr size_t kFixedCost = sizeof(Change) + sizeof(Transaction) + sizeof(Event);

  Row copy(const Row& row);

  Batch batch_;
  const Change* changes_;  // of the batch, whose vectors have all the room that they will need
};

}  // namespace sluice::subscribers
