#include "pipeline/pipeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/log.h"
#include "simulate/probe_sink.h"
#include "simulate/script_source.h"
#include "simulate/sim_state.h"
#include "support/folder.h"

namespace sluice::simulate {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;

class PipelineTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(log::to_file(folder_ / "log")); }
  void TearDown() override { ASSERT_TRUE(log::to_file("/dev/stderr")); }

  // One lane for each probe, named a, b, …
  std::unique_ptr<Pipeline> make(std::vector<Probe*> probes, unsigned threads = 1,
                                 std::unique_ptr<Encoder> encoder = std::make_unique<TextEncoder>()) {
    std::vector<LaneSetup> lanes;
    for (size_t i = 0; i < probes.size(); ++i) {
      lanes.push_back({.name = std::string(1, static_cast<char>('a' + i)),
                       .sink = std::make_unique<ProbeSink>(*probes[i]),
                       .encoder = encoder->clone(),
                       .encode_threads = threads});
    }
    return std::make_unique<Pipeline>(source_, std::move(transforms_), std::move(lanes), &state_, options_);
  }
  void add(uint64_t end, std::vector<std::string> changes, bool whole = true, std::string gtid = "") {
    source_.script.push_back(Step{{{end, std::move(changes), whole, std::move(gtid)}}});
  }
  size_t logged(const std::string& words) const {
    std::string text = test::read_file(folder_ / "log");
    size_t count = 0;
    for (size_t at = text.find(words); at != std::string::npos; at = text.find(words, at + 1)) ++count;
    return count;
  }
  uint64_t saved(const std::string& lane) { return state_.lane(lane).value().value().position.offset; }

  test::TemporaryFolder folder_;
  ScriptSource source_;
  MemoryState state_;
  std::vector<std::unique_ptr<Transform>> transforms_;
  PipelineOptions options_{.pauses = {milliseconds(1), milliseconds(4)}, .stop_patience = milliseconds(50)};
  Probe a_, b_;
};

TEST_F(PipelineTest, DeliversInOrderAndSavesBehindTheLastLane) {
  add(10, {"1", "2"});
  add(20, {"3"});
  auto pipeline = make({&a_, &b_});
  ASSERT_TRUE(pipeline->run(at(4)));
  EXPECT_EQ(a_.text(), "1\n2\n3\n");
  EXPECT_EQ(b_.text(), "1\n2\n3\n");
  EXPECT_EQ(a_.closes, 1);
  EXPECT_EQ(state_.resume().value(), at(20));
  EXPECT_EQ(saved("a"), 20u);
  EXPECT_EQ(saved("b"), 20u);
  EXPECT_THAT(source_.confirmed, ElementsAre(10, 20));
  PipelineStatus status = pipeline->status();
  EXPECT_EQ(status.read.offset, 20u);
  EXPECT_EQ(status.changes, 3u);
  ASSERT_EQ(status.lanes.size(), 2u);
  EXPECT_EQ(status.lanes[1].name, "b");
  EXPECT_EQ(status.lanes[1].changes, 3u);
  EXPECT_EQ(status.lanes[1].bytes, 6u);
  EXPECT_EQ(status.lanes[1].delivered.offset, 20u);
  EXPECT_EQ(status.lanes[1].doing, LaneDoing::Ended);
  EXPECT_EQ(status.batches_free, status.batches_total);
}

// As of a transaction that is wanted whole, or of tables that nobody wants.
TEST_F(PipelineTest, CountsWhatItReadsWithoutChangesOnceSomethingFollows) {
  add(10, {"1"});
  for (int i = 0; i < 5; ++i) add(10, {});
  add(20, {"2"});
  auto pipeline = make({&a_});
  ASSERT_TRUE(pipeline->run(at(4)));
  EXPECT_EQ(pipeline->status().log_bytes, 70u);
  EXPECT_EQ(pipeline->status().lanes[0].log_bytes, 70u);
}

TEST_F(PipelineTest, SavesNothingInsideATransaction) {
  add(10, {"1"});
  add(20, {"2", "3"}, false);
  add(20, {"4"}, false);
  ASSERT_TRUE(make({&a_})->run(at(4)));
  EXPECT_EQ(a_.text(), "1\n2\n3\n4\n");
  EXPECT_EQ(saved("a"), 10u);
  EXPECT_EQ(state_.resume().value(), at(10));
}

