#include "base/base64.h"

#include <gtest/gtest.h>

#include <random>

namespace sluice {
namespace {

std::string encoded(std::string_view bytes) {
  std::string out(base64_size(bytes.size()) + 1, '!');  // the guard behind the end stays
  char* end = base64_encode(out.data(), bytes);
  EXPECT_EQ(end, out.data() + base64_size(bytes.size()));
  EXPECT_EQ(out.back(), '!');
  out.pop_back();
  return out;
}

TEST(Base64, TheStandardsOwnVectors) {  // RFC 4648, section 10
  const std::pair<std::string, std::string> cases[] = {
      {"", ""},
      {"f", "Zg=="},
      {"fo", "Zm8="},
      {"foo", "Zm9v"},
      {"foob", "Zm9vYg=="},
      {"fooba", "Zm9vYmE="},
      {"foobar", "Zm9vYmFy"},
      {"\xff\xfe\xfb\xff", "//77/w=="},
  };
  for (const auto& [bytes, text] : cases) {
    EXPECT_EQ(encoded(bytes), text);
    EXPECT_EQ(base64_decode(text), bytes) << text;
  }
}

TEST(Base64, EveryLengthReadsBack) {
  std::mt19937 random(7);
  for (size_t size = 0; size < 300; ++size) {
    std::string bytes(size, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    EXPECT_EQ(base64_decode(encoded(bytes)), bytes) << "seed 7, size " << size << ": " << encoded(bytes);
  }
}

TEST(Base64, RefusesWhatItWouldNotWrite) {
  for (const char* text :
       {"Z", "Zg", "Zg=", "Zg===", "Zm9v=", "Z===", "====", "Zh==", "Zm9=", "Zm-v", "Zm 9v", "=Zg="}) {
    EXPECT_EQ(base64_decode(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace sluice
