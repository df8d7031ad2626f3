// What every sink of sinks.def must do, whatever it writes to. A new sink adds a Bench that tells how to make
// one for a test and how to look at its target; the list below does not link without it.
#include <gtest/gtest.h>

#include <thread>

#include "sink/sink.h"
#include "support/delivery.h"
#include "support/sink_bench.h"

namespace sluice::test {
namespace {

class SinkConformance : public testing::TestWithParam<SinkBenchType> {
 protected:
  void SetUp() override {
    bench_ = GetParam().make();
    sink_ = bench_->sink();
  }
  std::string joined(std::initializer_list<const Lines*> all) {
    std::string text;
    for (const Lines* lines : all) text += lines->bytes();
    return text;
  }

  std::unique_ptr<SinkBench> bench_;
  std::unique_ptr<Sink> sink_;
};

#define SUCCEEDS(expression)                      \
  do {                                            \
    auto result_ = (expression);                  \
    ASSERT_TRUE(result_) << result_.error().what; \
  } while (false)

TEST_P(SinkConformance, IsInItsDefinition) {
  EXPECT_EQ(GetParam().sink->name, GetParam().name);
  EXPECT_FALSE(GetParam().sink->summary.empty());
  for (const Option& option : GetParam().sink->options) {
    EXPECT_FALSE(option.help.empty()) << option.name;
    EXPECT_NE(option.help.back(), '.') << option.name;
  }
}

TEST_P(SinkConformance, HasDeliveredWhenWriteReturns) {
  SUCCEEDS(sink_->open(""));
  std::string expected;
  for (uint64_t i = 1; i <= 50; ++i) {
    Lines lines(i, {fmt::format("{}-a", i), fmt::format("{}-b", i)});
    SUCCEEDS(sink_->write(lines.delivery()));
    expected += lines.bytes();
    ASSERT_EQ(bench_->delivered(), expected) << "after delivery " << i;
  }
}

TEST_P(SinkConformance, TakesAnEmptyDelivery) {
  SUCCEEDS(sink_->open(""));
  Lines none(1), one(2, {"one"});
  SUCCEEDS(sink_->write(none.delivery()));
  SUCCEEDS(sink_->write(none.delivery(Delivery::kInside)));
  SUCCEEDS(sink_->write(one.delivery()));
  SUCCEEDS(sink_->write(none.delivery()));
  EXPECT_EQ(bench_->delivered(), one.bytes());
}

TEST_P(SinkConformance, TakesAHugeMessageAndOddOnes) {
  SUCCEEDS(sink_->open(""));
  bench_->read_along();
  Lines lines(1, {std::string(64 << 20, 'x'), "", std::string("\0\xff\r\t", 4), "\xf0\x9f\x99\x82"});
  SUCCEEDS(sink_->write(lines.delivery()));
  EXPECT_TRUE(bench_->delivered() == lines.bytes());
}

TEST_P(SinkConformance, TakesManySmallMessages) {
  SUCCEEDS(sink_->open(""));
  bench_->read_along();
  std::string expected;
  for (uint64_t batch = 1; batch <= 20; ++batch) {
    Lines lines(batch);
    for (int i = 0; i < 5000; ++i) lines.add(std::to_string(i));
    SUCCEEDS(sink_->write(lines.delivery()));
    expected += lines.bytes();
  }
  EXPECT_TRUE(bench_->delivered() == expected);
}

TEST_P(SinkConformance, GoesOnAfterReopenWithoutLosingAnything) {
  SUCCEEDS(sink_->open(""));
  Lines first(1, {"a"}), second(2, {"b"});
  SUCCEEDS(sink_->write(first.delivery(Delivery::kInside)));
  SUCCEEDS(sink_->reopen());
  SUCCEEDS(sink_->write(second.delivery()));
  EXPECT_EQ(bench_->delivered(), joined({&first, &second}));
}

TEST_P(SinkConformance, CanBeClosedAndOpenedAgain) {
  SUCCEEDS(sink_->open(""));
  Lines first(1, {"a"}), second(1, {"b"});
  SUCCEEDS(sink_->write(first.delivery()));
  std::string note = sink_->note();
  sink_->close();
  sink_->close();
  sink_ = bench_->sink();
  SUCCEEDS(sink_->open(note));
  SUCCEEDS(sink_->write(second.delivery()));
  EXPECT_EQ(bench_->delivered(), joined({&first, &second}));
}

// A sink that can take back what came after the checkpoint does so; the others may only add.
TEST_P(SinkConformance, RepeatsAfterARestartOnlyWhatItsPromiseAllows) {
  SUCCEEDS(sink_->open(""));
  Lines first(1, {"a"}), second(2, {"b", "c-open"}), again(1, {"c", "d"});
  SUCCEEDS(sink_->write(first.delivery()));
  SUCCEEDS(sink_->write(second.delivery(1)));
  std::string note = sink_->note();
  sink_.reset();  // as a process that was killed leaves it
  sink_ = bench_->sink();
  SUCCEEDS(sink_->open(note));
  SUCCEEDS(sink_->write(again.delivery()));
  EXPECT_EQ(bench_->delivered(), GetParam().takes_back ? "a\nb\nc\nd\n" : "a\nb\nc-open\nc\nd\n");
}

TEST_P(SinkConformance, EndsAWriteThatWaitsWhenInterrupted) {
  if (!GetParam().waits) {
    // Nothing to wait for: then an interrupt disturbs nothing.
    sink_->interrupt();
    SUCCEEDS(sink_->open(""));
    SUCCEEDS(sink_->write(Lines(1, {"a"}).delivery()));
    EXPECT_EQ(bench_->delivered(), "a\n");
    return;
  }
  Lines lines(1, {std::string(64 << 20, 'x')});
  // On a busy machine a write may be done before the other thread has its turn.
  for (int attempt = 0; attempt < 10; ++attempt, sink_ = bench_->sink()) {
    SUCCEEDS(sink_->open(""));
    std::thread other([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      sink_->interrupt();
    });
    auto result = sink_->write(lines.delivery());
    other.join();
    if (result) continue;
    EXPECT_EQ(result.error().fault, Fault::Stopped);
    return;
  }
  FAIL() << "ten writes of 64 MB went on in spite of the interrupt";
}

TEST_P(SinkConformance, TicksWithoutHarm) {
  SUCCEEDS(sink_->open(""));
  SUCCEEDS(sink_->tick());
  Lines lines(1, {"a"});
  SUCCEEDS(sink_->write(lines.delivery()));
  SUCCEEDS(sink_->tick());
  EXPECT_EQ(bench_->delivered(), lines.bytes());
}

INSTANTIATE_TEST_SUITE_P(Sinks, SinkConformance, testing::ValuesIn(sink_benches()), [](const auto& each) {
  return std::string(each.param.name) + std::string(each.param.way);
});

}  // namespace
}  // namespace sluice::test
