#include "mirror/record.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace sluice::mirror {
namespace {

TEST(MirrorRecord, ComesBackFromItsMessage) {
  for (auto [key, values] :
       {std::pair<std::string, std::string>{"", ""}, {"1,'a'", ""}, {"", "2,3"}, {"k", "v"}}) {
    Bytes message;
    size_t begin = begin_record(message, Act::Patch);
    message.append(key);
    end_key(message, begin);
    message.append(values);
    Record record = read_record(message.view());
    EXPECT_EQ(record.act, Act::Patch);
    EXPECT_EQ(record.key, key);
    EXPECT_EQ(record.values, values);
  }
}

TEST(MirrorRecord, PartsAreVisitedInOrder) {
  const std::vector<std::pair<uint32_t, std::string>> parts = {
      {0, "one"}, {7, ""}, {3, std::string("\0,", 2)}};
  Bytes message;
  for (const auto& [column, value] : parts) {
    size_t begin = begin_part(message, column);
    message.append(value);
    end_part(message, begin);
  }
  std::vector<std::pair<uint32_t, std::string>> seen;
  each_part(message.view(),
            [&](uint32_t column, std::string_view value) { seen.emplace_back(column, value); });
  EXPECT_EQ(seen, parts);
}

}  // namespace
}  // namespace sluice::mirror
