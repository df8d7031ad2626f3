// Park: the messages of one lane that its target refused, and those that wait behind them because they speak
// of the same rows, so that the order of each row is kept while all others flow. The lane's thread alone uses
// it; what it adds and removes is saved by the lane, in one step with its position.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/excerpt.h"
#include "pipeline/packed.h"
#include "pipeline/park_index.h"
#include "state/park.h"

namespace sluice {

class Park {
 public:
  // What a message takes in memory and in the store's own pages, beside its bytes.
  static constexpr uint64_t kOverhead = 256;

  // `store` may be null: nothing can be parked. `grouped`: a message may hold several rows.
  Park(ParkStore* store, std::string lane, uint64_t most_bytes, bool grouped);

  // What earlier runs left. What lies behind `reached` comes again and is forgotten: it would be parked, or
  // delivered, for a second time, in front of what precedes it.
  Result<void> open(const std::optional<Position>& reached);
  // Others have asked for messages, or dropped some.
  Result<void> reload();
  bool empty() const { return index_.empty(); }
  uint64_t size() const { return index_.size(); }
  uint64_t bytes() const { return bytes_; }
  // It may be passed by what one delivery needs; then the lane waits until there is room.
  bool full() const { return bytes_ >= most_bytes_; }
  uint64_t most_bytes() const { return most_bytes_; }

  // A new delivery: what of it flows. The rest waits behind what is parked, and is in changes().
  Delivery hold_back(const Delivery& delivery);
  // Of the delivery that hold_back() gave: what the target refused goes into changes(), and what it took
  // behind that of the same rows goes there too: it comes again, behind what it was to follow. Asked twice of
  // the same refusal, it is there once.
  void refuse(const Delivery& delivery, std::span<const Refusal> refused);
  const ParkChanges& changes() const { return changes_; }
  void saved() {
    changes_.clear();
    places_.clear();
  }

  // A round: what is asked for is tried again, and what waits behind nothing any more follows. Each try is
  // one delivery. False: the round is over.
  Result<bool> next_try();
  // Of the present try; ends a transaction, so that the sink makes it safe by itself. `position`: where the
  // lane is.
  Delivery trial(uint64_t sequence, const Position& position);
  // What has become of it goes into changes().
  void tried(std::span<const Refusal> refused);

 private:
  struct Known {
    uint64_t id;
    ParkSubject subject;
    bool asked, head;
    uint64_t bytes;
  };

  void learn(const ParkedMessage& message, std::vector<Known>* into);
  // `place`: the message's own in the delivery before anything of it was held back, for that is the order in
  // which they are parked.
  void add(const Delivery& delivery, size_t message, size_t place, const ParkSubject& subject,
           std::string reason);
  void choose();
  Result<bool> find_next_try();

  ParkStore* const store_;
  const std::string lane_;
  const uint64_t most_bytes_;
  const bool grouped_;
  ParkIndex index_;
  uint64_t bytes_ = 0;
  ParkChanges changes_;
  std::vector<size_t> places_;  // of changes_.added

  // Of the delivery in hand.
  Excerpt kept_;
  std::vector<bool> taken_;      // by message that flows: parked
  std::vector<size_t> origins_;  // their places; empty: all flow

  // Of the round.
  std::optional<std::vector<Known>> round_;
  size_t at_ = 0;
  ParkIndex staying_;
  std::vector<Known> trying_;
  Unpacked unpacked_;
};

}  // namespace sluice
