// Lane: the way to one sink, with a thread of its own: takes batches in order, has them encoded, writes each
// until it is safe, and saves how far it came. Only lanes retry.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/backoff.h"
#include "pipeline/encoding.h"
#include "pipeline/heartbeat.h"
#include "pipeline/park.h"
#include "pipeline/spill.h"
#include "pipeline/status.h"
#include "pipeline/stop_signal.h"
#include "pipeline/trouble.h"
#include "pipeline/watermark.h"

namespace sluice {

// What becomes of a change that the target will never take.
enum class OnRefusal : uint8_t { Stop, Park, Drop };

struct LaneSetup {
  std::string name;
  std::unique_ptr<Sink> sink;
  std::unique_ptr<Encoder> encoder;
  unsigned encode_threads = 1;  // 1: the lane's own thread encodes; 2: the source's too, while it waits
  std::shared_ptr<const ViewSetup> view;    // null: all of every batch
  std::shared_ptr<const RouteSetup> route;  // null: a target of lines
  bool rows = false;                        // the sink wants the changes' rows
  OnRefusal on_refusal = OnRefusal::Stop;
  uint64_t park_bytes = 256'000'000;  // what may be parked before the lane waits
  // Where deliveries wait for a slow target; empty: in the pool's batches alone.
  std::string spill_folder;
  uint64_t spill_bytes = 0;  // 0: nothing more goes there than an earlier run left
  // It is left behind when it has held the source for so long; 0: never.
  std::chrono::milliseconds leave_after{0};
  // Makes the same once more, after this one has ended; null: nobody will ask.
  std::function<Result<LaneSetup>()> again;
};

class Lane : Judge {
 public:
  // Called once, on the lane's thread, when it has ended: with the fault, or nothing when all was delivered
  // or it was asked to stop.
  using Ended = std::function<void(Result<void>)>;

  // `number` is the lane's place in the watermark. `saved`: from the run before. `parked` may be null.
  // `slots`: the pool's count.
  Lane(LaneSetup setup, size_t number, std::optional<LaneCheckpoint> saved, Watermark& watermark,
       ParkStore* parked, size_t slots, BackoffBounds pauses, Ended ended);
  ~Lane();

  // The source thread. `from` is where reading begins, log_end so many bytes of the log as were read before.
  void start(const Position& from, uint64_t log_end);
  void offer(const BatchPool::Shared& parcel) { encoding_.offer(parcel); }
  bool help() { return encoding_.help(); }
  // The source was read, whether it had something or not.
  void hear() {
    if (heartbeat_) heartbeat_->hear();
  }
  // Nothing more will be offered: deliver what waits, then end.
  void finish() { encoding_.finish(); }

  // The source thread, which offers nothing more: ends without delivering what was offered, as if it were
  // delivered for all others, while its own position stays.
  void leave();

  // Any thread. Ends after the delivery in hand, or at once where that is being retried.
  void stop();
  // Any thread. Ends a delivery that waits at the target, too.
  void interrupt() noexcept { setup_.sink->interrupt(); }
  // Any thread. Parked messages were asked for or dropped: the lane looks between two transactions.
  void look_at_parked() { look_at_parked_ = true; }
  LaneStatus status() const;

 private:
  // Does `attempt` until it succeeds or cannot be retried. `mend`: call the sink's reopen() before a retry.
  Result<void> insist(std::string_view doing, bool mend, const std::function<Result<void>()>& attempt);
  // It did not work and will be tried again: says so.
  void complain(std::string_view doing, const Error& error, std::chrono::microseconds pause);
  void run();
  Result<void> work();
  Result<void> save_beginning();
  Result<void> deliver(const Encoded& encoded);
  // What was offered when leave() was called.
  Result<void> pass_over();
  // Into the target; what the target refuses or what waits behind that goes into park_'s changes.
  Result<void> send(const Delivery& all);
  // With a spill: its thread fills it, the lane's empties it.
  Result<void> open_spill(const std::optional<Position>& reached);
  void fill_spill();
  Result<void> spill(const Encoded& encoded);
  Result<void> deliver_spilled(Unpacked& spilled);
  Result<void> free_spill();
  void await_record(bool appends, uint64_t log_end);
  uint64_t log_end_of(uint64_t record);
  // Of the delivery that is being written, or was: what the target refused.
  Result<void> judge(const Delivery& delivery, std::span<const Refusal> refused) override;
  Result<void> decide(const Delivery& delivery, std::span<const Refusal> refused);
  // Between two transactions: what others asked for of what is parked, and waiting while there is no room.
  Result<void> tend_parked();
  Result<void> retry_parked();
  Result<void> wait_for_room();
  void count_parked();
  Result<void> tick();
  // Of the transactions that end in it: it is safe now.
  static Delays delays_of(const Batch& batch);
  // Between two transactions, where the format has heartbeats and one is due.
  Result<void> beat();
  void begin_writing(const Batch& batch);
  void set(LaneDoing doing);
  // What was sent is saved; `log_end` as Parcel has it.
  void count(uint64_t log_end);

  LaneSetup setup_;
  const size_t number_;
  const std::optional<LaneCheckpoint> saved_;
  Watermark& watermark_;
  const BackoffBounds pauses_;
  const Ended ended_;
  std::unique_ptr<Heartbeat> heartbeat_;  // null: the format has none, or the target no place for them
  Park park_;
  std::unique_ptr<Spill> spill_;  // null: there is none
  Encoding encoding_;
  StopSignal stop_;
  StopSignal end_;  // by stop() alone, while stop_ is raised by leave(), too
  std::atomic<bool> look_at_parked_ = false, leaving_ = false;

  // The lane thread's own.
  Trouble trouble_;
  Position begin_;       // where reading began
  bool between_ = true;  // what was written last ended a transaction
  Encoded* in_hand_ = nullptr;
  StopSignal* pauses_end_ = &stop_;  // what ends a pause between tries
  struct Sent {
    uint64_t messages = 0, bytes = 0, refused = 0;
    Delays delays;
  };
  Sent sent_;            // of the delivery in hand
  uint64_t tries_ = 0;   // of what was parked, and heartbeats
  Position position_;    // saved last, or about to be
  bool placed_ = false;  // the state has one of it
  std::string note_;
  SteadyTime ticked_;
  SteadyTime written_since_;
  uint64_t window_changes_ = 0;  // since window_begin_
  SteadyTime window_begin_;

  mutable std::mutex status_mutex_;
  LaneStatus status_;
  struct Spilled {
    uint64_t number, log_end;
  };
  std::deque<Spilled> spilled_;  // by this process, not yet delivered
  Trouble spill_trouble_;        // the filler's
  std::thread filler_;           // of the spill; the lane's thread starts and ends it
  bool begun_ = false;      // a position is saved, or saved by save_beginning(). These two are the filler's
  std::string first_note_;  // when nothing was written
  std::thread thread_;
};

}  // namespace sluice
