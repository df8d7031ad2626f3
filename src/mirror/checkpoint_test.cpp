#include "mirror/checkpoint.h"

#include <gtest/gtest.h>

namespace sluice::mirror {
namespace {

TEST(MirrorMark, ComesBackFromItsText) {
  for (const Mark& mark : {Mark{"3e11fa47-71ca", "binlog.000001", 4, 0},
                           {"", "b", UINT64_MAX, UINT32_MAX},
                           {"s", "name with spaces.1", 1, 2}}) {
    auto read = parse_mark(to_text(mark));
    ASSERT_TRUE(read) << read.error().what;
    EXPECT_EQ(read->server, mark.server);
    EXPECT_EQ(read->file, mark.file);
    EXPECT_EQ(read->offset, mark.offset);
    EXPECT_EQ(read->index, mark.index);
  }
}

TEST(MirrorMark, RefusesWhatIsNone) {
  for (const char* text : {"", "1", "1 2", "x 2 b s", "1 y b s", "-1 2 b s", "1 4294967296 b s", "1 2 b"}) {
    EXPECT_FALSE(parse_mark(text)) << text;
  }
}

}  // namespace
}  // namespace sluice::mirror
