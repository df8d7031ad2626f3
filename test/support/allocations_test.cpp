#include "support/allocations.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <thread>

namespace sluice::test {
namespace {

TEST(Allocations, EveryWayOfAllocatingCounts) {
  auto counted = [](auto allocate) {
    size_t before = allocations();
    allocate();
    return allocations() - before;
  };
  void* volatile place = nullptr;  // keeps the compiler from leaving the calls out
  EXPECT_EQ(counted([] {}), 0U);
  EXPECT_EQ(counted([&] { place = std::malloc(10); }), 1U);
  EXPECT_GE(counted([&] { place = std::realloc(place, 100000); }), 1U);
  std::free(place);
  EXPECT_EQ(counted([&] { place = std::calloc(3, 5); }), 1U);
  std::free(place);
  EXPECT_EQ(counted([&] { place = new int; }), 1U);
  delete static_cast<int*>(place);
  EXPECT_EQ(counted([&] { place = std::make_unique<char[]>(1000).release(); }), 1U);
  delete[] static_cast<char*>(place);
}

TEST(Allocations, EachThreadCountsItsOwn) {
  size_t other = 0;
  std::thread thread([&] {
    size_t before = allocations();
    std::free(std::malloc(1));
    void* volatile place = std::malloc(1);
    std::free(place);
    other = allocations() - before;
  });
  thread.join();
  EXPECT_GE(other, 1U);
  size_t before = allocations();
  EXPECT_EQ(allocations(), before);
}

}  // namespace
}  // namespace sluice::test
