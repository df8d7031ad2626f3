#include "pipeline/trouble.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(Trouble, IsToldOnceThenEveryMinuteAndWhenItsReasonChanges) {
  Trouble trouble;
  SteadyTime start{};
  EXPECT_FALSE(trouble.over());
  EXPECT_TRUE(trouble.met("a", start));
  EXPECT_FALSE(trouble.met("a", start + std::chrono::seconds(59)));
  EXPECT_TRUE(trouble.met("a", start + std::chrono::seconds(60)));
  EXPECT_FALSE(trouble.met("a", start + std::chrono::seconds(61)));
  EXPECT_TRUE(trouble.met("b", start + std::chrono::seconds(62)));
  EXPECT_EQ(trouble.reason(), "b");
  EXPECT_TRUE(trouble.over());
  EXPECT_FALSE(trouble.over());
  EXPECT_TRUE(trouble.met("b", start + std::chrono::seconds(63))) << "a new trouble";
}

}  // namespace
}  // namespace sluice
