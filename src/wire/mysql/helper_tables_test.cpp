#include "wire/mysql/helper_tables.h"

#include <gtest/gtest.h>

namespace sluice::mysql {
namespace {

TEST(HelperTables, AreKnownByNameAndByTheTableTheyBelongTo) {
  Catalogue catalogue;
  for (const char* name : {"x", "_y"}) {
    Table table;
    table.database = "shop";
    table.name = name;
    catalogue.put(freeze(std::move(table)));
  }
  struct Case {
    const char* name;
    bool helper;
  };
  const Case cases[] = {
      {"_x_gho", true},  {"_x_ghc", true},
      {"_z_gho", true},  {"_x_del", true},
      {"_x_ghk", true},  {"_ghk", false},
      {"_x_new", true},  {"_x_old", true},
      {"__x_new", true}, {"_x_20260115103000_del", true},
      {"__y_new", true}, {"___y_old", true},
      {"_z_del", false}, {"_z_20260115103000_del", false},
      {"_z_new", false}, {"_z_old", false},
      {"x", false},      {"x_new", false},
      {"x_gho", false},  {"_gho", false},
      {"__gho", false},  {"_x_20260115_del", false},
      {"_new", false},   {"___________x_new", false},
  };
  for (const Case& one : cases) {
    EXPECT_EQ(is_helper_table({"shop", one.name}, catalogue), one.helper) << one.name;
  }
  EXPECT_FALSE(is_helper_table({"other", "_x_new"}, catalogue));
  const TableName beside[] = {{"shop", "_z_del"}, {"shop", "z"}};
  EXPECT_TRUE(is_helper_table(beside[0], catalogue, beside));
}

}  // namespace
}  // namespace sluice::mysql
