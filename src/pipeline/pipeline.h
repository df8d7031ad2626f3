// Pipeline: one source, its transforms and a lane for every sink, from the log to what is safe at the
// targets.
//
// A fixed number of batches is all that is ever in flight. The source fills one, the transforms edit it, the
// lanes read it; when the last of them lets go it is filled again. Positions move when a target has made a
// batch safe, never before.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "base/backoff.h"
#include "pipeline/lanes.h"
#include "pipeline/status.h"
#include "transform/transform.h"

namespace sluice {

struct PipelineOptions {
  size_t batches = 6;
  BackoffBounds pauses;  // between tries, of the source and of every sink
  // How long stop() lets a delivery in hand finish before the sink is interrupted.
  std::chrono::milliseconds stop_patience = std::chrono::seconds(5);
  // For sinks that are behind; null: they are a fault, and none is left behind. Outlives the pipeline.
  OwnReading* own_reading = nullptr;
  // Between two looks at where those are.
  std::chrono::microseconds look = std::chrono::milliseconds(50);
};

class Pipeline {
 public:
  // `state` may be null: nothing is saved, everything begins at `from`. Source and state outlive this.
  Pipeline(Source& source, std::vector<std::unique_ptr<Transform>> transforms, std::vector<LaneSetup> lanes,
           State* state, PipelineOptions options = {});
  ~Pipeline();

  // Reads on the calling thread until the source has no more and all of it is delivered, until stop(), until
  // a target wants no more (a closed pipe), or until a fault that cannot be retried: the first one is
  // returned. Whatever was delivered by then is saved. Once.
  Result<void> run(const Position& from);
  // Finishes and saves the deliveries in hand; called again, waits for nothing. Any thread.
  void stop() noexcept;
  PipelineStatus status() const;
  // Parked messages were asked for or dropped. Any thread.
  void look_at_parked() { lanes_.look_at_parked(); }

 private:
  Result<void> pump(const Position& from);
  // An empty batch; while none is free this thread helps the lanes, and looks who holds them.
  Result<BatchPool::Mine> free_batch();
  Result<void> open_source(const Position& at);
  // Complains, and waits until it is time for another try.
  Result<void> source_failed(Error error);
  Result<void> hand_over(BatchPool::Mine parcel);
  // What the lanes must know of a batch, before the transforms may take changes out of it.
  void seal(Parcel& parcel);
  // The first fault is the one that run() returns.
  void note_fault(Error error);
  void wind_down() noexcept;

  Source& source_;
  std::vector<std::unique_ptr<Transform>> transforms_;
  State* const state_;
  const PipelineOptions options_;
  BatchPool pool_;
  StopSignal stop_;

  // The source thread's own.
  Backoff backoff_;
  Trouble trouble_;
  Position resume_;  // of the last batch handed over
  uint64_t sequence_ = 0;
  uint64_t quiet_bytes_ = 0;  // of the log, read since then without anything to hand over
  bool between_ = true;       // no transaction goes on behind what was handed over

  mutable std::mutex mutex_;
  std::optional<Error> fault_;
  PipelineStatus status_;  // without the lanes

  Lanes lanes_;  // last: their threads use everything above
};

}  // namespace sluice
