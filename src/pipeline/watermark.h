// Watermark: the lowest batch that every lane has delivered. It alone writes the state and tells the source,
// so that both see positions in order. Any lane thread; serialised inside.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "pipeline/batch_pool.h"
#include "source/source.h"
#include "state/state.h"

namespace sluice {

class Watermark {
 public:
  // `state` may be null: nothing is saved.
  Watermark(Source& source, State* state, std::vector<std::string> lanes);

  // Lane number `lane` is done with the parcel. `position`: the lane's own, from now on; null: it stays. On a
  // failure nothing has changed: the caller may try again.
  Result<void> delivered(size_t lane, const Parcel& parcel, const Position* position, std::string_view note,
                         const ParkChanges& park);
  // The sink's note changed between deliveries, or what is parked.
  // `hard`: on disk when this returns.
  Result<void> noted(size_t lane, const Position& position, std::string_view note, const ParkChanges& park,
                     bool hard = false);
  // What is parked changed, and the position stays.
  Result<void> parked(size_t lane, const ParkChanges& park);

  // Where everything began, which is saved whatever the lanes do: a start must find it.
  Result<void> began(const Batch& batch);
  // The lane is done with all that was handed over; it counts no more, until it comes back behind `sequence`.
  void leave(size_t lane);
  void join(size_t lane, uint64_t sequence);
  // Whether no other is further behind.
  bool is_last(size_t lane) const;

 private:
  bool last_to_deliver(size_t lane, uint64_t sequence) const;

  Source& source_;
  State* const state_;
  const std::vector<std::string> names_;
  mutable std::mutex mutex_;
  std::vector<uint64_t> sequences_;  // the newest batch that each lane has delivered
};

}  // namespace sluice
