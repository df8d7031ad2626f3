#include "mirror/fold.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice::mirror {
namespace {

TEST(MirrorFold, LeavesTheLastOfEachKey) {
  struct Case {
    std::string_view changes, removes, upserts;  // of each change its key; in capitals: a delete
  };
  const Case cases[] = {
      {"", "", ""},      {"abc", "", "abc"},  {"aba", "", "ba"},     {"aA", "A", ""},  {"Aa", "", "a"},
      {"aAaA", "A", ""}, {"aBcb", "", "acb"}, {"abAcBa", "B", "ca"}, {"AB", "AB", ""},
  };
  Fold fold;
  for (const Case& each : cases) {
    std::string keys(each.changes);
    for (char& c : keys) c |= 0x20;
    std::vector<RowOp> rows;
    for (size_t i = 0; i < keys.size(); ++i) {
      Act act = each.changes[i] == keys[i] ? Act::Upsert : Act::Delete;
      rows.push_back({act, std::string_view(keys).substr(i, 1), each.changes.substr(i, 1), i});
    }
    fold.run(rows);
    auto text = [](const std::vector<const RowOp*>& left) {
      std::string joined;
      for (const RowOp* row : left) joined += row->values;
      return joined;
    };
    EXPECT_EQ(text(fold.removes), each.removes) << each.changes;
    EXPECT_EQ(text(fold.upserts), each.upserts) << each.changes;
  }
}

}  // namespace
}  // namespace sluice::mirror
