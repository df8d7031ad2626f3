// Lanes: a pipeline's ways out. All are fed the same batches, but for those that are left behind: a sink that
// has held the others too long, or whose position lies before the source's, reads the log by itself until it
// has reached the others.
//
// Everything is called by the source thread, unless it says otherwise.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "pipeline/lane.h"
#include "pipeline/own_reading.h"
#include "pipeline/stop_signal.h"

namespace sluice {

class CatchUp;
struct PipelineOptions;

class Lanes {
 public:
  // A lane ended with a fault, or because its target wants no more (Stopped). Any thread.
  using Failed = std::function<void(Error)>;

  // `slots`: the pool's count. `stop` and `options` outlive this.
  Lanes(std::vector<LaneSetup> setups, size_t slots, const PipelineOptions& options, StopSignal& stop,
        Failed failed);
  ~Lanes();

  // Once. `from`: where reading begins.
  Result<void> start(Source& source, State* state, const Position& from);
  // Whether any lane is fed: while none is, there is nothing to read for.
  bool fed() const { return fed_ > 0; }
  void offer(const BatchPool::Shared& parcel);
  bool help();
  // The source was read, whether it had something or not.
  void hear();
  // Where everything began.
  Result<void> began(const Batch& batch);
  // All up to `read` was handed over, the last in batch number `sequence`. `between`: two transactions.
  Result<void> tend(const Position& read, uint64_t sequence, bool between);
  // No batch has been free since `since`. May leave the lane behind that is to blame.
  Result<void> held(SteadyTime since);

  // Ends all; `drain`: what was offered is delivered first. `read_all`: the source has come to its end, and
  // so will those of the sinks that are behind.
  void end(bool drain, bool read_all);
  // stop() was called, or called again. Any thread.
  void asked_to_stop(bool again) noexcept;
  void look_at_parked();                   // any thread
  std::vector<LaneStatus> status() const;  // any thread
  uint64_t left() const;                   // how often one was left behind. Any thread

 private:
  struct Seat;

  std::unique_ptr<Lane> make_lane(size_t number, LaneSetup setup, std::optional<LaneCheckpoint> saved);
  // Sinks that are saved, and not named.
  Result<void> keep_absent();
  Result<bool> starts_behind(const LaneSetup& setup, const std::optional<LaneCheckpoint>& saved,
                             const Position& from) const;
  // Whether the rows set aside, which are told once and to those who are there, forbid it.
  Result<bool> may_change();
  Result<void> leave(size_t number);
  Result<void> read_alone(size_t number, LaneSetup setup);
  Result<void> look_at(size_t number, const Position& read, uint64_t sequence, bool between);
  Result<void> approach(size_t number, const Position& delivered, const Position& read, uint64_t sequence,
                        bool between);
  Result<void> join(size_t number);
  // What was kept for a sink that did not come in time.
  Result<void> give_up_joining(size_t number);
  void ended(size_t number, Result<void> result);
  void seat_lane(Seat& seat, std::unique_ptr<Lane> lane, const Position& from, uint64_t log_end);

  const PipelineOptions& options_;
  StopSignal& stop_;
  const size_t slots_;
  const Failed failed_;
  State* state_ = nullptr;
  Position began_;  // where reading began in this run
  std::unique_ptr<Watermark> watermark_;
  std::vector<LaneSetup> setups_;  // until start()
  uint64_t log_end_ = 0;           // of the last parcel that was offered
  size_t fed_ = 0, behind_ = 0;    // seats
  SteadyTime looked_, held_until_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  size_t running_ = 0;
  bool hurry_ = false;  // stop() was called again
  uint64_t left_ = 0;
  std::vector<std::unique_ptr<Seat>> seats_;  // last: their threads use everything above
};

}  // namespace sluice
