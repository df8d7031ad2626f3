// CatchUp: a sink that was left behind, until it has reached the others: a pipeline of its own with a source
// of its own. It saves the sink's position and nothing else; place and catalogue of the source are the
// others'.
#pragma once

#include <functional>
#include <memory>
#include <thread>

#include "pipeline/own_reading.h"
#include "pipeline/pipeline.h"

namespace sluice {

class CatchUp {
 public:
  // Called once, on the thread here: with the fault, or nothing when all was delivered or it was asked to
  // stop.
  using Ended = std::function<void(Result<void>)>;

  CatchUp(LaneSetup lane, Reading reading, State& state, const PipelineOptions& options);
  ~CatchUp();

  void start(const Position& from, Ended ended);
  // Finishes the delivery in hand; called again, waits for nothing. Any thread.
  void stop() noexcept { pipeline_.stop(); }
  LaneStatus status() const;  // any thread
  void look_at_parked() { pipeline_.look_at_parked(); }

 private:
  const std::string name_;
  const std::unique_ptr<State> state_;
  const std::unique_ptr<Source> source_;
  Pipeline pipeline_;
  std::thread thread_;
};

}  // namespace sluice
