#include "sink/subscribers/dialog.h"

#include <gtest/gtest.h>

#include <span>

#include "sink/subscribers/row_rule.h"

namespace sluice::subscribers {
namespace {

using std::string_literals::operator""s;

struct Heard {
  std::string out;
  bool stays = true;
};

Heard hear(Dialog& dialog, std::string_view bytes, size_t portion) {
  Bytes out;
  bool stays = true;
  while (stays && !bytes.empty()) {
    stays = dialog.take(bytes.substr(0, portion), out);
    bytes.remove_prefix(std::min(portion, bytes.size()));
  }
  return {std::string(out.view()), stays};
}

std::string command(int number, const std::string& content) {
  Bytes made;
  append_command(static_cast<Cmd>(number), content, made);
  return std::string(made.view());
}

struct Case {
  std::string bytes, out;
  bool stays = true;
};

void check(const Door& door, std::span<const Case> cases) {
  for (const Case& each : cases) {
    for (size_t portion : {size_t{1}, size_t{2}, each.bytes.size()}) {
      auto dialog = Dialog::make(door);
      Heard heard = hear(*dialog, each.bytes, portion);
      EXPECT_EQ(heard.out, each.out) << testing::PrintToString(each.bytes) << " by " << portion;
      EXPECT_EQ(heard.stays, each.stays) << testing::PrintToString(each.bytes) << " by " << portion;
      EXPECT_EQ(dialog->refusal().empty(), each.stays) << testing::PrintToString(each.bytes);
    }
  }
}

TEST(Dialog, OfDelimiters) {
  const std::string end(kDelimiter), ok = R"({"sluice":"ok"})" + end;
  const Case kCases[] = {
      {"tick", ""},
      {"ticktick" + end + "tick-tock" + end + end, ""},
      {"tick" + end + R"({"subscribe":"a.b"})" + end + "ti", ok},
      {R"({"subscribe":["a.*"],"operations":["ddl"],"after":"x#1"})" + end, ok},
      {"{}" + end + "x" + end,
       ok + R"({"sluice":"error","why":"this is no object of JSON, such as {\"subscribe\": [\"shop.*\"]}"})" +
           end},
      {R"({"subscribe":["a"]})" + end,
       R"({"sluice":"error","why":"table pattern 'a' names no database; expected database.table, such as shop.* or *.a"})" +
           end},
      {std::string(70'000, 'x'), R"({"sluice":"error","why":"a request of more than 64 KiB"})" + end, false},
  };
  check({.protocol = Protocol::Delimiter}, kCases);
}

TEST(Dialog, OfCommands) {
  const Case kCases[] = {
      {command(3, ""), command(3, "ok")},
      {command(3, "").substr(0, 5), ""},
      {command(0, "\0shop\\."s) + command(0, "\0"s) + command(0, "\1"),
       command(0, "ok") + command(0, "ok") + command(0, "ok")},
      {command(0, "\2"), command(2, "a topic begins with the byte 0, a ping with 1")},
      {command(1, "any"), command(1, "ok")},
      {command(6, ""), command(2, "the command 6 is not for subscribers")},
      {command(9, "x#1"), command(9, "ok")},
      {"\1\0\0\0\3\0"s, command(2, "a frame of 1 bytes, of 2 to 65536"), false},
      {"GET / HTTP/1.1\r\n\r\n", command(2, "a frame of 542393671 bytes, of 2 to 65536"), false},
  };
  check({.protocol = Protocol::Command}, kCases);
  EXPECT_EQ(command(0x0102, "xyz"), "\5\0\0\0\2\1xyz"s);
}

TEST(Dialog, AsksForAToken) {
  Door door{.protocol = Protocol::Command, .tokens = {Secret("one"), Secret("two")}};
  const Case kCases[] = {
      {command(1, "two") + command(0, "\0"s), command(1, "ok") + command(0, "ok")},
      {command(1, "thr"), command(2, "the token is not known"), false},
      {command(0, "\0"s), command(2, "a token is asked for first, by the command 1"), false},
  };
  check(door, kCases);
  auto dialog = Dialog::make(door);
  EXPECT_FALSE(dialog->admitted());
  hear(*dialog, command(1, "one"), 100);
  EXPECT_TRUE(dialog->admitted());
}

TEST(Dialog, CommandsAddTopicsOfWhichAnyPartMayMatch) {
  const Door door{.protocol = Protocol::Command};
  auto dialog = Dialog::make(door);
  EXPECT_TRUE(dialog->subscription().wants("any.thing"));
  hear(*dialog, command(0, "\0op.o"s) + command(0, "\0^x\\."s), 100);
  for (auto [topic, wanted] :
       {std::pair("shop.orders", true), {"shop.t", false}, {"x.y", true}, {"ax.y", false}}) {
    EXPECT_EQ(dialog->subscription().wants(topic), wanted) << topic;
  }
  hear(*dialog, command(0, "\0"s), 100);
  EXPECT_TRUE(dialog->subscription().wants("shop.t"));
}

TEST(Dialog, AllOfARequestOrNothing) {
  const Door door{.protocol = Protocol::Delimiter};
  auto dialog = Dialog::make(door);
  std::string end(kDelimiter);
  hear(*dialog, R"({"subscribe":["a.*"],"operations":["insert"],"after":"x#1"})" + end, 100);
  EXPECT_EQ(dialog->take_after(), "x#1");
  EXPECT_EQ(dialog->take_after(), std::nullopt);
  hear(*dialog, R"({"subscribe":["b.*"],"operations":["x"],"after":"x#2"})" + end, 100);
  hear(*dialog, R"({"subscribe":["b"],"operations":["delete"],"after":"x#2"})" + end, 100);
  EXPECT_EQ(dialog->take_after(), std::nullopt);
  EXPECT_TRUE(dialog->subscription().wants("a.t") && !dialog->subscription().wants("b.t"));
  EXPECT_TRUE(dialog->subscription().wants(Op::Insert) && !dialog->subscription().wants(Op::Delete));
}

TEST(Dialog, WhatIsAskedForBeforeTheTokenIsLookedAtBehindIt) {
  RowRules rules;
  const Door door{.protocol = Protocol::WebSocket, .tokens = {Secret("one")}, .rules = &rules};
  auto dialog = Dialog::make(door);
  Heard heard = hear(*dialog,
                     "GET /?subscribe=a.*&where=no%20condition HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
                     "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                     "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
                     1000);
  EXPECT_TRUE(heard.stays && heard.out.starts_with("HTTP/1.1 101 ")) << heard.out;
  EXPECT_FALSE(dialog->admitted());
  auto say = [&](std::string_view text) {
    std::string frame = {'\x81', static_cast<char>(0x80 | text.size()), 0, 0, 0, 0};
    return hear(*dialog, frame.append(text), 1000).out.substr(2);
  };
  EXPECT_TRUE(say(R"({"token":"one"})").starts_with(R"({"sluice":"error","why":"where: )"));
  EXPECT_TRUE(dialog->subscription().everything());
  dialog = Dialog::make(door);
  hear(*dialog,
       "GET /?subscribe=a.*&operations=ddl HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: "
       "Upgrade\r\n"
       "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
       1000);
  EXPECT_EQ(say(R"({"token":"one","operations":["insert"]})"), R"({"sluice":"ok"})");
  EXPECT_TRUE(dialog->admitted());
  EXPECT_TRUE(dialog->subscription().wants("a.t") && !dialog->subscription().wants("b.t"));
  EXPECT_TRUE(dialog->subscription().wants(Op::Insert) && !dialog->subscription().wants(Op::Ddl));
}

}  // namespace
}  // namespace sluice::subscribers
