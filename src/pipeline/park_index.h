// ParkIndex: which rows and tables the parked messages speak of, to be asked for every change while there are
// any. It keeps hashes: should two rows share one, a change waits that need not, and the order is kept
// anyway.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "model/batch.h"

namespace sluice {

// What a message speaks of: rows; whole tables, where there is no primary key, for schema changes, and where
// one message holds several rows; or it cannot be told, and then everything.
struct ParkSubject {
  enum class Scope : uint8_t { Rows, Tables, All };

  Scope scope = Scope::All;
  std::vector<uint64_t> tables, rows;  // hashes; a change of key has two rows, a renaming two tables

  static ParkSubject of(const Batch& batch, const Change& change, bool grouped);
  // As the state keeps it, and back; what cannot be read speaks of everything.
  std::vector<uint64_t> pack() const;
  static ParkSubject unpack(const std::vector<uint64_t>& packed);
};

class ParkIndex {
 public:
  bool empty() const { return count_ == 0; }
  uint64_t size() const { return count_; }
  void add(const ParkSubject& subject);
  void remove(const ParkSubject& subject);
  void clear();
  // Something in here speaks of the same.
  bool blocks(const ParkSubject& subject) const;

 private:
  using Counts = std::unordered_map<uint64_t, uint32_t>;

  uint64_t count_ = 0;
  uint64_t all_ = 0;  // of those, how many speak of everything
  Counts rows_;
  Counts tables_;  // whole ones
  Counts within_;  // tables of which anything is in here
};

}  // namespace sluice