TEST_F(PipelineTest, TellsTheSinkWhereTheCheckpointFalls) {
  std::vector<size_t> whole;
  a_.on_write = [&](const Delivery& delivery) -> Result<void> {
    whole.push_back(delivery.whole);
    return {};
  };
  source_.script.push_back(Step{{{10, {"1", "2"}}, {20, {"3"}, false}}});
  add(20, {"4"}, false);                                                // inside
  source_.script.push_back(Step{{{20, {"5"}}, {30, {"6"}}}});           // all of it
  source_.script.push_back(Step{{{40, {}}, {50, {"7", "8"}, false}}});  // before its first message
  ASSERT_TRUE(make({&a_})->run(at(4)));
  EXPECT_THAT(whole, ElementsAre(2, Delivery::kInside, 2, 0));
  EXPECT_EQ(saved("a"), 40u);
}

// Changes that stand behind a lane's position were delivered, those that were set aside were not.
TEST_F(PipelineTest, WhatWasSetAsideReachesEveryLaneWhereverItIs) {
  Position resume = at(10), ahead = at(40);
  ASSERT_TRUE(state_.save({.lane = "a", .position = &ahead, .note = "", .resume = &resume}));
  ASSERT_TRUE(state_.save({.lane = "b", .position = &resume, .note = ""}));
  source_.script.push_back(Step{{{5, {"late 1", "late 2"}, false}}, {}, {.whole = 2, .released = {1, 2}}});
  add(20, {"1"});
  add(50, {"2"});
  ASSERT_TRUE(make({&a_, &b_})->run(at(10)));
  EXPECT_EQ(a_.text(), "late 1\nlate 2\n2\n");
  EXPECT_EQ(b_.text(), "late 1\nlate 2\n1\n2\n");
  EXPECT_THAT(state_.released, ElementsAre(1, 2));
}

// The lane's note must tell of it before it is given up, also where its place stays as it is.
TEST_F(PipelineTest, WhatWasSetAsideIsGivenUpTogetherWithTheNote) {
  Position ahead = at(40), resume = at(10);
  ASSERT_TRUE(state_.save({.lane = "a", .position = &ahead, .note = "old", .resume = &resume}));
  source_.script.push_back(Step{{{5, {"late"}}}, {}, {.whole = 1, .released = {1}}});
  a_.note = "behind the late one";
  ASSERT_TRUE(make({&a_})->run(at(10)));
  LaneCheckpoint lane = state_.lane("a").value().value();
  EXPECT_EQ(lane.position, ahead);
  EXPECT_EQ(lane.note, "behind the late one");
  EXPECT_THAT(state_.released, ElementsAre(1));
  EXPECT_EQ(state_.resume().value(), at(10));
}

TEST_F(PipelineTest, WhatIsSetAsideIsSavedThoughNothingIsDelivered) {
  source_.script.push_back(Step{{{20, {}}}, {}, {.added = {{.id = 1, .bytes = "event"}}, .whole = 1}});
  ASSERT_TRUE(make({&a_})->run(at(4)));
  EXPECT_THAT(state_.added, ElementsAre(1));
  EXPECT_EQ(state_.resume().value(), at(20));
}

TEST_F(PipelineTest, AnIdleLogWakesNobody) {
  add(10, {"1"});
  for (int i = 0; i < 5; ++i) source_.script.push_back(Step{});
  ASSERT_TRUE(make({&a_})->run(at(4)));
  EXPECT_EQ(a_.writes, 1);
  // The lane's note before its first delivery, and that delivery.
  EXPECT_EQ(state_.saves, 2);
}

TEST_F(PipelineTest, RetriesTheSameDeliveryAndSaysSoOnce) {
  int failures = 7;
  a_.on_write = [&](const Delivery&) -> Result<void> {
    if (failures-- > 0) return retryable("the queue is full");
    return {};
  };
  add(10, {"1"});
  add(20, {"2"});
  ASSERT_TRUE(make({&a_})->run(at(4)));
  EXPECT_EQ(a_.text(), "1\n2\n");
  EXPECT_EQ(a_.reopens, 7);
  EXPECT_EQ(logged("sink a: cannot write: the queue is full; trying again"), 1u);
  EXPECT_EQ(logged("sink a: goes on"), 1u);
}

