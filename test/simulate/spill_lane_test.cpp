// Lanes with when_slow: spill: a target that is slow or away holds nobody, and gets everything in order, over
// restarts too.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <thread>

#include "base/log.h"
#include "pipeline/pipeline.h"
#include "simulate/probe_sink.h"
#include "simulate/script_source.h"
#include "simulate/sim_state.h"
#include "support/folder.h"

namespace sluice::simulate {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

class SpillLaneTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(log::to_file(folder_ / "log")); }
  void TearDown() override { ASSERT_TRUE(log::to_file("/dev/stderr")); }

  // Lane a spills, lane b holds.
  std::unique_ptr<Pipeline> make(uint64_t spill_bytes = 1 << 30) {
    std::vector<LaneSetup> lanes;
    for (auto [name, probe] : {std::pair("a", &a_), std::pair("b", &b_)}) {
      lanes.push_back({.name = name,
                       .sink = std::make_unique<ProbeSink>(*probe),
                       .encoder = std::make_unique<TextEncoder>(),
                       .on_refusal = OnRefusal::Park});
    }
    lanes[0].spill_folder = folder_ / "spill/a";
    lanes[0].spill_bytes = spill_bytes;
    return std::make_unique<Pipeline>(*source_, std::vector<std::unique_ptr<Transform>>(), std::move(lanes),
                                      &state_, options_);
  }
  void add(uint64_t first, uint64_t last) {
    for (uint64_t i = first; i <= last; ++i) {
      source_->script.push_back(Step{{{10 * i, {fmt::format("{}|", i)}}}});
    }
  }
  static std::string numbers(uint64_t first, uint64_t last) {
    std::string all;
    for (uint64_t i = first; i <= last; ++i) all += fmt::format("{}|\n", i);
    return all;
  }
  // Ends in the middle, as a kill does, with lane a waiting for its target.
  void read_while_a_is_away(uint64_t last) {
    a_.blocked = true;
    source_->endless = true;
    add(1, last);
    auto pipeline = make();
    std::thread run([&] { EXPECT_TRUE(pipeline->run(at(4))); });
    EXPECT_TRUE(b_.wait_for(numbers(1, last)));
    for (int i = 0; i < 5000 && state_.resume().value()->offset != 10 * last; ++i) {
      std::this_thread::sleep_for(milliseconds(1));
    }
    pipeline->stop();
    run.join();
    EXPECT_EQ(a_.text(), "");
    EXPECT_EQ(state_.resume().value()->offset, 10 * last) << "the source went on";
    EXPECT_EQ(state_.lane("a").value()->position.offset, 4u) << "the target has nothing yet";
    a_.blocked = false;
    a_.interrupts = 0;
    pipeline.reset();
    source_ = std::make_unique<ScriptSource>();
  }

  test::TemporaryFolder folder_;
  MemoryState state_;
  std::unique_ptr<ScriptSource> source_ = std::make_unique<ScriptSource>();
  PipelineOptions options_{
      .batches = 3, .pauses = {milliseconds(1), milliseconds(4)}, .stop_patience = milliseconds(20)};
  Probe a_, b_;
};

TEST_F(SpillLaneTest, DeliversInOrderAndSavesBehindTheTarget) {
  add(1, 50);
  ASSERT_TRUE(make()->run(at(4)));
  EXPECT_EQ(a_.text(), numbers(1, 50));
  EXPECT_EQ(b_.text(), numbers(1, 50));
  EXPECT_EQ(state_.lane("a").value()->position.offset, 500u);
  EXPECT_EQ(state_.resume().value()->offset, 500u);
}

TEST_F(SpillLaneTest, WhatWaitsOutlivesTheProcess) {
  read_while_a_is_away(40);
  add(41, 60);
  auto pipeline = make();
  ASSERT_TRUE(pipeline->run(*state_.resume().value()));
  EXPECT_EQ(source_->opened.at(0).offset, 400u);
  EXPECT_EQ(a_.text(), numbers(1, 60));
  EXPECT_EQ(b_.text(), numbers(1, 60));
  EXPECT_EQ(state_.lane("a").value()->position.offset, 600u);
  EXPECT_EQ(pipeline->status().lanes[0].spilled_bytes, 0u);
}

// As after a start where another lane was further back: what comes leaves nothing in the spill that could
// tell when it is done.
TEST_F(SpillLaneTest, IsNotBehindWithWhatItsTargetHadBefore) {
  add(1, 12);
  ASSERT_TRUE(make()->run(at(4)));
  source_ = std::make_unique<ScriptSource>();
  source_->endless = true;
  add(1, 10);
  auto pipeline = make();
  std::thread run([&] { EXPECT_TRUE(pipeline->run(at(4))); });
  auto done = [&] {
    auto lanes = pipeline->status().lanes;
    return lanes.empty() ? 0 : lanes[0].log_bytes;
  };
  for (int i = 0; i < 5000 && done() < 100; ++i) std::this_thread::sleep_for(milliseconds(1));
  EXPECT_EQ(done(), 100u);
  EXPECT_EQ(pipeline->status().log_bytes, 100u);
  pipeline->stop();
  run.join();
  EXPECT_EQ(a_.text(), numbers(1, 12));
}

