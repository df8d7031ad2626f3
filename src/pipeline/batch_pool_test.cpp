#include "pipeline/batch_pool.h"

#include <gtest/gtest.h>

#include <thread>

namespace sluice {
namespace {

TEST(BatchPool, GetsABatchBackEmptyWhenTheLastReaderLetsGo) {
  BatchPool pool(2);
  BatchPool::Mine mine = pool.take();
  Parcel* parcel = mine.get();
  mine->batch.changes.resize(3);
  mine->moves = true;
  mine->open = 7;
  BatchPool::Shared first(std::move(mine)), second = first;
  first.reset();
  EXPECT_EQ(pool.free(), 1u);
  second.reset();
  EXPECT_EQ(pool.free(), 2u);
  BatchPool::Mine again = pool.take();
  EXPECT_EQ(again.get(), parcel) << "the warm one first";
  EXPECT_TRUE(again->batch.changes.empty());
  EXPECT_FALSE(again->moves);
  EXPECT_EQ(again->open, Parcel::kNone);
}

TEST(BatchPool, WaitsForABatchAndForNoneOnceItIsClosed) {
  BatchPool pool(1);
  BatchPool::Mine mine = pool.take();
  std::thread other([&] { mine.reset(); });
  EXPECT_TRUE(pool.take());
  other.join();
  BatchPool::Mine held = pool.take();
  std::thread closing([&] { pool.close(); });
  EXPECT_FALSE(pool.take());
  closing.join();
}

}  // namespace
}  // namespace sluice
