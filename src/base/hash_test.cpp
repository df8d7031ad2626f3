#include "base/hash.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(Hash, JavaCountsUtf16Units) {
  // What java.lang.String.hashCode() answers.
  EXPECT_EQ(java_hash(""), 0);
  EXPECT_EQ(java_hash("a"), 97);
  EXPECT_EQ(java_hash("orders"), -1008770331);
  EXPECT_EQ(java_hash("Grüße"), 69215351);
  EXPECT_EQ(java_hash("😀"), 1772899);
}

TEST(Hash, Murmur2IsKafkas) {
  // The vectors of Kafka's own test of Utils.murmur2.
  EXPECT_EQ(murmur2("21"), -973932308);
  EXPECT_EQ(murmur2("foobar"), -790332482);
  EXPECT_EQ(murmur2("a-little-bit-long-string"), -985981536);
  EXPECT_EQ(murmur2("a-little-bit-longer-string"), -1486304829);
  EXPECT_EQ(murmur2("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8"), -58897971);
  EXPECT_EQ(murmur2("abc"), 479470107);
}

}  // namespace
}  // namespace sluice
