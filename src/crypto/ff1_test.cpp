#include "crypto/ff1.h"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <vector>

namespace sluice {
namespace {

constexpr std::string_view kAlphabet = "0123456789abcdefghijklmnopqrstuvwxyz";

std::string unhex(std::string_view hex) {
  std::string out;
  for (size_t i = 0; i + 1 < hex.size(); i += 2)
    out += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  return out;
}

std::vector<uint8_t> numerals(std::string_view text) {
  std::vector<uint8_t> out;
  for (char c : text) out.push_back(static_cast<uint8_t>(kAlphabet.find(c)));
  return out;
}

std::string spelt(const std::vector<uint8_t>& numerals) {
  std::string out;
  for (uint8_t numeral : numerals) out += kAlphabet[numeral];
  return out;
}

constexpr std::string_view k128 = "2B7E151628AED2A6ABF7158809CF4F3C";
constexpr std::string_view k192 = "2B7E151628AED2A6ABF7158809CF4F3CEF4359D8D580AA4F";
constexpr std::string_view k256 = "2B7E151628AED2A6ABF7158809CF4F3CEF4359D8D580AA4F7F036D6F04FC6A94";
constexpr std::string_view kTen = "39383736353433323130", kEleven = "3737373770717273373737";
constexpr std::string_view kDigits = "0123456789", kLong = "0123456789abcdefghi";

struct Sample {
  std::string_view key, tweak;
  unsigned radix;
  std::string_view plain, hidden;
};

// The samples that NIST publishes for FF1 (csrc.nist.gov, Examples with Intermediate Values, FF1samples).
constexpr Sample kSamples[] = {
    {k128, "", 10, kDigits, "2433477484"},
    {k128, kTen, 10, kDigits, "6124200773"},
    {k128, kEleven, 36, kLong, "a9tv40mll9kdu509eum"},
    {k192, "", 10, kDigits, "2830668132"},
    {k192, kTen, 10, kDigits, "2496655549"},
    {k192, kEleven, 36, kLong, "xbj3kv35jrawxv32ysr"},
    {k256, "", 10, kDigits, "6657667009"},
    {k256, kTen, 10, kDigits, "1001623463"},
    {k256, kEleven, 36, kLong, "xs8a0azh2avyalyzuwd"},
};

TEST(Ff1, EncryptsTheSamplesOfNist) {
  for (const Sample& sample : kSamples) {
    Ff1 ff1(unhex(sample.key), sample.radix, unhex(sample.tweak));
    std::vector<uint8_t> text = numerals(sample.plain);
    ff1.encrypt(text);
    EXPECT_EQ(spelt(text), sample.hidden) << sample.key << " " << sample.tweak;
    ff1.decrypt(text);
    EXPECT_EQ(spelt(text), sample.plain) << sample.key << " " << sample.tweak;
  }
}

TEST(Ff1, AsksForAMillionTexts) {
  std::pair<unsigned, unsigned> cases[] = {{2, 20}, {10, 6}, {36, 4}, {62, 4}, {256, 3}, {100, 3}};
  for (auto [radix, least] : cases) EXPECT_EQ(Ff1(unhex(k128), radix).least_numerals(), least) << radix;
}

TEST(Ff1, ComesBackInEveryRadixAndLength) {
  std::mt19937 dice(7);
  for (int i = 0; i < 2000; ++i) {
    unsigned radix = 2 + dice() % 255;
    std::string tweak(dice() % (Ff1::kMostTweak + 1), static_cast<char>(dice()));
    Ff1 ff1(unhex(k256), radix, tweak);
    std::vector<uint8_t> text(ff1.least_numerals() +
                              dice() % (Ff1::kMostNumerals - ff1.least_numerals() + 1));
    for (uint8_t& numeral : text) numeral = static_cast<uint8_t>(dice() % radix);
    std::vector<uint8_t> before = text;
    ff1.encrypt(text);
    for (uint8_t numeral : text) ASSERT_LT(numeral, radix) << "seed 7, run " << i;
    ff1.decrypt(text);
    ASSERT_EQ(text, before) << "seed 7, run " << i << ", radix " << radix;
  }
}

TEST(Ff1, MakesNoTextTwice) {
  Ff1 ff1(unhex(k192), 10);
  std::vector<bool> seen(1'000'000);
  for (unsigned n = 0; n < 100'000; ++n) {
    uint8_t text[6];
    for (unsigned i = 0, rest = n; i < 6; ++i, rest /= 10) text[i] = static_cast<uint8_t>(rest % 10);
    ff1.encrypt(text);
    unsigned made = 0;
    for (uint8_t numeral : text) made = made * 10 + numeral;
    ASSERT_FALSE(seen[made]) << n;
    seen[made] = true;
  }
}

}  // namespace
}  // namespace sluice
