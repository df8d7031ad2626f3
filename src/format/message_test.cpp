#include "format/message.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

std::string written(Outbox& out) {
  for (std::string_view value : {"one", "", "three"}) {
    out.begin(7);
    out.bytes.append(value);
    out.end_message();
  }
  out.no_value();
  out.end_message();
  return std::string(out.bytes.view());
}

TEST(Outbox, EndsLinesAndLeavesBinaryValuesAsTheyAre) {
  Outbox lines, binary(false, true);
  EXPECT_EQ(written(lines), "one\nthree\n\n");
  EXPECT_EQ(written(binary), "onethree");
  for (const Outbox* out : {&lines, &binary}) {
    ASSERT_EQ(out->messages.size(), 3U);
    std::string_view bytes = out->bytes.view();
    auto value = [&](const Message& each) { return bytes.substr(each.begin, each.end - each.begin); };
    EXPECT_EQ(value(out->messages[0]), "one");
    EXPECT_EQ(value(out->messages[1]), "three");
    EXPECT_EQ(value(out->messages[2]), "");
    EXPECT_TRUE(out->messages[2].no_value);
  }
}

}  // namespace
}  // namespace sluice
