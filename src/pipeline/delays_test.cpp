#include "pipeline/delays.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(Delays, AreCountedWithinTheirBounds) {
  Delays delays;
  for (int64_t us : {-5, 0, 250, 251, 5'000, 300'000'000}) delays.add(us);
  delays.add(300'000'001);
  Delays more;
  more.add(7'500);
  delays.add(more);
  Delays expected;
  expected.counts[0] = 3;
  expected.counts[1] = expected.counts[6] = expected.counts[7] = expected.counts[19] = expected.counts[20] =
      1;
  EXPECT_EQ(delays.counts, expected.counts);
  EXPECT_EQ(delays.sum_us, 250u + 251 + 5'000 + 300'000'000 + 300'000'001 + 7'500);
}

}  // namespace
}  // namespace sluice
