#include "app/engine_status.h"

#include <gtest/gtest.h>

namespace sluice::app {
namespace {

TEST(EngineStatus, ASinkThatWasLeftBehindIsBehindByTheOldestChangeThatIsKnown) {
  EngineStatus status;
  status.now_us = 1'000'000'000;
  LaneStatus lane;
  lane.left_us = 990'000'000;
  EXPECT_EQ(status.behind(lane), 10) << "nothing is known but since when";
  lane.delivered.timestamp = 300;
  EXPECT_EQ(status.behind(lane), 700) << "the last change that the target has";
  lane.pending_since = 950;
  EXPECT_EQ(status.behind(lane), 50) << "the first one that it lacks";
}

}  // namespace
}  // namespace sluice::app
