#include "source/mysql/later_changes.h"

#include <gtest/gtest.h>

namespace sluice::mysql {
namespace {

Position at(uint64_t offset) {
  Position place;
  place.file = "bin.000007";
  place.offset = offset;
  return place;
}

struct Case {
  const char* sql;
  bool t;       // may concern shop.t
  bool others;  // may concern shop.u
};

TEST(LaterChanges, KnowsWhichTablesAStatementMayConcern) {
  const Case cases[] = {
      {"alter table t add column b int", true, false},
      {"ALTER TABLE `Shop`.`T` drop column b", true, false},
      {"alter table other.t add column b int", false, false},
      {"rename table u to v, t to x", true, true},
      {"create table t (a int)", true, false},
      {"drop table if exists u, shop.t", true, true},
      {"truncate table t", false, false},
      {"create index i on t (a)", false, false},
      {"insert into t values (1)", false, false},
      {"drop database shop", true, true},
      {"drop database if exists other", false, false},
      {"create or replace database shop", true, true},
      {"create temporary table t (a int)", false, false},
      {"alter table t frobnicate (", true, false},
      {"alter table 'no name", true, true},
  };
  for (const Case& one : cases) {
    LaterChanges changes;
    changes.note(one.sql, "shop", 0, at(500));
    EXPECT_EQ(changes.after(at(100), "shop", "t").has_value(), one.t) << one.sql;
    EXPECT_EQ(changes.after(at(100), "shop", "u").has_value(), one.others) << one.sql;
    EXPECT_FALSE(changes.after(at(500), "shop", "t")) << one.sql << ", from behind it";
  }
}

TEST(LaterChanges, NamesTheLastOne) {
  LaterChanges changes;
  changes.note("alter table t add column b int", "shop", 0, at(500));
  changes.note("alter table t add column c int", "shop", 0, at(900));
  EXPECT_EQ(changes.after(at(500), "shop", "t"), "bin.000007:900");
}

}  // namespace
}  // namespace sluice::mysql
