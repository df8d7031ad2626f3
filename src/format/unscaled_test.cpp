#include "format/unscaled.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <string>

namespace sluice {
namespace {

std::string hex(std::string_view digits) {
  char bytes[kUnscaledBytes];
  size_t size = unscaled(bytes, digits);
  std::string text;
  for (size_t i = 0; i < size; ++i) text += fmt::format("{:02x}", static_cast<uint8_t>(bytes[i]));
  return text;
}

// As java.math.BigInteger.toByteArray has them.
TEST(Unscaled, TheFewestBytesThatKeepTheSign) {
  const std::pair<std::string, std::string> cases[] = {
      {"0", "00"},
      {"-0", "00"},
      {"0.00", "00"},
      {"1", "01"},
      {"-1", "ff"},
      {"127", "7f"},
      {"128", "0080"},
      {"-128", "80"},
      {"-129", "ff7f"},
      {"1.28", "0080"},
      {"-2.56", "ff00"},
      {"32767", "7fff"},
      {"32768", "008000"},
      {"999999999999999999", "0de0b6b3a763ffff"},
      {"-99999999999999999", "fe9cba87a2760001"},
      {"-999999999999999999", "f21f494c589c0001"},
      {"9223372036854775807", "7fffffffffffffff"},
      {"9223372036854775808", "008000000000000000"},
      {"-9223372036854775808", "8000000000000000"},
      {"18446744073709551615", "00ffffffffffffffff"},
      {"000000000000000000000000000000.01", "01"},
      {"-000000000000000000000000000001.28", "80"},
  };
  for (const auto& [digits, bytes] : cases) EXPECT_EQ(hex(digits), bytes) << digits;
}

// Whatever way it goes, by how long the text is.
TEST(Unscaled, LeadingZerosChangeNothing) {
  for (int64_t value : {INT64_C(0), INT64_C(7), INT64_C(-7), INT64_C(255), INT64_C(-256), INT64_C(65536),
                        INT64_C(-8388608), INT64_C(2147483648), INT64_C(99999999999999999)}) {
    std::string digits = std::to_string(value < 0 ? -value : value), sign = value < 0 ? "-" : "";
    EXPECT_EQ(hex(sign + digits), hex(sign + std::string(40, '0') + digits)) << value;
  }
}

}  // namespace
}  // namespace sluice
