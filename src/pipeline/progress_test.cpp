#include "pipeline/progress.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(Progress, OrdersLogFilesByTheirNumber) {
  const char* in_order[] = {"bin.000001", "bin.000002", "bin.000010", "bin.999999", "bin.1000000"};
  for (size_t i = 0; i < std::size(in_order); ++i) {
    for (size_t j = 0; j < std::size(in_order); ++j) {
      EXPECT_EQ(compare_log_files(in_order[i], in_order[j]), i <=> j) << in_order[i] << " " << in_order[j];
    }
  }
  EXPECT_TRUE(compare_log_files("x", "x") == 0);
  EXPECT_TRUE(compare_log_files("a.b", "a.c") < 0);
}

Position place(std::string file, uint64_t offset, std::string_view gtids = "", std::string server = "s1") {
  Position position;
  position.file = std::move(file);
  position.offset = offset;
  position.gtids = GtidSet::parse(gtids).value();
  position.server_uuid = std::move(server);
  return position;
}

TEST(Progress, KnowsWhatAPositionIncludes) {
  const char* u = "6c27ed6d-7ee1-11e3-be39-6c626d957cff:1-";
  auto upto = [&](int n) { return u + std::to_string(n); };
  struct {
    const char* what;
    Position position, other;
    bool expected;
  } cases[] = {
      {"the same", place("b.1", 10), place("b.1", 10), true},
      {"earlier", place("b.1", 10), place("b.1", 9), true},
      {"later", place("b.1", 10), place("b.1", 11), false},
      {"an earlier file", place("b.2", 4), place("b.1", 1000), true},
      {"a later file", place("b.9", 1000), place("b.10", 4), false},
      {"nothing", place("b.1", 10), {}, true},
      {"something before nothing", {}, place("b.1", 10), false},
      {"one server: its files decide, even where GTIDs stand still", place("b.1", 10, upto(5)),
       place("b.1", 11, upto(5)), false},
      {"another server: GTIDs decide", place("b.1", 10, upto(5)), place("x.7", 4, upto(5), "s2"), true},
      {"another server, further", place("b.1", 10, upto(5)), place("x.7", 4, upto(6), "s2"), false},
      {"another server without GTIDs", place("b.1", 10), place("b.1", 4, "", "s2"), false},
      {"MariaDB's", place("b.1", 10, "0-1-5"), place("b.1", 99, "0-2-5", "s2"), true},
  };
  for (const auto& each : cases) EXPECT_EQ(covers(each.position, each.other), each.expected) << each.what;
}

}  // namespace
}  // namespace sluice
