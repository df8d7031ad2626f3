#include "format/plan_cache.h"

#include <gtest/gtest.h>

#include "support/sample.h"

namespace sluice {
namespace {

TEST(PlanCache, MakesOnePlanForEachVersion) {
  std::vector<TablePtr> tables;
  for (int i = 0; i < 3; ++i) tables.push_back(sample::table("d", "t" + std::to_string(i), {}));
  PlanCache<std::string> cache;
  int made = 0;
  auto plan_of = [&](const Table& table) {
    return cache.of(table, [&] {
      ++made;
      return std::make_unique<std::string>("plan of " + table.name);
    });
  };
  for (size_t i : {0, 0, 1, 0, 2, 2, 1}) EXPECT_EQ(plan_of(*tables[i]), "plan of " + tables[i]->name);
  EXPECT_EQ(made, 3);
  cache.clear();
  EXPECT_EQ(plan_of(*tables[1]), "plan of t1");
  EXPECT_EQ(made, 4);
}

TEST(PlanCache, ForgetsWhenThereAreTooManyToKeep) {
  PlanCache<uint64_t> cache;
  Table table;
  size_t made = 0;
  auto plan_of = [&](uint64_t serial) {
    table.serial = serial;
    return cache.of(table, [&] {
      ++made;
      return std::make_unique<uint64_t>(serial);
    });
  };
  for (uint64_t serial = 1; serial <= 60'000; ++serial) EXPECT_EQ(plan_of(serial), serial);
  EXPECT_EQ(made, 60'000U);
  EXPECT_EQ(plan_of(60'000), 60'000U);
  EXPECT_EQ(made, 60'000U);
  EXPECT_EQ(plan_of(1), 1U);
  EXPECT_EQ(made, 60'001U) << "the first is still kept: the memory has no bound";
}

}  // namespace
}  // namespace sluice
