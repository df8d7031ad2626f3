// Heartbeat: what a lane sends now and then, where the format has such messages, to say that it hears of
// changes though there may be none. The lane's thread uses it, but for hear().
#pragma once

#include <atomic>
#include <memory>

#include "base/clock.h"
#include "format/encoder.h"
#include "pipeline/route.h"

namespace sluice {

class Heartbeat {
 public:
  // `encoder`: one that heartbeat_interval() says something of. `route`: to a target with keys.
  Heartbeat(std::unique_ptr<Encoder> encoder, std::shared_ptr<const RouteSetup> route);

  // The source was read. Any thread. A source that is away is no reason to say that all is well.
  void hear() { heard_.store(true, std::memory_order_relaxed); }
  // It is time for the next one, and the source was read since the last.
  bool due();
  // The next one. It stands for no change of the log and moves no position: `position` is where the lane is
  // already. `sequence`: as no batch has it.
  Result<Delivery> next(uint64_t sequence, const Position& position);

 private:
  const std::unique_ptr<Encoder> encoder_;
  Route route_;
  std::atomic<bool> heard_ = false;
  SteadyTime last_;
  Batch batch_;  // a change of no table, for sinks that ask what a message is of
  Outbox outbox_{true};
  Position position_;
};

}  // namespace sluice
