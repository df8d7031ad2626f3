#include "wire/mysql/old_temporal.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice::mysql {
namespace {

std::string big_endian(uint64_t value, size_t bytes) {
  std::string text;
  for (size_t i = bytes; i-- > 0;) text += static_cast<char>(value >> 8 * i);
  return text;
}

Cell cell_of(Kind kind, uint8_t digits) {
  Cell cell;
  cell.kind = kind;
  cell.aux = digits;
  return cell;
}

int64_t packed(int64_t hours, int64_t minutes, int64_t seconds, int64_t us) {
  return (hours << 12 | minutes << 6 | seconds) << 24 | us;
}

// The values that a server stores for these are counted from -838:59:60 in units of the last digit.
TEST(OldTemporal, ReadsFractionsOfTimes) {
  constexpr uint64_t kZero = 3'020'400;
  struct Case {
    uint8_t digits, bytes;
    uint64_t stored;
    int64_t value;
  };
  const Case cases[] = {
      {1, 4, kZero * 10, 0},
      {1, 4, kZero * 10 - 1, -packed(0, 0, 0, 100'000)},
      {3, 5, kZero * 1000 + 3'723'456, packed(1, 2, 3, 456'000)},
      {6, 6, kZero * 1'000'000 + 3'020'399'999'999, packed(838, 59, 59, 999'999)},
      {6, 6, 1, -packed(838, 59, 59, 999'999)},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(old_fraction_bytes(Kind::Time, c.digits), c.bytes);
    Cell cell = cell_of(Kind::Time, c.digits);
    ASSERT_TRUE(read_old_fraction(big_endian(c.stored, c.bytes).data(), c.bytes, cell)) << c.stored;
    EXPECT_EQ(cell.i, c.value) << c.stored;
  }
}

TEST(OldTemporal, WhatNoServerStoresIsRefused) {
  Cell time = cell_of(Kind::Time, 1), moment = cell_of(Kind::DateTime, 6),
       stamp = cell_of(Kind::Timestamp, 1);
  EXPECT_FALSE(read_old_fraction("\xff\xff\xff\xff", 4, time));
  EXPECT_FALSE(read_old_fraction("\xff\xff\xff\xff\xff\xff\xff\xff", 8, moment));
  EXPECT_FALSE(read_old_fraction("\x01\x02\x03\x04\x0a", 5, stamp));
  for (uint64_t number :
       {20261301000000u, 20260132000000u, 20260115240000u, 20260115106000u, 20260115103060u})
    EXPECT_FALSE(read_old_datetime(number, moment)) << number;
  EXPECT_FALSE(read_old_datetime(UINT64_MAX, moment));
  for (uint32_t raw : {8385960u, 8386000u, 8390000u}) EXPECT_FALSE(read_old_time(raw, time)) << raw;
}

}  // namespace
}  // namespace sluice::mysql
