#include "model/position.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(PositionText, ComesBackAsItWas) {
  Position mysql{.file = "log with spaces.000042",
                 .offset = 18'446'744'073'709'551'615u,
                 .gtids = GtidSet::parse("3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5:7").value(),
                 .server_uuid = "3e11fa47-71ca-11e1-9e33-c80aa9429562",
                 .flavor = Flavor::MySql,
                 .timestamp = 1'700'000'000};
  Position file_only{.file = "bin.000001", .offset = 4};
  Position gtids_only{.gtids = GtidSet::parse("0-1-100,2-7-3").value(), .flavor = Flavor::MariaDb};
  for (const Position& position : {mysql, file_only, gtids_only}) {
    auto parsed = parse_position(to_text(position));
    ASSERT_TRUE(parsed) << parsed.error().what;
    EXPECT_EQ(*parsed, position) << to_text(position);
  }
}

TEST(PositionText, RefusesWhatIsNone) {
  for (const char* text :
       {"", "file", "file \noffset 4\n", "file a\noffset four\n", "file a\noffset 4", "offset\n",
        "file a\nflavor 9\n", "file a\ngtids what\n", "file a\ntimestamp 4294967296\n"}) {
    EXPECT_FALSE(parse_position(text)) << text;
  }
}

}  // namespace
}  // namespace sluice
