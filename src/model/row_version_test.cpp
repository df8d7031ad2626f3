#include "model/row_version.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

struct Case {
  const char* what;
  const char* file;
  uint64_t begin, offset, next;
  uint32_t index;
  uint64_t number, place;
};

TEST(RowVersion, IsThePlaceInTheLog) {
  const Case cases[] = {
      {"the first row", "bin.000042", 1000, 1100, 1200, 0, 42, 1000},
      {"a later row", "bin.000042", 1000, 1100, 1200, 17, 42, 1017},
      {"more rows than bytes: the last ones share a version", "bin.000042", 1000, 1000, 1050, 5000, 42, 1049},
      {"prepared before, committed in a transaction behind it", "bin.000042", 9000, 1100, 1200, 3, 42, 1199},
      {"a file beyond the six digits", "mysql.bin.1000001", 4, 4, 90, 1, 1'000'001, 5},
      {"a file without a number", "relay", 4, 4, 90, 1, 0, 5},
      {"more than fits", "bin.99999999999999999999999", uint64_t{1} << 40, uint64_t{1} << 40,
       uint64_t{1} << 41, 1, (1u << 21) - 1, (uint64_t{1} << 36) - 1},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.what);
    Batch batch;
    batch.transactions.push_back({.id = {}, .gtid = {}, .begin = c.begin});
    batch.events.push_back(
        {.file = c.file, .offset = c.offset, .next = c.next, .query = {}, .database = {}, .ddl_table = {}});
    Change change{.index = c.index};
    EXPECT_EQ(row_version(batch, change), c.number << kRowOffsetBits | c.place);
  }
}

}  // namespace
}  // namespace sluice
