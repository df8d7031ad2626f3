#include "sink/nats/ack.h"

#include <gtest/gtest.h>

#include "base/result.h"

namespace sluice::nats {
namespace {

TEST(NatsAck, IsRead) {
  const std::pair<std::string_view, const char*> cases[] = {
      {R"({"stream":"S","seq":18446744073709551615})", "S 18446744073709551615 0 0"},
      {R"({"stream":"S", "seq":7,"duplicate": true})", "S 7 1 0"},
      {R"({"stream": "S","seq": 7, "duplicate":false})", "S 7 0 0"},
      {R"({"stream":"S", "domain":"d", "seq":9})", "S 9 0 0"},
      {R"({"stream":"a\u0041","seq":9})", "aA 9 0 0"},
      {R"({"error":{"code":503,"err_code":10077,"description":"maximum bytes exceeded"},"stream":"S","seq":0})",
       " 0 0 10077 maximum bytes exceeded"},
      {R"({"type":"x","error":{"code":404}})", " 0 0 404 an error without a word"},
      {R"({"error":{}})", " 0 0 -2 an error without a word"},
      {R"({"stream":"S"})", "S 0 0 -2 the answer is no acknowledgement of a stream"},
      {R"({"seq":5})", " 5 0 -2 the answer is no acknowledgement of a stream"},
      {R"({"stream":"S","seq":-5})", "S 0 0 -2"},
      {R"([])", " 0 0 -2 somebody else answered"},
      {R"({"stream":"S","seq":5)", " 0 0 -2 somebody else answered"},
      {"", " 0 0 -2 somebody else answered"},
  };
  for (auto [body, expected] : cases) {
    Ack ack = parse_ack("", body);
    std::string shown =
        fmt::format("{} {} {} {}{}{}", ack.stream, ack.sequence, static_cast<int>(ack.duplicate), ack.code,
                    ack.reason.empty() ? "" : " ", ack.reason);
    EXPECT_TRUE(shown.starts_with(expected)) << body << ": " << shown << ", expected " << expected;
  }
  EXPECT_EQ(parse_ack("NATS/1.0 503\r\n\r\n", "").code, Ack::kNoStream);
}

}  // namespace
}  // namespace sluice::nats
