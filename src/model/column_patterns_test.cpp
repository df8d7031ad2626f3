#include "model/column_patterns.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(ColumnPatterns, ThoseThatFitNoColumnAreRefused) {
  for (const char* fits : {"shop.users.password", "!shop.users.password", "*.password", "*", "shop.a.b.c",
                           "/users/", " !*.*.secret_*", "users?password"}) {
    EXPECT_TRUE(check_column_patterns({fits})) << fits;
  }
  for (const char* fits_none : {"password", "users.password", "!users.password", " ! users.password"}) {
    EXPECT_FALSE(check_column_patterns({"*", fits_none})) << fits_none;
  }
  EXPECT_EQ(check_column_patterns({"!users.password"}).error().what,
            "column pattern '!users.password' does not name a database, a table and a column; expected "
            "database.table.column, such "
            "as *.users.password");
}

}  // namespace
}  // namespace sluice
