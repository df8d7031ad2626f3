#include <gtest/gtest.h>

#include "net/http_client.h"

namespace sluice {
namespace {

using Append = void (*)(Bytes&, std::string_view);

std::string spelt(Append append, std::string_view text) {
  Bytes out;
  append(out, text);
  return std::string(out.view());
}

TEST(HttpHeaders, NamesAndValuesAreSpeltSoThatNothingBreaksOut) {
  struct Case {
    Append append;
    std::string text, expected;
  };
  const Case cases[] = {
      {append_header_name, "ce_id", "ce_id"},
      {append_header_name, "a b:c\r\n\xc3\xa9", "a-b-c----"},
      {append_header_value, "{\"id\": 7}", "{\"id\": 7}"},
      {append_header_value, " both ends ", "%20both ends%20"},
      {append_header_value, " ", "%20"},
      {append_header_value, "x\r\nInjected: 1", "x%0D%0AInjected: 1"},
      {append_header_value, "100%\x7f\xc3\xa9", "100%25%7F%C3%A9"},
      {append_header_value, std::string("\0", 1), "%00"},
      {append_header_value, "", ""},
  };
  for (const Case& each : cases) EXPECT_EQ(spelt(each.append, each.text), each.expected) << each.text;
}

TEST(HttpHeaders, LinesAreAsLibcurlWantsThem) {
  HttpHeaders headers;
  for (int again = 0; again < 2; ++again) {
    headers.clear();
    headers.add("A", "one");
    headers.add("B", "");
    headers.add_escaped("c d", "\n");
    headers.begin("E").append("two");
    headers.end();
    ASSERT_EQ(headers.size(), 4u);
    EXPECT_STREQ(headers.line(0), "A: one");
    EXPECT_STREQ(headers.line(1), "B;");
    EXPECT_STREQ(headers.line(2), "c-d: %0A");
    EXPECT_STREQ(headers.line(3), "E: two");
  }
}

}  // namespace
}  // namespace sluice
