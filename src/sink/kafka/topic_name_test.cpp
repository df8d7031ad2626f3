#include "sink/kafka/topic_name.h"

#include <gtest/gtest.h>

namespace sluice::kafka {
namespace {

TEST(KafkaTopicName, IsSpeltAsKafkaTakesIt) {
  const std::string longest(249, 'x');
  const std::pair<std::string, std::string> cases[] = {
      {"shop.orders", "shop.orders"},
      {"Shop_1-2.t", "Shop_1-2.t"},
      {"my shop.it's", "my_shop.it_s"},
      {"b\xc3\xbc"
       "cher.\xe2\x82\xac",
       "b_cher._"},
      {"\xf0\x9f\x99\x82", "__"},
      {"", "_"},
      {".", "_"},
      {"..", "__"},
      {"...", "..."},
      {longest, longest},
      {longest + "yz", longest},
  };
  for (const auto& [name, expected] : cases) {
    std::string spelt = "left over";
    escape_topic(name, spelt);
    EXPECT_EQ(spelt, expected) << "of '" << name << "'";
  }
}

}  // namespace
}  // namespace sluice::kafka
