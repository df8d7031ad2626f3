// Lanes with on_refusal: park: what is refused waits with what speaks of the same rows, the rest flows.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/log.h"
#include "pipeline/pipeline.h"
#include "simulate/probe_sink.h"
#include "simulate/script_source.h"
#include "simulate/sim_state.h"
#include "state/sqlite/sqlite_state.h"
#include "support/folder.h"

namespace sluice::simulate {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;

class ParkTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(log::to_file(folder_ / "log"));
    probe_.takes = [this](std::string_view value) { return mended_ || value.find('!') == value.npos; };
  }
  void TearDown() override { ASSERT_TRUE(log::to_file("/dev/stderr")); }

  std::unique_ptr<Pipeline> make() {
    std::vector<LaneSetup> lanes;
    lanes.push_back({.name = "out",
                     .sink = std::make_unique<ProbeSink>(probe_),
                     .encoder = std::make_unique<TextEncoder>(),
                     .on_refusal = OnRefusal::Park,
                     .park_bytes = park_bytes_});
    return std::make_unique<Pipeline>(*source_, std::vector<std::unique_ptr<Transform>>(), std::move(lanes),
                                      &state(), options_);
  }
  virtual State& state() { return memory_; }
  // Another life of the process, which reads on where the one before ended; without further changes it does
  // what is asked for of the parked ones. What was delivered in it.
  std::string run() {
    probe_.bytes.clear();
    Position from = state().resume().value().value_or(at(4));
    auto result = make()->run(from);
    EXPECT_TRUE(result) << result.error().what;
    source_ = std::make_unique<ScriptSource>();
    return probe_.text();
  }
  void add(uint64_t end, std::vector<std::string> changes, bool whole = true) {
    source_->script.push_back(Step{{{end, std::move(changes), whole, ""}}});
  }
  std::vector<std::string> parked() {
    std::vector<std::string> all;
    EXPECT_TRUE(state().park()->each_parked("out", [&](const ParkedMessage& each) {
      all.push_back(fmt::format("{} {}{}", each.id, each.key, each.reason.empty() ? "" : " " + each.reason));
    }));
    return all;
  }
  uint64_t ask(std::vector<uint64_t> ids = {}) { return state().park()->ask_parked("out", ids).value(); }

  test::TemporaryFolder folder_;
  MemoryState memory_;
  std::unique_ptr<ScriptSource> source_ = std::make_unique<ScriptSource>();
  PipelineOptions options_{.pauses = {milliseconds(1), milliseconds(4)}, .stop_patience = milliseconds(50)};
  Probe probe_;
  std::atomic<bool> mended_ = false;
  uint64_t park_bytes_ = 1'000'000;
};

TEST_F(ParkTest, OnlyTheRowOfWhatIsRefusedWaits) {
  add(10, {"a|1", "b|1"});
  add(20, {"a|2!"});
  add(30, {"a|3", "b|2", "c|1"});
  add(40, {"b|3", "a|4"});
  EXPECT_EQ(run(), "a|1\nb|1\nb|2\nc|1\nb|3\n");
  EXPECT_THAT(parked(), ElementsAre("1 a it is too large", "2 a", "3 a"));
  EXPECT_EQ(memory_.lane("out").value()->position.offset, 40u);
  // Nobody asked for it.
  EXPECT_EQ(run(), "");
  mended_ = true;
  add(50, {"a|5", "b|4"});
  EXPECT_EQ(ask(), 1u);
  EXPECT_EQ(run(), "a|2!\na|3\na|4\na|5\nb|4\n");
  EXPECT_THAT(parked(), ElementsAre());
}

TEST_F(ParkTest, WhatIsRefusedAgainStaysWithAllBehindIt) {
  add(10, {"a|1!", "b|1!"});
  add(20, {"a|2", "b|2", "a|3"});
  EXPECT_EQ(run(), "");
  ask();
  EXPECT_EQ(run(), "");
  EXPECT_THAT(parked(), ElementsAre("1 a it is too large", "2 b it is too large", "3 a", "4 b", "5 a"));
  EXPECT_EQ(ask({4}), 1u) << "it cannot pass what it waits behind";
  EXPECT_EQ(run(), "");
  mended_ = true;
  EXPECT_EQ(ask({2}), 1u);
  EXPECT_EQ(run(), "b|1!\nb|2\n");
  EXPECT_THAT(parked(), ElementsAre("1 a it is too large", "3 a", "5 a"));
}

