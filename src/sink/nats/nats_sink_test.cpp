// Which order a stream ends with, whatever it already knows of the messages.
#include "sink/nats/nats_sink.h"

#include <gtest/gtest.h>

#include "base/check.h"
#include "support/delivery.h"
#include "support/nats_server.h"

namespace sluice {
namespace {

using test::Lines;
using test::NatsServer;

class NatsOrder : public testing::Test {
 protected:
  NatsOrder() { server_.remove_stream(); }

  std::unique_ptr<Sink> sink(const std::string& note = "") {
    Settings settings(nats_sink.options);
    const std::pair<const char*, std::string> choices[] = {
        {"servers", server_.url()}, {"to", "lines"},       {"stream", NatsServer::kStream},
        {"create_stream", "true"},  {"storage", "memory"}, {"timeout", "60s"}};
    for (const auto& [name, value] : choices) CHECK(settings.set(name, {value}, "test"));
    auto made = nats_sink.make(settings);
    CHECK(made);
    auto opened = (*made)->open(note);
    CHECK(opened);
    return std::move(*made);
  }
  // The note that a sink leaves which began with `note`.
  std::string deliver(const Lines& lines, const std::string& note = "") {
    auto made = sink(note);
    auto written = made->write(lines.delivery());
    EXPECT_TRUE(written) << written.error().what;
    return made->note();
  }
  // Of the change `i` of the batch `sequence` as Lines numbers them: all before it are refused before they
  // are sent.
  static Lines alone(uint64_t sequence, size_t i, std::string_view text) {
    Lines lines(sequence);
    for (size_t earlier = 0; earlier < i; ++earlier) lines.add("x", "not a subject");
    lines.add(text);
    return lines;
  }

  NatsServer& server_ = NatsServer::shared();
};

TEST_F(NatsOrder, ARepeatIsNotKeptTwice) {
  Lines lines(5, {"a", "b", "c"});
  deliver(lines);
  deliver(lines);
  EXPECT_EQ(server_.stream(), "a\nb\nc\n");
}

TEST_F(NatsOrder, WhatWasTakenBeforeWhatPrecedesItComesAgain) {
  deliver(alone(5, 1, "b"));
  Lines lines(5, {"a", "b", "c"});
  deliver(lines);
  const std::string all = server_.stream();
  EXPECT_TRUE(all.starts_with("b\na\n")) << all;
  EXPECT_TRUE(all.ends_with("b\nc\n")) << all;
  // A process that died then and begins again finds everything in its place.
  deliver(lines);
  EXPECT_EQ(server_.stream(), all);
}

TEST_F(NatsOrder, ADeathWhileItComesAgainIsMended) {
  deliver(alone(5, 1, "b"));
  deliver(alone(5, 0, "a"));  // and no further
  deliver(Lines(5, {"a", "b"}));
  EXPECT_EQ(server_.stream(), "b\na\nb\n");
}

TEST_F(NatsOrder, ThePlaceOfTheCheckpointCounts) {
  deliver(Lines(6, {"c", "d"}));
  std::string note = deliver(Lines(5, {"a"}));  // as where the ids of the first ones are forgotten
  EXPECT_EQ(note, "lines 3");
  EXPECT_EQ(deliver(Lines(6, {"c", "d"}), note), "lines 5");
  EXPECT_EQ(server_.stream(), "c\nd\na\nc\nd\n");
  // And again, as after a death before the next checkpoint.
  EXPECT_EQ(deliver(Lines(6, {"c", "d"}), note), "lines 5");
  EXPECT_EQ(server_.stream(), "c\nd\na\nc\nd\n");
}

TEST_F(NatsOrder, AStreamMadeAnewBeginsAgain) {
  deliver(Lines(5, {"a", "b"}));
  server_.remove_stream();
  EXPECT_EQ(deliver(Lines(6, {"c", "d"}), "lines 900 other 5"), "lines 2 other 5");
  EXPECT_EQ(server_.stream(), "c\nd\n");
}

TEST_F(NatsOrder, MessagesOfOneChangeAreToldApart) {
  Lines lines(5, {"old", "new"});
  lines.same_change();
  deliver(lines);
  EXPECT_EQ(server_.stream(), "old\nnew\n");
}

TEST_F(NatsOrder, ALineEndInAHeaderIsARefusal) {
  Lines lines(5);
  lines.add("a");
  lines.header("h", "one\r\nNats-Rollup: all");
  lines.add("b");
  lines.key("k\n");
  lines.add("c");
  auto made = sink();
  ASSERT_TRUE(made->write(lines.delivery()));
  ASSERT_EQ(made->refused().size(), 2u);
  EXPECT_EQ(made->refused()[0].why, "its header 'h' has a line end or a zero byte in it");
  EXPECT_EQ(made->refused()[1].why, "its header 'key' has a line end or a zero byte in it");
  EXPECT_EQ(server_.stream(), "c\n");
}

}  // namespace
}  // namespace sluice
