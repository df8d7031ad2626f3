#include "net/websocket.h"

#include <gtest/gtest.h>

#include <vector>

namespace sluice::websocket {
namespace {

using std::string_literals::operator""s;

// A client's frame. `first`: FIN, reserved bits and opcode.
std::string frame(int first, std::string payload, size_t length_bytes = 0) {
  constexpr char kMask[] = {1, 2, 3, 4};
  std::string made(1, static_cast<char>(first));
  size_t size = payload.size();
  if (length_bytes == 0) length_bytes = size < 126 ? 1 : size < 65536 ? 2 : 8;
  made += static_cast<char>(0x80 | (length_bytes == 1 ? size : length_bytes == 2 ? 126 : 127));
  for (size_t i = length_bytes == 1 ? 0 : length_bytes; i-- > 0;) made += static_cast<char>(size >> (8 * i));
  made.append(kMask, 4);
  for (size_t i = 0; i < size; ++i) made += static_cast<char>(payload[i] ^ kMask[i % 4]);
  return made;
}

// Messages as `opcode:payload`, and at the end the breach as `!code`.
std::string read(std::string_view bytes, size_t portion, size_t most = 1000) {
  Reader reader(most);
  std::string found;
  for (;;) {
    auto message = reader.next();
    if (!message) return found + "!" + std::to_string(message.error().code);
    if (*message) {
      found += std::to_string(static_cast<int>((*message)->opcode)) + ":";
      found.append((*message)->payload) += " ";
    } else if (bytes.empty()) {
      return found;
    } else {
      reader.feed(bytes.substr(0, portion));
      bytes.remove_prefix(std::min(portion, bytes.size()));
    }
  }
}

TEST(WebSocketReader, TakesFramesApart) {
  struct Case {
    std::string bytes, expected;
  };
  std::string long_text(300, 'x');
  const Case kCases[] = {
      {frame(0x81, "hello"), "1:hello "},
      {frame(0x81, "") + frame(0x82, "\xff"), "1: 2:\xff "},
      {frame(0x81, long_text), "1:" + long_text + " "},
      {frame(0x01, "a\xc3") + frame(0x89, "p") + frame(0x00, "") + frame(0x80, "\xb6z"), "9:p 1:a\xc3\xb6z "},
      {frame(0x8a, "") + frame(0x88, "\x03\xe8"s + "bye"),
       "10: 8:\x03\xe8"
       "bye "},
      {frame(0x88, ""), "8: "},
      {frame(0x88, "\x0f\xa0"), "8:\x0f\xa0 "},
      {frame(0x88, "\x03"), "!1002"},
      {frame(0x88, "\x03\xed"), "!1002"},  // 1005 is for nobody to send
      {frame(0x88, "\x03\xe8\xff"), "!1007"},
      {frame(0x81, "\xff"), "!1007"},
      {frame(0x01, "\xc3") + frame(0x80, "x"), "!1007"},
      {frame(0xc1, "x"), "!1002"},  // a reserved bit
      {frame(0x83, "x"), "!1002"},  // reserved opcodes
      {frame(0x8b, "x"), "!1002"},
      {"\x81\x01x", "!1002"},                          // no mask
      {frame(0x80, "x"), "!1002"},                     // a continuation of nothing
      {frame(0x01, "x") + frame(0x81, "y"), "!1002"},  // within a message
      {frame(0x09, "x"), "!1002"},                     // a control frame in fragments
      {frame(0x89, std::string(126, 'x')), "!1002"},
      {frame(0x81, "x", 2), "!1002"},
      {frame(0x81, long_text, 8), "!1002"},
      {frame(0x81, std::string(1001, 'x')), "!1009"},
      {frame(0x01, std::string(999, 'x')) + frame(0x80, "yy"), "!1009"},
      {"\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff", "!1009"},
      {frame(0x81, "cut").substr(0, 8), ""},
  };
  for (const Case& each : kCases) {
    for (size_t portion : {size_t{1}, size_t{3}, each.bytes.size()}) {
      EXPECT_EQ(read(each.bytes, portion), each.expected) << testing::PrintToString(each.bytes) << portion;
    }
  }
}

TEST(WebSocketReader, EndsFragmentsWithoutEnd) {
  std::string bytes = frame(0x01, "");
  for (int i = 0; i < 1000; ++i) bytes += frame(0x00, "");
  EXPECT_EQ(read(bytes, 4096), "!1009");
}

TEST(WebSocket, WritesHeaders) {
  auto header = [](uint64_t size) {
    char room[kMostHeader];
    return std::string(room, put_header(room, Opcode::Text, size));
  };
  EXPECT_EQ(header(0), "\x81\0"s);
  EXPECT_EQ(header(125), "\x81\x7d");
  EXPECT_EQ(header(126), "\x81\x7e\0\x7e"s);
  EXPECT_EQ(header(65535), "\x81\x7e\xff\xff");
  EXPECT_EQ(header(65536), "\x81\x7f\0\0\0\0\0\1\0\0"s);
}

constexpr std::string_view kRequest =
    "GET /live?x=1 HTTP/1.1\r\nHost: here\r\nupgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: null\r\n"
    "Authorization: Bearer abc\r\n\r\n";

TEST(WebSocketHandshake, IsThatOfTheStandard) {
  auto upgrade = read_upgrade(kRequest);
  ASSERT_TRUE(upgrade) << upgrade.error().why;
  EXPECT_EQ(upgrade->target, "/live?x=1");
  EXPECT_EQ(upgrade->origin, "null");
  EXPECT_EQ(upgrade->authorization, "Bearer abc");
  // RFC 6455, section 1.3
  EXPECT_EQ(answer(*upgrade),
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n");
}

TEST(WebSocketHandshake, RefusesWhatIsNone) {
  struct Case {
    std::string_view instead, with;
    int status;
  };
  for (const Case& each : {Case{"GET", "POST", 405},
                           {" HTTP/1.1", "", 400},
                           {"HTTP/1.1", "HTTP/2", 400},
                           {"/live", "live", 400},
                           {"Host:", "Hast:", 400},
                           {"Host:", "Host", 400},
                           {"Host:", ":", 400},
                           {"WebSocket", "h2c", 426},
                           {", Upgrade", "", 426},
                           {"13", "8", 426},
                           {"dGhl", "!!!!", 400},
                           {"dGhl", "", 400}}) {
    std::string request(kRequest);
    request.replace(request.find(each.instead), each.instead.size(), each.with);
    auto upgrade = read_upgrade(request);
    ASSERT_FALSE(upgrade) << request;
    EXPECT_EQ(upgrade.error().status, each.status) << request;
    std::string answered = answer(upgrade.error());
    EXPECT_TRUE(answered.starts_with("HTTP/1.1 " + std::to_string(each.status) + " ")) << answered;
    EXPECT_TRUE(answered.ends_with(upgrade.error().why + "\n")) << answered;
  }
}

}  // namespace
}  // namespace sluice::websocket
