#include "base/arena.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(Arena, WhatIsGivenBackIsHandedOutAgain) {
  constexpr size_t kSmall = 1000, kLarge = Arena::kBlockBytes;
  for (size_t size : {kSmall, kLarge}) {
    SCOPED_TRACE(size);
    Arena arena;
    arena.allocate(16);
    size_t used = arena.used(), held = arena.held();
    for (int i = 0; i < 100; ++i) arena.trim(arena.allocate(size), size, 0);
    EXPECT_EQ(arena.used(), used);
    EXPECT_EQ(arena.held(), held);
  }
}

TEST(Arena, WhatIsKeptStays) {
  Arena arena;
  char* small = arena.allocate(1000);
  arena.trim(small, 1000, 100);
  EXPECT_EQ(arena.allocate(16), small + 112);
  char* large = arena.allocate(Arena::kBlockBytes);
  arena.trim(large, Arena::kBlockBytes, 100);
  EXPECT_EQ(arena.used(), 128 + Arena::kBlockBytes);
  // Not the last one any more.
  arena.allocate(Arena::kBlockBytes);
  arena.trim(large, Arena::kBlockBytes, 0);
  EXPECT_EQ(arena.used(), 128 + 2 * Arena::kBlockBytes);
}

}  // namespace
}  // namespace sluice
