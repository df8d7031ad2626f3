#include "net/first_of.h"

#include <gtest/gtest.h>

#include <vector>

namespace sluice {
namespace {

TEST(FirstOf, StaysWithTheOneThatDoesIt) {
  size_t at = 1;
  std::vector<size_t> tried;
  auto attempt = [&](size_t number) -> Result<void> {
    tried.push_back(number);
    return number == 0 ? Result<void>() : retryable("{} is away", number);
  };
  EXPECT_TRUE(first_of(3, at, attempt));
  EXPECT_EQ(tried, (std::vector<size_t>{1, 2, 0}));
  EXPECT_EQ(at, 0u);
}

TEST(FirstOf, TellsWhyEachFailed) {
  size_t at = 0;
  auto attempt = [](size_t number) -> Result<void> {
    return number == 0 ? fatal("0 refuses the login") : retryable("{} is away", number);
  };
  auto done = first_of(2, at, attempt);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().what, "0 refuses the login; 1 is away");
  EXPECT_EQ(done.error().fault, Fault::Retryable);
  EXPECT_EQ(at, 0u);
  done = first_of(1, at, attempt);
  EXPECT_EQ(done.error().what, "0 refuses the login");
  EXPECT_EQ(done.error().fault, Fault::Fatal);
}

TEST(FirstOf, EndsWhereItIsStopped) {
  size_t at = 0, tries = 0;
  auto done = first_of(2, at, [&](size_t) -> Result<void> {
    ++tries;
    return stopped();
  });
  EXPECT_EQ(done.error().fault, Fault::Stopped);
  EXPECT_EQ(tries, 1u);
}

}  // namespace
}  // namespace sluice