TEST_F(PipelineTest, LeavesATargetAloneAsLongAsItAsks) {
  std::vector<SteadyTime> tries;
  a_.pause = std::chrono::milliseconds(300);
  a_.on_write = [&](const Delivery&) -> Result<void> {
    tries.push_back(steady_now());
    if (tries.size() == 1) return retryable("too many requests");
    return {};
  };
  add(10, {"1"});
  ASSERT_TRUE(make({&a_})->run(at(4)));
  ASSERT_EQ(tries.size(), 2u);
  EXPECT_GE(tries[1] - tries[0], a_.pause);
}

TEST_F(PipelineTest, ShowsWhatALaneWaitsFor) {
  std::atomic<bool> down = true;
  a_.on_write = [&](const Delivery&) -> Result<void> {
    if (down) return retryable("the queue is full");
    return {};
  };
  add(10, {"1"});
  auto pipeline = make({&a_, &b_});
  std::thread run([&] { EXPECT_TRUE(pipeline->run(at(4))); });
  ASSERT_TRUE(b_.wait_for("1\n"));
  LaneStatus lane;
  for (int i = 0; i < 5000 && lane.last_error.empty(); ++i) {
    std::this_thread::sleep_for(milliseconds(1));
    PipelineStatus status = pipeline->status();
    if (!status.lanes.empty()) lane = status.lanes[0];
  }
  EXPECT_EQ(lane.last_error, "the queue is full");
  EXPECT_GT(lane.last_error_us, 0);
  EXPECT_EQ(lane.changes, 0u);
  down = false;
  run.join();
  EXPECT_EQ(pipeline->status().lanes[0].last_error, "the queue is full") << "kept for people to see";
}

TEST_F(PipelineTest, SlowLanesHoldTheSourceBack) {
  options_.batches = 3;
  std::mutex gate;
  gate.lock();
  a_.on_write = [&](const Delivery&) -> Result<void> {
    std::lock_guard wait(gate);
    return {};
  };
  for (uint64_t i = 1; i <= 20; ++i) add(10 * i, {std::to_string(i)});
  auto pipeline = make({&a_, &b_});
  std::thread run([&] { EXPECT_TRUE(pipeline->run(at(4))); });
  ASSERT_TRUE(b_.wait_for("1\n2\n3\n"));
  std::this_thread::sleep_for(milliseconds(30));
  EXPECT_EQ(b_.text(), "1\n2\n3\n") << "no lane is further ahead than there are batches";
  EXPECT_EQ(source_.reads(), 3);
  EXPECT_EQ(pipeline->status().batches_free, 0u);
  gate.unlock();
  run.join();
  EXPECT_EQ(a_.text(), b_.text());
}

TEST_F(PipelineTest, AFaultOfTheSourceEndsItBehindWhatWasRead) {
  add(10, {"1"});
  add(20, {"2"});
  source_.script.push_back(Error{Fault::Fatal, "the file is damaged"});
  a_.on_write = [&](const Delivery&) -> Result<void> {
    std::this_thread::sleep_for(milliseconds(5));
    return {};
  };
  auto result = make({&a_})->run(at(4));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().what, "the file is damaged");
  EXPECT_EQ(a_.text(), "1\n2\n");
  EXPECT_EQ(saved("a"), 20u);
}

TEST_F(PipelineTest, ALostConnectionIsOpenedAgainBehindWhatWasRead) {
  add(10, {"1"});
  for (int i = 0; i < 4; ++i) source_.script.push_back(Error{Fault::Retryable, "connection lost"});
  add(20, {"2"});
  ASSERT_TRUE(make({&a_})->run(at(4)));
  EXPECT_EQ(a_.text(), "1\n2\n");
  ASSERT_EQ(source_.opened.size(), 5u);
  EXPECT_EQ(source_.opened[0].offset, 4u);
  EXPECT_EQ(source_.opened[4].offset, 10u);
  EXPECT_EQ(logged("source: connection lost; trying again"), 1u);
  EXPECT_EQ(logged("source: reads again"), 1u);
}

