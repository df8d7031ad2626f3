#include "sink/nats/frame_reader.h"

#include <gtest/gtest.h>

namespace sluice::nats {
namespace {

// What is read of `bytes` that come in portions; at the end the fault, if there is one.
std::string read(std::string_view bytes, size_t portion) {
  FrameReader reader(1000);
  std::string all;
  while (!bytes.empty()) {
    reader.feed(bytes.substr(0, portion));
    bytes.remove_prefix(std::min(portion, bytes.size()));
    for (;;) {
      auto frame = reader.next();
      if (!frame) return all + frame.error().what;
      if (!*frame) break;
      constexpr const char* kWhat[] = {"info", "message", "ping", "pong", "ok", "error"};
      const Frame& f = **frame;
      all += fmt::format("{}|{}|{}|{}|{}\n", kWhat[static_cast<int>(f.what)], f.text, f.subject, f.headers,
                         f.body);
    }
  }
  return all + fmt::format("{} left", reader.pending());
}

TEST(NatsFrameReader, ReadsFramesHoweverTheyAreCut) {
  const std::pair<std::string, const char*> cases[] = {
      {"INFO {\"a\":1} \r\nPING\r\nPONG\r\n+OK\r\n-ERR 'Stale Connection'\r\n",
       "info|{\"a\":1}|||\nping||||\npong||||\nok||||\nerror|Stale Connection|||\n0 left"},
      {"MSG a.b 1 5\r\nhello\r\nMSG a.b 1 reply 0\r\n\r\nPI", "message||a.b||hello\nmessage||a.b||\n2 left"},
      {"HMSG a 1 16 16\r\nNATS/1.0 503\r\n\r\n\r\nHMSG a\t1 r 12 15\r\nNATS/1.0\r\n\r\nPI\r\r\n",
       "message||a|NATS/1.0 503\r\n\r\n|\nmessage||a|NATS/1.0\r\n\r\n|PI\r\n0 left"},
  };
  for (const auto& [bytes, expected] : cases) {
    for (size_t portion = 1; portion <= bytes.size(); ++portion) {
      ASSERT_EQ(read(bytes, portion), expected) << "in portions of " << portion;
    }
  }
}

TEST(NatsFrameReader, SaysWhatIsNoNats) {
  for (std::string bytes : {"HTTP/1.1 200 OK\r\n", "MSG a 1\r\n", "MSG a 1 2 3 4\r\n", "MSG a 1 x\r\n",
                            "MSG a 1 1001\r\n", "MSG a 1 -1\r\n", "HMSG a 1 5 4\r\n", "MSG a 1 2\r\nabc\r\n",
                            "\r\n", "MSG a 1 2 3 4 5 6 7\r\n", "MSG a 1 99999999999999999999\r\n"}) {
    EXPECT_NE(read(bytes, bytes.size()).find("is no NATS"), std::string::npos) << bytes;
  }
  EXPECT_NE(read(std::string(300'000, 'x'), 4096).find("is no NATS"), std::string::npos);
}

}  // namespace
}  // namespace sluice::nats
