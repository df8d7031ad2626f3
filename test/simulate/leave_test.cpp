// A lane that is left behind before the state could be told where it begins.
#include <gtest/gtest.h>

#include <atomic>

#include "base/log.h"
#include "pipeline/pipeline.h"
#include "simulate/probe_sink.h"
#include "simulate/script_source.h"
#include "simulate/sim_state.h"
#include "support/folder.h"

namespace sluice::simulate {
namespace {

using std::chrono::milliseconds;

class NothingToRead : public OwnReading {
 public:
  Result<void> keep(const std::string&) override {
    left = true;
    return {};
  }
  Result<Reading> begin(const std::string&, const Position&) override {
    return Reading{.source = std::make_unique<ScriptSource>(), .transforms = {}};
  }
  void end(const std::string&) override {}

  std::atomic<bool> left = false;
};

// Has no room for the position of a lane until that is left, and looks whether the others' may be saved.
class NarrowState : public MemoryState {
 public:
  explicit NarrowState(const NothingToRead& reading) : reading_(reading) {}

  Result<void> save(const Checkpoint& checkpoint) override {
    if (checkpoint.position && checkpoint.lane == "a" && !reading_.left) return retryable("the disk is full");
    SLUICE_TRY(MemoryState::save(checkpoint));
    SLUICE_ASSIGN(known, lane("a"));
    if (checkpoint.resume && !known) lost_ = true;
    return {};
  }
  bool lost() const { return lost_; }

 private:
  const NothingToRead& reading_;
  std::atomic<bool> lost_ = false;
};

// A start after a death at such a moment would take the lane for a new one, and begin at the others' place.
TEST(Leave, WhereALaneBeginsIsSavedBeforeTheOthersGoOn) {
  test::TemporaryFolder folder;
  ASSERT_TRUE(log::to_file(folder / "log"));
  NothingToRead reading;
  NarrowState state(reading);
  ScriptSource source;
  for (uint64_t end : {10, 20, 30, 40}) source.script.push_back(Step{{{end, {std::to_string(end)}}}});
  Probe a, b;
  auto slow = [&]() -> Result<LaneSetup> {
    return LaneSetup{.name = "a",
                     .sink = std::make_unique<ProbeSink>(a),
                     .encoder = std::make_unique<TextEncoder>(),
                     .leave_after = milliseconds(1)};
  };
  std::vector<LaneSetup> lanes;
  lanes.push_back(*slow());
  lanes[0].again = slow;
  lanes.push_back(
      {.name = "b", .sink = std::make_unique<ProbeSink>(b), .encoder = std::make_unique<TextEncoder>()});
  PipelineOptions options{.batches = 2,
                          .pauses = {milliseconds(1), milliseconds(4)},
                          .stop_patience = milliseconds(50),
                          .own_reading = &reading};
  EXPECT_TRUE(Pipeline(source, {}, std::move(lanes), &state, options).run(at(4)));
  ASSERT_TRUE(log::to_file("/dev/stderr"));
  EXPECT_TRUE(reading.left);
  EXPECT_FALSE(state.lost());
  EXPECT_EQ(b.text(), "10\n20\n30\n40\n");
  EXPECT_EQ(state.lane("a").value()->position, at(4));
}

}  // namespace
}  // namespace sluice::simulate