// What the target took of the row in the same delivery comes again, so that the last word is the last.
TEST_F(ParkTest, WhatWasTakenBehindItComesAgainBehindIt) {
  add(10, {"a|1", "a|2!", "a|3", "b|1", "a|4"});
  EXPECT_EQ(run(), "a|1\na|3\nb|1\na|4\n");
  EXPECT_THAT(parked(), ElementsAre("1 a it is too large", "2 a", "3 a"));
  mended_ = true;
  ask();
  EXPECT_EQ(run(), "a|2!\na|3\na|4\n");
}

TEST_F(ParkTest, AChangeOfKeyWaitsForBothRowsAndHoldsBoth) {
  add(10, {"a|1!"});
  add(20, {"a>b|2"});
  add(30, {"b|3", "c|1"});
  add(40, {"b>d|4"});
  add(50, {"d|5", "c|2"});
  EXPECT_EQ(run(), "c|1\nc|2\n");
  mended_ = true;
  ask();
  EXPECT_EQ(run(), "a|1!\na>b|2\nb|3\nb>d|4\nd|5\n");
}

TEST_F(ParkTest, ASchemaChangeWaitsForTheTableAndHoldsAllOfIt) {
  add(10, {"a|1!"});
  add(20, {"b|1", "x"});
  add(30, {"ddl|truncate"});
  add(40, {"b|2", "c|1"});
  EXPECT_EQ(run(), "b|1\n") << "nobody can tell what x speaks of";
  mended_ = true;
  ask();
  EXPECT_EQ(run(), "a|1!\nx\nddl|truncate\nb|2\nc|1\n");
  mended_ = false;
  add(50, {"ddl|drop !"});
  add(60, {"c|2"});
  EXPECT_EQ(run(), "");
  EXPECT_EQ(parked().size(), 2u);
}

// One delivery in which the order of parking is not that of finding out: b's change of key is held back, and
// with it the last of a, before the target refuses the first of a.
TEST_F(ParkTest, WhatIsParkedOfOneDeliveryIsInTheOrderOfTheLog) {
  add(10, {"b|1!"});
  add(20, {"a|1!", "a>b|2", "a|3"});
  EXPECT_EQ(run(), "");
  EXPECT_THAT(parked(), ElementsAre("1 b it is too large", "2 a it is too large", "3 b", "4 a"));
  mended_ = true;
  ask();
  EXPECT_EQ(run(), "b|1!\na|1!\na>b|2\na|3\n");
}

TEST_F(ParkTest, DroppingItLetsTheOthersGo) {
  add(10, {"a|1!"});
  add(20, {"a|2", "a|3!"});
  add(30, {"a|4"});
  EXPECT_EQ(run(), "");
  EXPECT_EQ(memory_.drop_parked("out", {1}).value(), 1u);
  EXPECT_EQ(run(), "a|2\na|4\n") << "the last one was tried with the one before it";
  EXPECT_THAT(parked(), ElementsAre("3 a it is too large", "4 a"));
}

// A death between parking and the next position: what lies behind the position comes again, and must not be
// put behind what it precedes.
TEST_F(ParkTest, WhatComesAgainIsNotParkedTwice) {
  add(10, {"b|1"});
  add(20, {"a|1", "a|2!"}, false);
  EXPECT_EQ(run(), "b|1\na|1\n");
  EXPECT_THAT(parked(), ElementsAre("1 a it is too large"));
  EXPECT_EQ(memory_.lane("out").value()->position.offset, 10u);
  add(20, {"a|1", "a|2!", "a|3"});
  EXPECT_EQ(run(), "a|1\na|3\n");
  EXPECT_THAT(parked(), ElementsAre("2 a it is too large", "3 a"));
}

TEST_F(ParkTest, WaitsWhileThereIsNoRoomAndGoesOnWhenThereIs) {
  park_bytes_ = 600;
  for (uint64_t i = 1; i <= 9; ++i) add(10 * i, {fmt::format("{}|!", i)});
  auto pipeline = make();
  std::thread run([&] { EXPECT_TRUE(pipeline->run(at(4))); });
  auto status = [&] {
    auto lanes = pipeline->status().lanes;
    return lanes.empty() ? LaneStatus() : lanes[0];
  };
  for (int i = 0; i < 5000 && status().last_error.empty(); ++i) std::this_thread::sleep_for(milliseconds(1));
  EXPECT_THAT(status().last_error, testing::HasSubstr("are parked, and `park` allows 600 bytes"));
  uint64_t held = status().parked;
  EXPECT_GT(held, 0u);
  EXPECT_LT(held, 5u);
  mended_ = true;
  ask();
  pipeline->look_at_parked();
  run.join();
  EXPECT_EQ(probe_.text(), "1|!\n2|!\n3|!\n4|!\n5|!\n6|!\n7|!\n8|!\n9|!\n");
  EXPECT_THAT(parked(), ElementsAre());
}