TEST_F(PipelineTest, AFaultOfASinkEndsEveryLaneBehindItsDelivery) {
  source_.endless = true;
  a_.on_write = [&](const Delivery& delivery) -> Result<void> {
    if (delivery.bytes != "2\n") return {};
    EXPECT_TRUE(b_.wait_for("1\n2\n"));
    return fatal("the topic was deleted");
  };
  add(10, {"1"});
  add(20, {"2"});
  auto result = make({&a_, &b_})->run(at(4));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().what, "sink a: the topic was deleted");
  EXPECT_EQ(saved("a"), 10u);
  EXPECT_EQ(saved("b"), 20u);
  EXPECT_EQ(state_.resume().value(), at(10));
}

TEST_F(PipelineTest, AReaderThatWantsNoMoreEndsItQuietly) {
  source_.endless = true;
  a_.on_write = [](const Delivery& delivery) -> Result<void> {
    if (delivery.bytes == "2\n") return stopped();
    return {};
  };
  add(10, {"1"});
  add(20, {"2"});
  EXPECT_TRUE(make({&a_})->run(at(4)));
  EXPECT_EQ(saved("a"), 10u);
}

TEST_F(PipelineTest, StopFinishesTheDeliveryInHand) {
  source_.endless = true;
  std::atomic<bool> writing = false, asked = false;
  a_.on_write = [&](const Delivery&) -> Result<void> {
    writing = true;
    while (!asked) std::this_thread::yield();
    return {};
  };
  add(10, {"1"});
  add(20, {"2"});
  auto pipeline = make({&a_});
  std::thread other([&] {
    while (!writing) std::this_thread::yield();
    pipeline->stop();
    asked = true;
  });
  EXPECT_TRUE(pipeline->run(at(4)));
  other.join();
  // Its thread may have begun the next one before it heard of the stop.
  ASSERT_THAT(a_.text(), testing::AnyOf("1\n", "1\n2\n"));
  EXPECT_EQ(saved("a"), a_.text() == "1\n" ? 10u : 20u);
  EXPECT_EQ(a_.interrupts, 0);
}

TEST_F(PipelineTest, StopInterruptsASinkThatWaitsTooLong) {
  source_.endless = true;
  a_.blocked = true;
  add(10, {"1"});
  auto pipeline = make({&a_});
  std::thread other([&] {
    while (true) {
      std::lock_guard lock(a_.mutex);
      if (a_.writes > 0) break;
    }
    pipeline->stop();
  });
  EXPECT_TRUE(pipeline->run(at(4)));
  other.join();
  EXPECT_EQ(a_.interrupts, 1);
}

TEST_F(PipelineTest, StopEndsAPauseBetweenTries) {
  options_.pauses = {std::chrono::hours(1), std::chrono::hours(1)};
  std::atomic<bool> failed = false;
  a_.on_write = [&](const Delivery&) -> Result<void> {
    failed = true;
    return retryable("down");
  };
  add(10, {"1"});
  auto pipeline = make({&a_});
  std::thread other([&] {
    while (!failed) std::this_thread::yield();
    pipeline->stop();
  });
  EXPECT_TRUE(pipeline->run(at(4)));
  other.join();
}

TEST_F(PipelineTest, StopBeforeRunEndsItAtOnce) {
  source_.endless = true;
  auto pipeline = make({&a_});
  pipeline->stop();
  EXPECT_TRUE(pipeline->run(at(4)));
}

class PassingOver : public PipelineTest, public testing::WithParamInterface<bool> {};

TEST_P(PassingOver, ALaneThatIsAheadTakesOnlyWhatIsNew) {
  // On another server, what this one's files say means nothing: then the GTIDs decide.
  bool moved = GetParam();
  Position mark = at(20, moved ? "0-1-2" : "", moved ? "s2" : "s1");
  ASSERT_TRUE(state_.save({.lane = "b", .position = &mark, .note = "n"}));
  source_.script.push_back(Step{{{10, {"1"}, true, "0-1-1"}, {20, {"2"}, true, "0-1-2"}}});
  source_.script.push_back(Step{{{30, {"3"}, true, "0-1-3"}}});
  ASSERT_TRUE(make({&a_, &b_})->run(at(4, moved ? "0-1-0" : "")));
  EXPECT_EQ(a_.text(), "1\n2\n3\n");
  EXPECT_EQ(b_.text(), "3\n");
  EXPECT_EQ(saved("b"), 30u);
}

INSTANTIATE_TEST_SUITE_P(SameOrOtherServer, PassingOver, testing::Bool());

