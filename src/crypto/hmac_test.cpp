#include "crypto/hmac.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

// RFC 4231, sections 4.2, 4.3 and 4.7.
TEST(HmacSha256, MakesWhatTheStandardSays) {
  struct Case {
    std::string key, data, expected;
  };
  const Case cases[] = {
      {std::string(20, '\x0b'), "Hi There",
       "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
      {"Jefe", "what do ya want for nothing?",
       "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
      {std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First",
       "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
  };
  for (const Case& each : cases) {
    HmacSha256 hmac{Secret(each.key)};
    for (int again = 0; again < 2; ++again) {
      Bytes made;
      hmac.add(std::string_view(each.data).substr(0, 3));
      hmac.add(std::string_view(each.data).substr(3));
      hmac.append_hex(made);
      EXPECT_EQ(made.view(), each.expected) << each.data << ", time " << again;
    }
  }
}

}  // namespace
}  // namespace sluice