TEST_F(ParkTest, ARunningLaneDoesWhatItIsAskedFor) {
  source_->endless = true;
  add(10, {"a|1!"});
  add(20, {"a|2", "b|1"});
  auto pipeline = make();
  std::thread run([&] { EXPECT_TRUE(pipeline->run(at(4))); });
  ASSERT_TRUE(probe_.wait_for("b|1\n"));
  mended_ = true;
  ask();
  pipeline->look_at_parked();
  EXPECT_TRUE(probe_.wait_for("b|1\na|1!\na|2\n"));
  pipeline->stop();
  run.join();
  EXPECT_EQ(pipeline->status().lanes[0].parked, 0u);
}

// The sink asks before it moves the position that it keeps itself.
class Keeper : public ProbeSink {
 public:
  explicit Keeper(Probe& probe, bool& moved) : ProbeSink(probe), moved_(moved) {}
  Result<void> write(const Delivery& delivery) override {
    SLUICE_TRY(ProbeSink::write(delivery));
    if (!refused().empty()) SLUICE_TRY(delivery.judge->judge(delivery, refused()));
    moved_ = true;
    return {};
  }

 private:
  bool& moved_;
};

TEST_F(ParkTest, ASinkThatKeepsThePositionIsToldBeforeItMoves) {
  for (OnRefusal policy : {OnRefusal::Stop, OnRefusal::Park}) {
    ScriptSource source;
    source.script.push_back(Step{{{10, {"a|1!"}}}});
    bool moved = false;
    std::vector<LaneSetup> lanes;
    lanes.push_back({.name = "out",
                     .sink = std::make_unique<Keeper>(probe_, moved),
                     .encoder = std::make_unique<TextEncoder>(),
                     .on_refusal = policy});
    MemoryState memory;
    Pipeline pipeline(source, {}, std::move(lanes), &memory, options_);
    EXPECT_EQ(pipeline.run(at(4)).has_value(), policy == OnRefusal::Park);
    EXPECT_EQ(moved, policy == OnRefusal::Park);
    size_t count = 0;
    ASSERT_TRUE(memory.each_parked("out", [&](const ParkedMessage&) { ++count; }));
    EXPECT_EQ(count, policy == OnRefusal::Park ? 1u : 0u);
  }
}

// The same in the real state, over restarts of it.
class ParkOnDiskTest : public ParkTest {
 protected:
  State& state() override {
    if (!disk_) disk_ = open_sqlite_state(folder_ / "state").value();
    return *disk_;
  }
  std::unique_ptr<State> disk_;
};

TEST_F(ParkOnDiskTest, LivesThroughRestartsAndIsSeenFromOutside) {
  add(10, {"a|1!", "b|1"});
  add(20, {"a|2"});
  EXPECT_EQ(run(), "b|1\n");
  disk_.reset();
  EXPECT_THAT(parked(), ElementsAre("1 a it is too large", "2 a"));
  auto seen = read_sqlite_parked(folder_ / "state", 1);
  ASSERT_TRUE(seen && *seen) << seen.error().what;
  Unpacked unpacked;
  ASSERT_TRUE(unpacked.append((*seen)->message));
  EXPECT_EQ(unpacked.delivery(1).value(0), "a|1!");
  EXPECT_EQ((*seen)->table, "shop.t");
  EXPECT_EQ((*seen)->place.offset, 10u);
  EXPECT_FALSE(read_sqlite_parked(folder_ / "state", 9).value());
  EXPECT_EQ(ask(), 1u);
  disk_.reset();
  mended_ = true;
  EXPECT_EQ(run(), "a|1!\na|2\n");
  EXPECT_THAT(parked(), ElementsAre());
  mended_ = false;
  add(30, {"a|3!"});
  run();
  EXPECT_THAT(parked(), ElementsAre("3 a it is too large")) << "no id is given twice";
  EXPECT_EQ(disk_->park()->drop_parked("other", {}).value(), 0u);
  EXPECT_EQ(disk_->park()->drop_parked("out", {3}).value(), 1u);
}

}  // namespace
}  // namespace sluice::simulate
