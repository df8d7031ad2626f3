#include "model/gtid.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

namespace sluice {
namespace {

const std::string kA = "3e11fa47-71ca-11e1-9e33-c80aa9429562";
const std::string kB = "ffffffff-0000-11e1-9e33-c80aa9429562";

GtidSet parsed(std::string_view text) {
  auto set = GtidSet::parse(text);
  if (!set) ADD_FAILURE() << text << ": " << set.error().what;
  return set ? *set : GtidSet{};
}

TEST(Gtid, SpellsASetInOneWay) {
  struct Case {
    std::string text, canonical;
  };
  const Case cases[] = {
      {"", ""},
      {" \n", ""},
      {kA + ":1", kA + ":1"},
      {kA + ":1-1", kA + ":1"},
      {kA + ":1-5:7:9-10", kA + ":1-5:7:9-10"},
      {kA + ":7:1-5", kA + ":1-5:7"},
      {kA + ":1-5:3-9:10:12", kA + ":1-10:12"},
      {kA + ":5-9:1-20:7", kA + ":1-20"},
      {kA + ":9223372036854775806", kA + ":9223372036854775806"},
      {"3E11FA47-71CA-11E1-9E33-C80AA9429562:1", kA + ":1"},
      {"3e11fa4771ca11e19e33c80aa9429562:1", kA + ":1"},
      {"\n" + kB + " : 1 - 3 ,\n" + kA + ":2,", kA + ":2," + kB + ":1-3"},
      {kA + ":1-5," + kA + ":6", kA + ":1-6"},
      {kA + ":1-5:Blue:1-3:7:_x9:4", kA + ":1-5:_x9:4:blue:1-3:7"},
      {kA + ":blue:1-3," + kA + ":1," + kA + ":blue:4", kA + ":1:blue:1-4"},
      {"0-1-5", "0-1-5"},
      {"1-1-9, 0-1-5", "0-1-5,1-1-9"},
      {"4294967295-4294967295-18446744073709551615", "4294967295-4294967295-18446744073709551615"},
      {"0-1-0", "0-1-0"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(parsed(c.text).text(), c.canonical) << "for: " << c.text;
    EXPECT_EQ(parsed(c.canonical), parsed(c.text)) << "for: " << c.text;
  }
}

TEST(Gtid, RefusesWhatIsNoSetAndSaysWhere) {
  struct Case {
    std::string text, words;
  };
  const Case cases[] = {
      {"x", "at character 1: expected a domain number"},
      {kA, "expected '-' and a server number"},
      {kA + ":", "expected a transaction number"},
      {kA + ":0", "between 1 and"},
      {kA + ":5-3", "between 5 and"},
      {kA + ":9223372036854775807", "between 1 and 9223372036854775806"},
      {kA + ":99999999999999999999999", "between 1 and"},
      {kA + ":1-", "the interval's last transaction number"},
      {kA + ":1 2", "',' or the end"},
      {kA + ":blue", "':' and an interval after the tag"},
      {kA + ":" + std::string(33, 'b') + ":1", "a tag of at most 32 characters"},
      {kA + ":1,0-1-5", "a UUID before this"},
      {"3e11fa47-71ca-11e1-9e33-c80aa942956:1", "a UUID before this"},
      {"3e11fa47-71ca-11e1-9e33c80aa9429562-:1", "a UUID before this"},
      {":1", "a UUID before this"},
      {"0-1", "'-' and a sequence number"},
      {"0", "'-' and a server number"},
      {"0-1-", "a sequence number"},
      {"0-1-2-3", "',' or the end"},
      {"4294967296-1-1", "a domain number between 0 and 4294967295"},
      {"0-1-18446744073709551616", "a sequence number between"},
      {"0-1-5,0-2-6", "domain 0 only once"},
      {"-1-1-5", "a domain number"},
      {std::string("0-1-5\0", 6), "',' or the end"},
  };
  for (const Case& c : cases) {
    auto set = GtidSet::parse(c.text);
    ASSERT_FALSE(set) << "read as " << set->text() << ": " << c.text;
    EXPECT_NE(set.error().what.find(c.words), std::string::npos)
        << "for: " << c.text << "\ngot: " << set.error().what << "\nexpected: " << c.words;
    EXPECT_EQ(set.error().fault, Fault::Usage);
  }
  EXPECT_LT(GtidSet::parse(std::string(1 << 20, 'x')).error().what.size(), 500U);
}

TEST(Gtid, SetsContainAndDiffer) {
  struct Case {
    std::string left, right, left_minus_right, united;
  };
  const Case cases[] = {
      {kA + ":1-10", kA + ":3-4:8", kA + ":1-2:5-7:9-10", kA + ":1-10"},
      {kA + ":1-10", kA + ":5-20", kA + ":1-4", kA + ":1-20"},
      {kA + ":5-20", kA + ":1-10", kA + ":11-20", kA + ":1-20"},
      {kA + ":1-3:5-7:9", kA + ":2-8", kA + ":1:9", kA + ":1-9"},
      {kA + ":1-3", kB + ":1-3", kA + ":1-3", kA + ":1-3," + kB + ":1-3"},
      {kA + ":1-3", kA + ":blue:1-3", kA + ":1-3", kA + ":1-3:blue:1-3"},
      {"", kA + ":1", "", kA + ":1"},
      {"0-1-5,1-1-9", "0-2-5,1-1-8", "1-1-9", "0-1-5,1-1-9"},
      {"0-1-5", "1-1-9", "0-1-5", "0-1-5,1-1-9"},
      {"0-1-5", "0-2-6", "", "0-2-6"},
  };
  for (const Case& c : cases) {
    GtidSet left = parsed(c.left), right = parsed(c.right);
    GtidSet rest = left.minus(right);
    EXPECT_EQ(rest.text(), c.left_minus_right) << c.left << " minus " << c.right;
    EXPECT_EQ(right.contains(left), rest.empty()) << c.right << " contains " << c.left;
    left.unite(right);
    EXPECT_EQ(left.text(), c.united) << c.left << " and " << c.right;
    EXPECT_TRUE(left.contains(right));
  }
  EXPECT_EQ(parsed(kA + ":1").flavor(), Flavor::MySql);
  EXPECT_EQ(parsed("0-1-1").flavor(), Flavor::MariaDb);
  EXPECT_EQ(GtidSet{}.flavor(), Flavor::Unknown);
}

TEST(Gtid, NewestOfADomainReplacesTheOneBefore) {
  GtidSet set;
  set.set(0, 1, 5);
  set.set(0, 2, 6);
  set.set(3, 1, 1);
  EXPECT_EQ(set.text(), "0-2-6,3-1-1");
  set.clear();
  EXPECT_TRUE(set.empty());
}

// Against a plain set of numbers: whatever the order of adding, the intervals are sorted, disjoint and do not
// touch, and the text reads back as the same set.
TEST(Gtid, OrderOfAddingDoesNotMatter) {
  for (uint32_t seed = 1; seed <= 300; ++seed) {
    std::mt19937 random(seed);
    std::vector<std::pair<GtidSet::Sid, GtidSet::Interval>> pieces;
    std::set<std::pair<GtidSet::Sid, uint64_t>> numbers;
    for (uint32_t i = random() % 40; i-- > 0;) {
      GtidSet::Sid sid{*parse_uuid(random() % 2 ? kA : kB), random() % 3 ? "" : "blue"};
      uint64_t first = 1 + random() % 60;
      uint64_t end = first + random() % 6;  // sometimes nothing
      pieces.push_back({sid, {first, end}});
      for (uint64_t n = first; n < end; ++n) numbers.insert({sid, n});
    }
    GtidSet once;
    for (const auto& [sid, interval] : pieces) once.add(sid, interval);
    std::shuffle(pieces.begin(), pieces.end(), random);
    GtidSet again, united;
    for (const auto& [sid, interval] : pieces) {
      again.add(sid, interval);
      GtidSet one;
      one.add(sid, interval);
      united.unite(one);
    }
    EXPECT_EQ(once, again) << "seed " << seed;
    EXPECT_EQ(once, united) << "seed " << seed;
    EXPECT_EQ(parsed(once.text()), once) << "seed " << seed << ": " << once.text();
    size_t count = 0;
    for (const auto& [sid, intervals] : once.mysql()) {
      ASSERT_FALSE(intervals.empty()) << "seed " << seed;
      uint64_t before = 0;
      for (auto [first, end] : intervals) {
        EXPECT_TRUE(before < first && first < end) << "seed " << seed << ": " << once.text();
        before = end;
        for (uint64_t n = first; n < end; ++n, ++count)
          EXPECT_TRUE(numbers.count({sid, n})) << "seed " << seed;
      }
      for (uint64_t n = 0; n < 70; ++n) {
        EXPECT_EQ(once.contains(sid, n), numbers.count({sid, n}) == 1) << "seed " << seed << ", number " << n;
      }
    }
    EXPECT_EQ(count, numbers.size()) << "seed " << seed << ": " << once.text();
  }
}

TEST(Gtid, EveryTextIsReadOrRefused) {
  const std::string alphabet = "0123456789abcf-:,_ xZ";
  for (uint32_t seed = 1; seed <= 20000; ++seed) {
    std::mt19937 random(seed);
    std::string text = random() % 2 ? kA + ":1-5:blue:7" : "0-1-5,1-2-3";
    for (uint32_t i = random() % 4; i-- > 0;) {
      size_t at = random() % text.size();
      char c = alphabet[random() % alphabet.size()];
      if (random() % 2) {
        text[at] = c;
      } else {
        text.insert(at, 1, c);
      }
    }
    auto set = GtidSet::parse(text);
    if (!set) continue;
    auto again = GtidSet::parse(set->text());
    ASSERT_TRUE(again) << "seed " << seed << ": " << text << " -> " << set->text();
    EXPECT_EQ(*again, *set) << "seed " << seed << ": " << text;
  }
}

// A million intervals in the worst order must not take minutes (insertion in the middle would).
TEST(Gtid, ManyIntervalsInReverseOrder) {
  std::string text = kA;
  for (uint64_t n = 1'000'000; n > 0; --n) fmt::format_to(std::back_inserter(text), ":{}", n * 2);
  GtidSet set = parsed(text);
  ASSERT_EQ(set.mysql().size(), 1U);
  EXPECT_EQ(set.mysql().begin()->second.size(), 1'000'000U);
  EXPECT_EQ(set.mysql().begin()->second.front(), (GtidSet::Interval{2, 3}));
}

TEST(Gtid, Uuid) {
  EXPECT_EQ(to_string(*parse_uuid(kA)), kA);
  EXPECT_EQ(to_string(Uuid{}), "00000000-0000-0000-0000-000000000000");
  for (const char* text : {"", "3e11fa47", "3e11fa47-71ca-11e1-9e33-c80aa942956g",
                           "3e11fa4771-ca-11e1-9e33-c80aa9429562", "3e11fa4771ca11e19e33c80aa942956-"}) {
    EXPECT_FALSE(parse_uuid(text)) << text;
  }
}

}  // namespace
}  // namespace sluice
