#include "format/spell.h"

#include <gtest/gtest.h>

#include <cfloat>
#include <random>
#include <string>

#include "base/arena.h"

namespace sluice {
namespace {

template <class Spell>
std::string spelt(Spell spell) {
  std::string room(4096, '?');
  char* end = spell(room.data());
  room.resize(static_cast<size_t>(end - room.data()));
  return room;
}

std::string unhex(std::string_view hex) {
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  return bytes;
}

TEST(Spell, IntegersAtEveryLength) {
  std::string digits;
  for (int length = 1; length <= 19; ++length) {
    digits += static_cast<char>('0' + length % 10);
    for (std::string text :
         {digits, std::string("1") + std::string(length - 1, '0'), std::string(length - 1, '9') + "8"}) {
      uint64_t n = std::stoull(text);
      EXPECT_EQ(spelt([&](char* out) { return spell_uint(out, n); }), std::to_string(n));
      EXPECT_EQ(spelt([&](char* out) { return spell_int(out, -static_cast<int64_t>(n)); }),
                std::to_string(-static_cast<int64_t>(n)));
    }
  }
  EXPECT_EQ(spelt([](char* out) { return spell_uint(out, UINT64_MAX); }), "18446744073709551615");
  EXPECT_EQ(spelt([](char* out) { return spell_int(out, INT64_MIN); }), "-9223372036854775808");
}

TEST(Spell, DecimalsAsTheServerPacksThem) {
  Arena arena;
  struct Case {
    const char* packed;
    unsigned precision, scale;
    const char* text;
  };
  // decimal(14,4) of 1234567890.1234 is the example of the server's own source.
  const Case cases[] = {
      {"810dfb38d204d2", 14, 4, "1234567890.1234"},
      {"7ef204c72dfb2d", 14, 4, "-1234567890.1234"},
      {"80000000000000", 14, 4, "0.0000"},
      {"80000000000a", 12, 2, "0.10"},
      {"80", 1, 0, "0"},
      {"89", 1, 0, "9"},
      {"76", 1, 0, "-9"},
      {"85", 1, 1, "0.5"},
      {"bb9ac9ff3b9ac9ff", 18, 18, "0.999999999999999999"},
      {"7ffffffffffffffe", 18, 18, "-0.000000000000000001"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(spelt([&](char* out) {
                return spell_decimal(out, arena.copy(unhex(c.packed)), c.precision, c.scale);
              }),
              c.text)
        << c.packed;
  }
  // All 65 digits: 35 before the point in 4 + 3 * 4 bytes, 30 behind it in 3 * 4 + 2.
  std::string packed = unhex("85f5e0ff");  // 99999999 with the first bit set
  for (int i = 0; i < 6; ++i) packed += unhex("3b9ac9ff");
  packed += unhex("03e7");
  EXPECT_EQ(spelt([&](char* out) { return spell_decimal(out, arena.copy(packed), 65, 30); }),
            std::string(35, '9') + "." + std::string(30, '9'));
}

TEST(Spell, DoublesReadBackAndAreShort) {
  struct Case {
    double value;
    const char* text;
  };
  const Case cases[] = {{0, "0"},
                        {-0.0, "-0"},
                        {1, "1"},
                        {-1.5, "-1.5"},
                        {0.1, "0.1"},
                        {19.99, "19.99"},
                        {100000, "100000"},
                        {0.001, "0.001"},
                        {123456789012.345, "123456789012.345"},
                        {1e15, "1e+15"},
                        {1e-7, "1e-07"},
                        {DBL_MAX, "1.7976931348623157e+308"},
                        {DBL_TRUE_MIN, "5e-324"},
                        {0.1 + 0.2, "0.30000000000000004"}};
  for (const Case& c : cases) EXPECT_EQ(spelt([&](char* out) { return spell_double(out, c.value); }), c.text);
  uint64_t seed = 20260115;
  std::mt19937_64 random(seed);
  for (int i = 0; i < 200'000; ++i) {
    double value = i % 2 ? std::bit_cast<double>(random())
                         : static_cast<double>(static_cast<int64_t>(random() % 2'000'000'000'000)) /
                               (i % 3 ? 1000 : 100);
    if (!std::isfinite(value)) continue;
    std::string text = spelt([&](char* out) { return spell_double(out, value); });
    ASSERT_EQ(std::strtod(text.c_str(), nullptr), value) << text << " seed " << seed;
  }
}

TEST(Spell, Temporals) {
  auto datetime = [](uint64_t y, uint64_t mo, uint64_t d, uint64_t h, uint64_t mi, uint64_t s, uint64_t us) {
    return ((y * 13 + mo) << 5 | d) << 41 | (h << 12 | mi << 6 | s) << 24 | us;
  };
  EXPECT_EQ(
      spelt([&](char* out) { return spell_datetime(out, datetime(2026, 1, 15, 10, 30, 0, 123000), 3); }),
      "2026-01-15 10:30:00.123");
  EXPECT_EQ(spelt([&](char* out) { return spell_datetime(out, 0, 0); }), "0000-00-00 00:00:00");
  EXPECT_EQ(
      spelt([&](char* out) { return spell_datetime(out, datetime(9999, 12, 31, 23, 59, 59, 999999), 6); }),
      "9999-12-31 23:59:59.999999");
  EXPECT_EQ(spelt([&](char* out) { return spell_date(out, 2024 << 9 | 0 << 5 | 31); }), "2024-00-31");
  auto time = [](int64_t h, int64_t m, int64_t s, int64_t us) { return (h << 12 | m << 6 | s) << 24 | us; };
  EXPECT_EQ(spelt([&](char* out) { return spell_time(out, -time(838, 59, 59, 999999), 6); }),
            "-838:59:59.999999");
  EXPECT_EQ(spelt([&](char* out) { return spell_time(out, time(0, 0, 1, 500000), 1); }), "00:00:01.5");
  DayMemo memo;
  struct Case {
    uint64_t seconds;
    const char* text;
  };
  for (Case c : {Case{1, "1970-01-01T00:00:01Z"}, Case{951782400, "2000-02-29T00:00:00Z"},
                 Case{1768473000, "2026-01-15T10:30:00Z"}, Case{2147483647, "2038-01-19T03:14:07Z"},
                 Case{4294967295, "2106-02-07T06:28:15Z"}}) {
    EXPECT_EQ(spelt([&](char* out) { return spell_timestamp(out, c.seconds << 24, 0, memo); }), c.text);
  }
  EXPECT_EQ(spelt([&](char* out) { return spell_timestamp(out, 0, 3, memo); }), "0000-00-00 00:00:00.000");
}

}  // namespace
}  // namespace sluice
