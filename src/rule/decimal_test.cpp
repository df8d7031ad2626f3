#include "rule/decimal.h"

#include <gtest/gtest.h>
#include <openssl/bn.h>

#include <random>
#include <string>

#include "support/sample.h"

namespace sluice::rule {
namespace {

std::string text(const Decimal& value, unsigned least = 0) {
  char room[Decimal::kMostText];
  return {room, value.spell(room, least)};
}

Decimal of(std::string_view spelt) {
  Decimal value;
  EXPECT_TRUE(Decimal::parse(spelt, value)) << spelt;
  return value;
}

const std::string kMost = std::string(65, '9') + "." + std::string(30, '9');

TEST(RuleDecimal, SpellsWhatItReads) {
  for (std::string each : {std::string("0"), std::string("1"), std::string("-1.5"),
                           std::string("0.000000000000000000000000000001"), kMost, "-" + kMost,
                           std::string("100000000000000000000")}) {
    EXPECT_EQ(text(of(each)), each);
  }
  EXPECT_EQ(text(of("-0.00")), "0");
  EXPECT_EQ(text(of(".5")), "0.5");
  EXPECT_EQ(text(of("007.")), "7");
  EXPECT_EQ(text(of("1.5"), 3), "1.500");
  EXPECT_EQ(text(of("-3"), 2), "-3.00");
  EXPECT_EQ(text(of("1.2345"), 2), "1.2345");
  Decimal none;
  for (std::string each : {"", "-", ".", "1e5", "1.2.3", "--1", "x"})
    EXPECT_FALSE(Decimal::parse(each, none)) << each;
  EXPECT_FALSE(Decimal::parse(std::string(66, '1'), none));
  EXPECT_FALSE(Decimal::parse("0." + std::string(30, '0') + "1", none));
  EXPECT_EQ(text(Decimal::of(INT64_MIN)), "-9223372036854775808");
  EXPECT_EQ(text(Decimal::of_unsigned(UINT64_MAX)), "18446744073709551615");
  int64_t whole = 0;
  EXPECT_TRUE(Decimal::of(INT64_MIN).to_int(whole));
  EXPECT_EQ(whole, INT64_MIN);
  EXPECT_FALSE(of("9223372036854775808").to_int(whole));
  EXPECT_FALSE(of("0.1").to_int(whole));
  EXPECT_EQ(of("-12345678901234567890.125").to_double(), -12345678901234567890.125);
}

TEST(RuleDecimal, UnpacksTheServersForm) {
  struct Case {
    const char* text;
    unsigned precision, scale;
  };
  const Case cases[] = {{"1234567890.1234", 14, 4},
                        {"-1234567890.1234", 14, 4},
                        {"0", 14, 4},
                        {"-0.01", 3, 2},
                        {"9", 1, 0},
                        {"-9", 1, 0},
                        {"0.5", 1, 1},
                        {"-0.000000000000000001", 18, 18},
                        {"99999999999999999999999999999999999.999999999999999999999999999999", 65, 30},
                        {"-12345678901234567890123456789012345678901234567890123456789012345", 65, 0}};
  for (const Case& c : cases) {
    sample::Sample sample;
    Cell cell = sample.decimal(c.text, c.precision, c.scale);
    EXPECT_EQ(text(Decimal::unpack(cell.bytes(), c.precision, c.scale)), c.text);
  }
}

TEST(RuleDecimal, PacksWhatItUnpacks) {
  char room[Decimal::kMostPacked];
  for (std::string each :
       {"0", "-1.5", "12345678901234567890.125", "-0.00000001", "99999999999999999999999999999999999"}) {
    for (unsigned scale : {30u, 9u, 8u}) {
      char* end = of(each).pack(room, scale);
      ASSERT_NE(end, nullptr) << each;
      EXPECT_EQ(std::string(room, end), sample::packed_decimal(text(of(each), scale), 65, scale)) << each;
      EXPECT_EQ(text(Decimal::unpack({room, static_cast<size_t>(end - room)}, 65, scale)), each) << scale;
    }
  }
  std::string rounded(room, of("-2.345").pack(room, 2));
  EXPECT_EQ(text(Decimal::unpack(rounded, 65, 2)), "-2.35");
  EXPECT_EQ(of("1" + std::string(35, '0')).pack(room, 30), nullptr);
  EXPECT_EQ(std::string(room, of("-0.4").pack(room, 0)), sample::packed_decimal("0", 65, 0));
}

TEST(RuleDecimal, KnowsItsBounds) {
  Decimal out;
  EXPECT_FALSE(Decimal::add(of(kMost), of("0.000000000000000000000000000001"), out));
  EXPECT_TRUE(Decimal::add(of(kMost), of("-" + kMost), out));
  EXPECT_EQ(text(out), "0");
  EXPECT_FALSE(out.is_negative());
  EXPECT_FALSE(Decimal::multiply(of("1" + std::string(40, '0')), of("1" + std::string(25, '0')), out));
  EXPECT_FALSE(Decimal::multiply(of(kMost), of(kMost), out));
  EXPECT_FALSE(Decimal::divide(of("1"), of("0"), out));
  EXPECT_FALSE(Decimal::remainder(of("1"), of("0"), out));
  EXPECT_FALSE(Decimal::divide(of(kMost), of("0.000000000000000000000000000001"), out));
  Decimal most = of(kMost);
  EXPECT_FALSE(most.round(0));
}

TEST(RuleDecimal, RoundsHalvesAwayFromZero) {
  struct Case {
    const char* value;
    int64_t digits;
    const char* rounded;
  };
  const Case cases[] = {{"2.5", 0, "3"},      {"-2.5", 0, "-3"},      {"2.4999", 0, "2"},
                        {"1.005", 2, "1.01"}, {"1.005", 40, "1.005"}, {"155", -1, "160"},
                        {"-0.4", 0, "0"},     {"5", -1, "10"},        {"4", -1, "0"},
                        {"1", -70, "0"},      {"1", INT64_MIN, "0"},  {"123.456", -2, "100"}};
  for (const Case& c : cases) {
    Decimal value = of(c.value);
    EXPECT_TRUE(value.round(c.digits));
    EXPECT_EQ(text(value), c.rounded) << c.value << " to " << c.digits;
  }
}

// OpenSSL's whole numbers as the oracle: a decimal is one, times 10^30.
struct Number {
  BIGNUM* n = BN_new();
  Number() = default;
  explicit Number(const Decimal& value) {
    std::string digits = text(value, 30);
    digits.erase(digits.find('.'), 1);
    BN_dec2bn(&n, digits.c_str());
  }
  Number(const Number&) = delete;
  ~Number() { BN_free(n); }
};

std::string scaled(const Number& number) {
  char* digits = BN_bn2dec(number.n);
  std::string made(digits);
  OPENSSL_free(digits);
  return made;
}
std::string scaled(const Decimal& value) { return scaled(Number(value)); }

TEST(RuleDecimal, ReckonsAsWholeNumbersDo) {
  constexpr uint64_t kSeed = 20261121;
  std::mt19937_64 random(kSeed);
  auto digits = [&](size_t most) {
    std::string made;
    for (size_t i = random() % most; i > 0; --i) made += "0123456789990000"[random() % 16];
    return made;
  };
  auto any = [&] { return of((random() % 2 ? "-" : "") + digits(61) + "0." + digits(31)); };
  BN_CTX* context = BN_CTX_new();
  Number ten(of("1")), limit;
  BN_dec2bn(&limit.n, ("1" + std::string(95, '0')).c_str());
  for (int i = 0; i < 5'000; ++i) {
    Decimal a = any(), b = any(), out;
    Number x(a), y(b), sum, product, quotient, rest, twice;
    std::string note = text(a) + " and " + text(b) + ", seed " + std::to_string(kSeed);
    EXPECT_EQ(Decimal::compare(a, b), BN_cmp(x.n, y.n)) << note;
    BN_add(sum.n, x.n, y.n);
    ASSERT_EQ(Decimal::add(a, b, out), BN_ucmp(sum.n, limit.n) < 0) << note;
    if (BN_ucmp(sum.n, limit.n) < 0) { ASSERT_EQ(scaled(out), scaled(sum)) << note; }
    auto rounded = [&](const BIGNUM* numerator, const BIGNUM* divisor) {
      BN_div(quotient.n, rest.n, numerator, divisor, context);
      BN_lshift1(twice.n, rest.n);
      bool negative = BN_is_negative(numerator) != BN_is_negative(divisor);
      if (BN_ucmp(twice.n, divisor) >= 0) negative ? BN_sub_word(quotient.n, 1) : BN_add_word(quotient.n, 1);
      return BN_ucmp(quotient.n, limit.n) < 0;
    };
    BN_mul(product.n, x.n, y.n, context);
    bool fits = rounded(product.n, ten.n);
    ASSERT_EQ(Decimal::multiply(a, b, out), fits) << note;
    if (fits) { ASSERT_EQ(scaled(out), scaled(quotient)) << note; }
    if (b.is_zero()) continue;
    BN_mul(product.n, x.n, ten.n, context);
    fits = rounded(product.n, y.n);
    ASSERT_EQ(Decimal::divide(a, b, out), fits) << note;
    if (fits) { ASSERT_EQ(scaled(out), scaled(quotient)) << note; }
    BN_div(quotient.n, rest.n, x.n, y.n, context);
    ASSERT_TRUE(Decimal::remainder(a, b, out)) << note;
    ASSERT_EQ(scaled(out), scaled(rest)) << note;
  }
  BN_CTX_free(context);
}

}  // namespace
}  // namespace sluice::rule
