#include "crypto/seal.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(Seal, HidesAndShowsAgain) {
  Secret key("0123456789abcdef");
  for (size_t size : {0, 1, 15, 16, 17, 100'000}) {
    std::string plain(size, 's');
    std::string hidden = sealed(key, plain);
    EXPECT_EQ(hidden.size(), size + kSealHead);
    EXPECT_TRUE(is_sealed(hidden));
    EXPECT_EQ(hidden.find("ssss"), hidden.npos);
    EXPECT_NE(hidden, sealed(key, plain));
    EXPECT_EQ(unsealed(key, hidden).value_or("?"), plain);
  }
}

TEST(Seal, LeavesPlainBytesWhereThereIsNoKey) {
  EXPECT_EQ(sealed(Secret(), "plain"), "plain");
  EXPECT_EQ(unsealed(Secret(), "plain").value_or("?"), "plain");
  EXPECT_EQ(unsealed(Secret("0123456789abcdef"), "plain").value_or("?"), "plain");
}

TEST(Seal, ComesInPieces) {
  Secret key("0123456789abcdef");
  std::string plain = "first and second", hidden = plain;
  BegunSeal seal = begin_seal(key);
  seal.stream.apply(hidden.data(), 5);
  seal.stream.apply(hidden.data() + 5, hidden.size() - 5);
  EXPECT_EQ(unsealed(key, seal.head + hidden).value_or("?"), plain);
}

TEST(Seal, SaysWhatIsWrong) {
  Secret key("0123456789abcdef");
  std::string hidden = sealed(key, "secret");
  const std::pair<Result<std::string>, std::string_view> cases[] = {
      {unsealed(Secret("another key of it"), hidden), "another key"},
      {unsealed(Secret(), hidden), "no masks"},
      {unsealed(key, hidden.substr(0, kSealHead - 1)), "cut short"},
  };
  for (const auto& [result, expected] : cases) {
    ASSERT_FALSE(result);
    EXPECT_NE(result.error().what.find(expected), std::string::npos) << result.error().what;
  }
}

}  // namespace
}  // namespace sluice
