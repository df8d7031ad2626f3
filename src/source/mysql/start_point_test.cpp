#include "source/mysql/start_point.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

using Kind = StartPoint::Kind;

TEST(StartPoint, Words) {
  EXPECT_EQ(parse_start_point("now")->kind, Kind::Now);
  EXPECT_EQ(parse_start_point("earliest")->kind, Kind::Earliest);
  EXPECT_EQ(parse_start_point("start")->kind, Kind::Earliest);
}

TEST(StartPoint, Files) {
  for (auto [text, file, offset] :
       {std::tuple{"bin.000001:4", "bin.000001", 4}, {"a:b.c.1234567:120", "a:b.c.1234567", 120}}) {
    Result<StartPoint> start = parse_start_point(text);
    ASSERT_TRUE(start) << text;
    EXPECT_EQ(start->kind, Kind::File) << text;
    EXPECT_EQ(start->file, file);
    EXPECT_EQ(start->offset, static_cast<uint64_t>(offset));
  }
}

TEST(StartPoint, Gtids) {
  for (const char* text : {"0-1-5", "0-1-5,7-2-9", "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5",
                           "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5:tag:7"}) {
    Result<StartPoint> start = parse_start_point(text);
    ASSERT_TRUE(start) << text;
    EXPECT_EQ(start->kind, Kind::Gtids) << text;
    EXPECT_EQ(start->gtids.text(), text);
  }
}

TEST(StartPoint, Times) {
  for (auto [text, seconds] : {std::pair{"1970-01-01", 0},
                               {"1970-01-02T00:00:01Z", 86401},
                               {"2026-01-15 10:30:00", 1768473000},
                               {"2026-01-15T10:30", 1768473000},
                               {"2024-02-29T23:59:59Z", 1709251199}}) {
    Result<StartPoint> start = parse_start_point(text);
    ASSERT_TRUE(start) << text;
    EXPECT_EQ(start->kind, Kind::Time) << text;
    EXPECT_EQ(start->time, seconds) << text;
  }
}

TEST(StartPoint, Others) {
  for (const char* text :
       {"", "later", "bin.000001", "bin.000001:", "bin.000001:3", "bin.000001:-4", "bin.000001:4x",
        "bin.0001:4", "2026-02-29", "2026-01-15T25:00", "2026-01-15T10:30:00+02:00", "20260115", "0-1",
        "3e11fa47-71ca-11e1-9e33-c80aa9429562"}) {
    Result<StartPoint> start = parse_start_point(text);
    ASSERT_FALSE(start) << text;
    EXPECT_EQ(start.error().fault, Fault::Usage);
    EXPECT_NE(start.error().what.find("expected now, start (or earliest), FILE:OFFSET"), std::string::npos)
        << start.error().what;
  }
}

}  // namespace
}  // namespace sluice
