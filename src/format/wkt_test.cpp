#include "format/wkt.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace sluice {
namespace {

std::string spelt(std::string_view wkb) {
  std::unique_ptr<char[]> in(
      new char[wkb.size()]);  // exactly so many: the address sanitizer sees a byte too much
  std::memcpy(in.get(), wkb.data(), wkb.size());
  std::unique_ptr<char[]> out(new char[wkt_bound(wkb.size())]);
  char* end = spell_wkt(out.get(), {in.get(), wkb.size()});
  if (!end) return "malformed";
  EXPECT_LE(static_cast<size_t>(end - out.get()), wkt_bound(wkb.size()));
  return {out.get(), end};
}

template <class T>
std::string bytes(T value, bool big = false) {
  std::string text(sizeof value, '\0');
  std::memcpy(text.data(), &value, sizeof value);
  return big ? std::string(text.rbegin(), text.rend()) : text;
}
std::string header(uint32_t type) { return '\1' + bytes(type); }
std::string point(double x, double y) { return bytes(x) + bytes(y); }
std::string points(const std::vector<std::pair<double, double>>& all) {
  std::string text = bytes(static_cast<uint32_t>(all.size()));
  for (auto [x, y] : all) text += point(x, y);
  return text;
}
std::string count(uint32_t n) { return bytes(n); }

const std::pair<std::string, std::string> kCases[] = {
    {header(1) + point(1, -2.5), "POINT (1 -2.5)"},
    {'\0' + bytes(uint32_t{1}, true) + bytes(1.0, true) + bytes(2.0, true), "POINT (1 2)"},
    {header(1) + point(NAN, NAN), "POINT EMPTY"},
    {header(2) + points({{0, 0}, {1.5, 1}}), "LINESTRING (0 0, 1.5 1)"},
    {header(3) + count(2) + points({{0, 0}, {4, 0}, {4, 4}, {0, 0}}) +
         points({{1, 1}, {2, 1}, {2, 2}, {1, 1}}),
     "POLYGON ((0 0, 4 0, 4 4, 0 0), (1 1, 2 1, 2 2, 1 1))"},
    {header(4) + count(2) + header(1) + point(1, 2) + header(1) + point(3, 4), "MULTIPOINT ((1 2), (3 4))"},
    {header(5) + count(1) + header(2) + points({{0, 0}, {1, 1}}), "MULTILINESTRING ((0 0, 1 1))"},
    {header(6) + count(1) + header(3) + count(1) + points({{0, 0}, {1, 0}, {1, 1}, {0, 0}}),
     "MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)))"},
    {header(7) + count(2) + header(1) + point(1, 2) + header(7) + count(0),
     "GEOMETRYCOLLECTION (POINT (1 2), GEOMETRYCOLLECTION EMPTY)"},
    {header(7) + count(0), "GEOMETRYCOLLECTION EMPTY"},
};

TEST(Wkt, EveryKindOfGeometry) {
  for (const auto& [wkb, text] : kCases) EXPECT_EQ(spelt(wkb), text);
}

TEST(Wkt, RefusesWhatIsMalformed) {
  for (const auto& [wkb, text] : kCases) {
    for (size_t size = 0; size < wkb.size(); ++size) {
      EXPECT_EQ(spelt(std::string_view(wkb).substr(0, size)), "malformed") << text << " cut to " << size;
    }
    EXPECT_EQ(spelt(wkb + '\0'), "malformed") << text << " and a byte more";
  }
  EXPECT_EQ(spelt(header(0) + count(0)), "malformed");
  EXPECT_EQ(spelt(header(8) + count(0)), "malformed");
  EXPECT_EQ(spelt('\2' + count(1) + point(1, 2)), "malformed");
  EXPECT_EQ(spelt(header(1) + point(1, INFINITY)), "malformed");
  EXPECT_EQ(spelt(header(4) + count(1) + header(2) + points({})), "malformed");
  EXPECT_EQ(spelt(header(2) + count(0xffffffff)), "malformed");
}

TEST(Wkt, DepthIsBounded) {
  std::string wkb = header(7) + count(0);
  for (int i = 1; i < 100; ++i) wkb = header(7) + count(1) + wkb;
  EXPECT_EQ(spelt(wkb).size(), std::string("GEOMETRYCOLLECTION ()").size() * 99 +
                                   std::string("GEOMETRYCOLLECTION EMPTY").size());
  EXPECT_EQ(spelt(header(7) + count(1) + wkb), "malformed");
}

// The widest numbers and names stay within the bound, and damage stays harmless.
TEST(Wkt, StaysWithinItsBound) {
  double wide = -2.2250738585072014e-308;
  std::vector<std::pair<double, double>> many(1000, {wide, wide});
  EXPECT_NE(spelt(header(2) + points(many)), "malformed");
  std::string collection = header(7) + count(1000);
  for (int i = 0; i < 1000; ++i) collection += header(7) + count(0);
  EXPECT_NE(spelt(collection), "malformed");
  size_t good = 0;
  for (uint32_t seed = 1; seed <= 20000; ++seed) {
    std::mt19937 random(seed);
    std::string wkb = kCases[random() % std::size(kCases)].first;
    for (uint32_t i = random() % 3; i-- > 0;) wkb[random() % wkb.size()] = static_cast<char>(random() % 9);
    good += spelt(wkb) != "malformed";
  }
  EXPECT_GT(good, 1000U);
}

}  // namespace
}  // namespace sluice
