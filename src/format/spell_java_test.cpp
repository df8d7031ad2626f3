// What java.lang.Double.toString and Float.toString of JDK 19 and newer return.
#include "format/spell_java.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

#include "format/spell.h"

namespace sluice {
namespace {

TEST(SpellJava, Doubles) {
  struct Case {
    double value;
    const char* text;
  };
  const Case cases[] = {{0, "0.0"},
                        {-0.0, "-0.0"},
                        {1, "1.0"},
                        {-1.5, "-1.5"},
                        {100, "100.0"},
                        {0.1, "0.1"},
                        {0.001, "0.001"},
                        {0.00099, "9.9E-4"},
                        {1e-5, "1.0E-5"},
                        {1e-7, "1.0E-7"},
                        {9999999, "9999999.0"},
                        {9999999.5, "9999999.5"},
                        {1e7, "1.0E7"},
                        {12345678.25, "1.234567825E7"},
                        {1e15, "1.0E15"},
                        {1e16, "1.0E16"},
                        {1e21, "1.0E21"},
                        {123456789012345678.0, "1.2345678901234568E17"},
                        {1e100, "1.0E100"},
                        {0.30000000000000004, "0.30000000000000004"},
                        {2.2250738585072014e-308, "2.2250738585072014E-308"},
                        {1.7976931348623157e308, "1.7976931348623157E308"},
                        {HUGE_VAL, "Infinity"},
                        {-HUGE_VAL, "-Infinity"},
                        {std::nan(""), "NaN"}};
  for (const Case& c : cases) {
    char text[kScalarBytes + kSlack];
    char* end = spell_java_double(text, c.value);
    EXPECT_EQ(std::string(text, end), c.text) << c.value;
  }
}

TEST(SpellJava, Floats) {
  struct Case {
    float value;
    const char* text;
  };
  const Case cases[] = {{0.1F, "0.1"},
                        {1234.567F, "1234.567"},
                        {16777216, "1.6777216E7"},
                        {3.4028235e38F, "3.4028235E38"},
                        {1e10F, "1.0E10"},
                        {-0.001F, "-0.001"},
                        {1.1754944e-38F, "1.1754944E-38"},
                        {3, "3.0"}};
  for (const Case& c : cases) {
    char text[kScalarBytes + kSlack];
    char* end = spell_java_float(text, c.value);
    EXPECT_EQ(std::string(text, end), c.text) << c.value;
  }
}

}  // namespace
}  // namespace sluice