// The setting was taken back: what lies there is delivered first.
TEST_F(SpillLaneTest, WithoutTheSettingWhatWaitsIsDeliveredToo) {
  read_while_a_is_away(10);
  ASSERT_TRUE(make(0)->run(*state_.resume().value()));
  EXPECT_EQ(a_.text(), numbers(1, 10));
}

TEST_F(SpillLaneTest, ASpillThatIsGoneIsAFault) {
  read_while_a_is_away(10);
  std::filesystem::remove_all(folder_ / "spill");
  auto result = make()->run(*state_.resume().value());
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().what, HasSubstr("sink a: the target has everything up to bin.000001:4"));
  EXPECT_THAT(result.error().what, HasSubstr("what lies between is lost"));
  EXPECT_EQ(a_.text(), "");
}

TEST_F(SpillLaneTest, WhenItIsFullTheSourceWaits) {
  a_.blocked = true;
  source_->endless = true;
  add(1, 50);
  auto pipeline = make(1000);
  std::thread run([&] { EXPECT_TRUE(pipeline->run(at(4))); });
  auto lane = [&] {
    auto lanes = pipeline->status().lanes;
    return lanes.empty() ? LaneStatus() : lanes[0];
  };
  for (int i = 0; i < 5000 && lane().spill_error.empty(); ++i) std::this_thread::sleep_for(milliseconds(1));
  EXPECT_THAT(lane().spill_error, HasSubstr("is full"));
  EXPECT_GT(lane().spilled_bytes, 500u);
  EXPECT_LE(lane().spilled_bytes, 1000u);
  EXPECT_LT(source_->reads(), 30);
  pipeline->stop();
  run.join();
}

// A target that is merely slow keeps a full spill full, for hours perhaps.
TEST_F(SpillLaneTest, AFullSpillThatIsEmptiedSlowlyIsToldOfOnce) {
  a_.on_write = [&](const Delivery&) -> Result<void> {
    std::this_thread::sleep_for(milliseconds(5));
    return {};
  };
  add(1, 60);
  ASSERT_TRUE(make(1000)->run(at(4)));
  EXPECT_EQ(a_.text(), numbers(1, 60));
  std::string log = test::read_file(folder_ / "log");
  size_t told = 0;
  for (size_t at = log.find("cannot spill"); at != log.npos; at = log.find("cannot spill", at + 1)) ++told;
  EXPECT_EQ(told, 1u) << log;
}

// The thread that waits for room must not outlive the one that would make it.
TEST_F(SpillLaneTest, AFaultOfTheTargetEndsItThoughTheSpillIsFull) {
  a_.on_write = [&](const Delivery&) -> Result<void> {
    std::this_thread::sleep_for(milliseconds(30));
    return fatal("the target is gone for good");
  };
  add(1, 50);
  auto result = make(500)->run(at(4));
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().what, HasSubstr("the target is gone for good"));
}

// A first start that died before the target had anything must not take the source's place for the target's.
TEST_F(SpillLaneTest, ATargetThatNeverHadAnythingGetsAll) {
  a_.on_write = [&](const Delivery&) -> Result<void> { return fatal("dead"); };
  add(1, 5);
  ASSERT_FALSE(make()->run(Position()));
  ASSERT_TRUE(state_.resume().value());
  EXPECT_FALSE(state_.lane("a").value());
  for (int life = 0; life < 2; ++life) {
    source_ = std::make_unique<ScriptSource>();
    ASSERT_FALSE(make()->run(*state_.resume().value())) << "dead again";
  }
  a_.on_write = nullptr;
  uint64_t read = state_.resume().value()->offset / 10;
  source_ = std::make_unique<ScriptSource>();
  add(read + 1, 5);
  ASSERT_TRUE(make()->run(*state_.resume().value()));
  EXPECT_EQ(a_.text(), numbers(1, 5));
}

TEST_F(SpillLaneTest, WhatTheTargetRefusesIsParkedBehindTheSpill) {
  a_.takes = [](std::string_view value) { return value != "2|"; };
  add(1, 5);
  ASSERT_TRUE(make()->run(at(4)));
  EXPECT_EQ(a_.text(), "1|\n3|\n4|\n5|\n");
  size_t parked = 0;
  ASSERT_TRUE(state_.each_parked("a", [&](const ParkedMessage& each) { parked += each.key == "2"; }));
  EXPECT_EQ(parked, 1u);
}

}  // namespace
}  // namespace sluice::simulate