TEST_F(PipelineTest, ALaneThatPassesOverKeepsItsPosition) {
  auto mark = at(30);
  ASSERT_TRUE(state_.save({.lane = "a", .position = &mark, .note = "n"}));
  Table table;
  table.database = "shop";
  table.name = "t";
  TablePtr shape = freeze(table);
  source_.script.push_back(Step{{{10, {"1"}}}, {{{"shop", "t"}, shape}}});
  add(20, {"2"});
  ASSERT_TRUE(make({&a_})->run(at(4)));
  EXPECT_EQ(a_.text(), "");
  EXPECT_EQ(saved("a"), 30u);
  EXPECT_EQ(state_.resume().value(), at(20)) << "the source's place moves for the catalogue's sake";
  Catalogue catalogue;
  ASSERT_TRUE(state_.load(catalogue));
  EXPECT_EQ(catalogue.size(), 1u);
}

TEST_F(PipelineTest, ALaneThatIsNoLongerNamedKeepsItsPlace) {
  auto old = at(10);
  ASSERT_TRUE(state_.save({.lane = "gone", .position = &old, .note = ""}));
  add(20, {"1"});
  ASSERT_TRUE(make({&a_})->run(at(4)));
  EXPECT_EQ(saved("gone"), 10u);
  EXPECT_EQ(state_.resume().value(), at(20)) << "it holds nobody";
  source_.script.clear();
  ASSERT_TRUE(make({&a_})->run(at(20)));
  EXPECT_EQ(logged("sink gone is no longer named: its position bin.000001:10 is kept"), 1u);
}

TEST_F(PipelineTest, WhatALaneWouldMissIsAFaultWhereItCannotReadAlone) {
  auto behind = at(10);
  ASSERT_TRUE(state_.save({.lane = "a", .position = &behind, .note = ""}));
  auto result = make({&a_, &b_})->run(at(100));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().what,
            "sink a has everything up to bin.000001:10, but reading begins at bin.000001:100: what lies "
            "between would "
            "be lost");
}

// A target that has been away from the very beginning must not cost the others their place.
TEST_F(PipelineTest, TheBeginningIsSavedWhateverTheLanesDo) {
  source_.endless = true;
  add(10, {});
  add(20, {"1"});
  b_.blocked = true;
  auto pipeline = make({&a_, &b_});
  std::thread run([&] { EXPECT_TRUE(pipeline->run(Position())); });
  ASSERT_TRUE(a_.wait_for("1\n"));
  EXPECT_EQ(state_.resume().value().value_or(Position()).offset, 10u);
  pipeline->stop();
  run.join();
}

class Uneven : public TextEncoder {
 public:
  void encode(const Batch& batch, std::span<const Change> changes, Outbox& out) override {
    // Later batches are done before earlier ones.
    if (batch.sequence % 3 == 1) std::this_thread::sleep_for(std::chrono::microseconds(200));
    TextEncoder::encode(batch, changes, out);
  }
  std::unique_ptr<Encoder> clone() const override { return std::make_unique<Uneven>(); }
};

TEST_F(PipelineTest, ManyEncodingThreadsKeepTheOrder) {
  std::string expected;
  for (uint64_t i = 1; i <= 300; ++i) {
    add(10 * i, {std::to_string(i), std::string(i % 50, 'x')});
    expected += fmt::format("{}\n{}", i, i % 50 ? std::string(i % 50, 'x') + "\n" : "");
  }
  ASSERT_TRUE(make({&a_, &b_}, 4, std::make_unique<Uneven>())->run(at(4)));
  EXPECT_EQ(a_.text(), expected);
  EXPECT_EQ(b_.text(), expected);
  EXPECT_EQ(saved("a"), 3000u);
}

class Refusal : public Transform {
 public:
  Result<void> apply(Batch&) override { return fatal("a mask names no column"); }
};

TEST_F(PipelineTest, ATransformThatFailsEndsItBeforeAnythingIsDelivered) {
  transforms_.push_back(std::make_unique<Refusal>());
  add(10, {"1"});
  auto result = make({&a_})->run(at(4));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().what, "a mask names no column");
  EXPECT_EQ(a_.text(), "");
  EXPECT_EQ(saved("a"), 4u);
}

}  // namespace
}  // namespace sluice::simulate
