#include "sink/epoch.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

constexpr uint64_t kOne = uint64_t{1} << kRowVersionBits;

TEST(Epoch, GrowsWhenTheLogGoesOnAtAnotherServer) {
  Epoch epoch;
  EXPECT_EQ(epoch.bits("a"), 0u);
  EXPECT_EQ(epoch.bits("a"), 0u);
  EXPECT_EQ(epoch.bits("b"), kOne);
  EXPECT_EQ(epoch.bits(""), kOne) << "a delivery that does not say is of the same server";
  EXPECT_EQ(epoch.bits("a"), 2 * kOne) << "going back is a change, too";
}

TEST(Epoch, GoesOnFromItsNote) {
  Epoch before;
  before.bits("a");
  before.bits("b");
  Epoch after;
  after.restore(before.note());
  EXPECT_EQ(after.bits("b"), kOne);
  EXPECT_EQ(after.bits("c"), 2 * kOne);
}

TEST(Epoch, StaysWithinAPositiveNumber) {
  Epoch epoch;
  uint64_t bits = 0;
  for (int i = 0; i < 200; ++i) bits = epoch.bits(std::to_string(i));
  EXPECT_EQ(bits, 63 * kOne);
  EXPECT_GT(static_cast<int64_t>(bits | (kOne - 1)), 0);
}

}  // namespace
}  // namespace sluice
