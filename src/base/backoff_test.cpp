#include "base/backoff.h"

#include <gtest/gtest.h>

#include "base/clock.h"

namespace sluice {
namespace {

using std::chrono::microseconds;

TEST(Backoff, DoublesWithinAFifthUpToTheBoundAndStartsAgain) {
  Backoff backoff({.first = microseconds(1000), .most = microseconds(10'000)});
  for (int round = 0; round < 3; ++round) {
    for (int64_t expected : {1000, 2000, 4000, 8000, 10'000, 10'000}) {
      int64_t pause = backoff.next().count();
      EXPECT_GE(pause, expected - expected / 5);
      EXPECT_LE(pause, expected + expected / 5);
    }
    backoff.reset();
  }
}

TEST(Backoff, SpreadsThePausesOfManyClients) {
  Backoff one({.first = std::chrono::seconds(1), .most = std::chrono::seconds(1)});
  microseconds first = one.next();
  bool differs = false;
  for (int i = 0; i < 8; ++i) differs |= one.next() != first;
  EXPECT_TRUE(differs);
}

TEST(Clock, SpellsUtc) {
  EXPECT_EQ(compact_utc(0), "19700101T000000Z");
  EXPECT_EQ(compact_utc(1768473000), "20260115T103000Z");
}

}  // namespace
}  // namespace sluice
