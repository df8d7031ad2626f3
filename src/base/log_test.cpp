#include "base/log.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace sluice {
namespace {

TEST(Log, AMessageIsOneLineWhateverIsInIt) {
  testing::internal::CaptureStderr();
  log::warning("refused: {}", "Duplicate entry 'a\nb' \x1b[2J\r\x7f é\ttab \xff\xc3");
  std::string text = testing::internal::GetCapturedStderr();
  EXPECT_TRUE(text.ends_with(" refused: Duplicate entry 'a\\nb' \\x1b[2J\\x0d\\x7f é\ttab \\xff\\xc3\n"))
      << text;
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1) << text;
}

}  // namespace
}  // namespace sluice
