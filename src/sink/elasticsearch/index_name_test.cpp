#include "sink/elasticsearch/index_name.h"

#include <gtest/gtest.h>

namespace sluice::elasticsearch {
namespace {

TEST(IndexName, IsWhatServersTake) {
  struct Case {
    std::string name, index;
  };
  for (const auto& [name, index] : std::initializer_list<Case>{
           {"shop-orders", "shop-orders"},
           {"Shop.Orders", "shop.orders"},
           {"a b", "a_20b"},
           {"\\/*?\"<>|,#:", "x_5c_2f_2a_3f_22_3c_3e_7c_2c_23_3a"},
           {"\xc3\xb6", "x_c3_b6"},
           {"_x", "x_x"},
           {"-x", "x-x"},
           {"+x", "x+x"},
           {".", "x."},
           {"..", "x.."},
           {"", "x"},
           {std::string(255, 'a'), std::string(255, 'a')},
       }) {
    std::string got;
    escape_index(name, got);
    EXPECT_EQ(got, index) << name;
  }
}

TEST(IndexName, OneThatIsTooLongKeepsApartFromItsLike) {
  std::string a, b;
  escape_index(std::string(300, 'a') + "1", a);
  escape_index(std::string(300, 'a') + "2", b);
  EXPECT_EQ(a.size(), 255u);
  EXPECT_EQ(b.size(), 255u);
  EXPECT_NE(a, b);
}

}  // namespace
}  // namespace sluice::elasticsearch
