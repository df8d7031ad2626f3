#include "pipeline/encoding.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace sluice {
namespace {

// As many bytes as the change's index says.
class Filler : public Encoder {
 public:
  void encode(const Batch&, std::span<const Change> changes, Outbox& out) override {
    uint32_t size = changes.front().index;
    if (size == 0) return;
    char* at = out.bytes.reserve(size);
    std::memset(at, 'x', size);
    out.bytes.commit(at + size);
  }
  std::unique_ptr<Encoder> clone() const override { return std::make_unique<Filler>(); }
};

class EncodingTest : public testing::TestWithParam<unsigned> {
 protected:
  void SetUp() override { encoding_.begin({}, std::nullopt); }

  BatchPool::Shared batch(std::vector<uint32_t> sizes) {
    BatchPool::Mine mine = pool_.take();
    mine->batch.sequence = ++sequence_;
    mine->batch.events.emplace_back();
    mine->batch.transactions.emplace_back();
    for (uint32_t size : sizes) mine->batch.changes.push_back({.last = true, .index = size});
    mine->moves = true;
    mine->batch.resume.file = "b.1";
    mine->batch.resume.offset = sequence_;
    return BatchPool::Shared(std::move(mine));
  }

  BatchPool pool_{4};
  uint64_t sequence_ = 0;
  Encoding encoding_{{std::make_unique<Filler>(), nullptr, nullptr}, GetParam(), 4, "lane"};
};

TEST_P(EncodingTest, GivesWhatCameInOrderAndEnds) {
  for (int i = 0; i < 3; ++i) encoding_.offer(batch({1, 0, 2}));
  encoding_.finish();
  for (uint64_t i = 1; i <= 3; ++i) {
    Encoded* next = encoding_.next(std::chrono::seconds(10));
    ASSERT_NE(next, nullptr);
    EXPECT_EQ(next->parcel().batch.sequence, i);
    EXPECT_EQ(next->outbox().bytes.view(), "x\nxx\n");
    ASSERT_EQ(next->outbox().messages.size(), 2u) << "a change that is not shown is no message";
    EXPECT_EQ(next->outbox().messages[1].change, 2u);
    EXPECT_EQ(next->outbox().messages[1].begin, 2u);
    EXPECT_EQ(next->outbox().messages[1].end, 4u);
    EXPECT_EQ(next->delivery().whole, 2u);
    encoding_.release(next);
  }
  EXPECT_EQ(encoding_.next(std::chrono::seconds(10)), nullptr);
  EXPECT_TRUE(encoding_.ended());
  EXPECT_EQ(pool_.free(), 4u);
}

TEST_P(EncodingTest, ComesBackWhenNothingCameInTime) {
  EXPECT_EQ(encoding_.next(std::chrono::microseconds(100)), nullptr);
  EXPECT_FALSE(encoding_.ended());
}

TEST_P(EncodingTest, DropsWhatWaitsWhenClosed) {
  for (int i = 0; i < 3; ++i) encoding_.offer(batch({1}));
  encoding_.close();
  EXPECT_TRUE(encoding_.ended());
  EXPECT_EQ(encoding_.next(std::chrono::seconds(10)), nullptr);
  encoding_.offer(batch({1}));
  EXPECT_EQ(encoding_.next(std::chrono::seconds(10)), nullptr);
}

TEST_P(EncodingTest, GivesTheMemoryOfAHugeRowBack) {
  encoding_.offer(batch({64 << 20}));
  Encoded* huge = encoding_.next(std::chrono::seconds(10));
  ASSERT_NE(huge, nullptr);
  EXPECT_GT(huge->outbox().bytes.capacity(), size_t{64} << 20);
  encoding_.release(huge);
  for (int i = 0; i < 4; ++i) {
    encoding_.offer(batch({1}));
    Encoded* next = encoding_.next(std::chrono::seconds(10));
    ASSERT_NE(next, nullptr);
    EXPECT_LE(next->outbox().bytes.capacity(), Encoded::kKeepBytes);
    encoding_.release(next);
  }
}

// The source fills batches as they come back, and encodes while none is free; the lane takes them in order.
TEST_P(EncodingTest, KeepsTheOrderWhileTheSourceHelps) {
  constexpr uint64_t kBatches = 2000;
  std::atomic<uint64_t> helped{0};
  std::thread source([&] {
    for (uint64_t i = 0; i < kBatches; ++i) {
      while (pool_.free() == 0) helped += encoding_.help();
      encoding_.offer(batch({static_cast<uint32_t>(i % 5), 3}));
    }
    encoding_.finish();
  });
  uint64_t taken = 0;
  while (Encoded* next = encoding_.next(std::chrono::seconds(10))) {
    EXPECT_EQ(next->parcel().batch.sequence, ++taken);
    EXPECT_EQ(next->outbox().bytes.size(), taken % 5 == 1 ? 4u : (taken - 1) % 5 + 5);
    encoding_.release(next);
  }
  source.join();
  EXPECT_EQ(taken, kBatches);
  EXPECT_TRUE(GetParam() > 1 || helped == 0) << helped << " batches encoded by another thread";
}

TEST(Encoding, HelpIsDoneBeforeTheLaneAsks) {
  BatchPool pool(2);
  Encoding encoding({std::make_unique<Filler>(), nullptr, nullptr}, 2, 2, "lane");
  encoding.begin({}, std::nullopt);
  EXPECT_FALSE(encoding.help()) << "nothing waits";
  BatchPool::Mine mine = pool.take();
  mine->batch.changes.push_back({.last = true, .index = 2});
  mine->batch.transactions.emplace_back();
  encoding.offer(BatchPool::Shared(std::move(mine)));
  EXPECT_TRUE(encoding.help());
  EXPECT_FALSE(encoding.help()) << "it is encoded once";
  Encoded* next = encoding.next(std::chrono::microseconds(0));
  ASSERT_NE(next, nullptr);
  EXPECT_EQ(next->outbox().bytes.view(), "xx\n");
  encoding.release(next);
}

INSTANTIATE_TEST_SUITE_P(Threads, EncodingTest, testing::Values(1u, 2u, 3u));

}  // namespace
}  // namespace sluice
