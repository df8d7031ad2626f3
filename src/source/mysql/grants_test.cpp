#include "source/mysql/grants.h"

#include <gtest/gtest.h>

namespace sluice::mysql {
namespace {

TEST(Grants, ReadableScopes) {
  const std::pair<const char*, const char*> cases[] = {
      {"GRANT ALL PRIVILEGES ON *.* TO 'root'@'localhost' WITH GRANT OPTION", "*.*"},
      {"GRANT SELECT, REPLICATION SLAVE, BINLOG MONITOR ON *.* TO `u`@`%` IDENTIFIED BY PASSWORD '*AB'",
       "*.*"},
      {"GRANT REPLICATION SLAVE, SELECT ON *.* TO `u`@`%`", "*.*"},
      {"GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO `u`@`%`", nullptr},
      {"GRANT USAGE ON *.* TO `u`@`%`", nullptr},
      {"GRANT SELECT ON `shop`.* TO `u`@`%`", "shop.*"},
      {"GRANT SELECT, INSERT ON `shop`.`orders` TO `u`@`%`", "shop.orders"},
      {"GRANT SELECT ON `a``b. ON c`.`d e` TO `u`@`%`", "a`b. ON c.d e"},
      {"GRANT SELECT (`id`), INSERT (`id`, `SELECT`) ON `shop`.`t` TO `u`@`%`", nullptr},
      {"GRANT INSERT (`a`, `b`), SELECT ON `shop`.`t` TO `u`@`%`", "shop.t"},
      {"GRANT SELECT_ROLE ON *.* TO `u`@`%`", nullptr},
      {"GRANT `reader`@`%` TO `u`@`%`", nullptr},
      {"GRANT PROXY ON ''@'' TO 'root'@'localhost' WITH GRANT OPTION", nullptr},
      {"REVOKE SELECT ON `mysql`.* FROM `u`@`%`", nullptr},
      {"", nullptr},
      {"GRANT SELECT ON `shop", nullptr},
  };
  for (const auto& [line, scope] : cases) {
    std::vector<std::string> expected;
    if (scope) expected.push_back(scope);
    EXPECT_EQ(readable_scopes({line}), expected) << line;
  }
}

}  // namespace
}  // namespace sluice::mysql
