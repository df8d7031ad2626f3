#include "sink/http/http_sink.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <mutex>

#include "crypto/hmac.h"
#include "support/allocations.h"
#include "support/delivery.h"
#include "support/http_server.h"

namespace sluice::test {
namespace {

using Given = std::vector<std::pair<std::string, std::string>>;

// A target whose answers are told beforehand, one a request; behind the last of them all is well.
struct Target {
  std::mutex mutex;
  std::vector<HttpServer::Request> requests;
  std::vector<std::string> answers;
  HttpServer::Answer decide;  // instead of the answers
  HttpServer server{[this](const HttpServer::Request& request) -> std::optional<std::string> {
    std::lock_guard lock(mutex);
    requests.push_back(request);
    if (decide) return decide(request);
    if (requests.size() > answers.size()) return HttpServer::reply(204);
    return answers[requests.size() - 1];
  }};

  std::vector<std::string> bodies() {
    std::lock_guard lock(mutex);
    std::vector<std::string> found;
    for (const auto& request : requests) found.push_back(request.body);
    return found;
  }
};

std::unique_ptr<Sink> make_sink(const std::string& url, const Given& given = {}) {
  Settings settings(http_sink.options);
  EXPECT_TRUE(settings.set("url", {url}, "test"));
  EXPECT_TRUE(settings.set("timeout", {"20s"}, "test"));
  for (const auto& [name, value] : given) EXPECT_TRUE(settings.set(name, {value}, "test"));
  auto made = http_sink.make(settings);
  EXPECT_TRUE(made) << made.error().what;
  EXPECT_TRUE((*made)->open(""));
  return std::move(*made);
}

using Bodies = std::vector<std::string>;

TEST(HttpSink, EachBodyIsAsItIsCalled) {
  struct Case {
    std::string body;
    Bodies expected;
    std::string type;
  };
  const Case cases[] = {
      {"change", {"{\"a\":1}", "{\"b\":2}", "{\"c\":3}"}, "application/json"},
      {"array", {"[{\"a\":1},{\"b\":2},{\"c\":3}]"}, "application/json"},
      {"ndjson", {"{\"a\":1}\n{\"b\":2}\n{\"c\":3}\n"}, "application/x-ndjson"},
      {"form",
       {"event_data=%7B%22a%22%3A1%7D", "event_data=%7B%22b%22%3A2%7D", "event_data=%7B%22c%22%3A3%7D"},
       "application/x-www-form-urlencoded"},
  };
  for (const Case& each : cases) {
    Target target;
    auto sink = make_sink(target.server.url() + "/in", {{"body", each.body}, {"method", "PUT"}});
    Lines kept(1);
    kept.add("{\"a\":1}");
    kept.add("{\"b\":2}");
    kept.add("");
    kept.no_value();  // a tombstone: nothing to send
    kept.add("{\"c\":3}");
    ASSERT_TRUE(sink->write(kept.delivery())) << each.body;
    EXPECT_EQ(target.bodies(), each.expected) << each.body;
    const auto& request = target.requests.front();
    EXPECT_EQ(request.method, "PUT");
    EXPECT_EQ(request.target, "/in");
    EXPECT_EQ(request.header("content-type"), each.type) << each.body;
    EXPECT_EQ(request.header("expect"), "");
  }
}

TEST(HttpSink, HeadersAreSent) {
  Target target;
  auto sink = make_sink(target.server.url(),
                        {{"headers", "X-Tenant: 7"}, {"bearer", "the token"}, {"hmac_secret", "key"}});
  Lines lines(1, {"text"});
  lines.header("ce_type", "a\nb");
  Lines typed(2, {"text"});
  typed.header("Content-type", "text/of-the-format");
  ASSERT_TRUE(sink->write(lines.delivery()));
  const auto& request = target.requests.at(0);
  EXPECT_EQ(request.header("content-type"), "application/octet-stream");
  EXPECT_EQ(request.header("x-tenant"), "7");
  EXPECT_EQ(request.header("ce_type"), "a%0Ab");
  EXPECT_EQ(request.header("authorization"), "Bearer the token");
  EXPECT_EQ(request.header("idempotency-key"), "tx1#0");
  EXPECT_TRUE(request.header("user-agent").starts_with("sluice/")) << request.header("user-agent");
  HmacSha256 hmac{Secret("key")};
  Bytes expected;
  hmac.add(request.header("x-sluice-timestamp") + ".text");
  hmac.append_hex(expected);
  EXPECT_EQ(request.header("x-sluice-signature"), "sha256=" + std::string(expected.view()));
  ASSERT_TRUE(sink->write(typed.delivery()));
  for (auto& [name, value] : target.requests.at(1).headers) {
    EXPECT_FALSE(name.starts_with("Content-") && value == "text/of-the-format") << "a second content type";
  }
  EXPECT_EQ(target.requests[1].header("content-type"), "application/octet-stream");
}

TEST(HttpSink, BasicAuthenticationIsSent) {
  Target target;
  auto sink = make_sink(target.server.url(), {{"user", "me"}, {"password", "p:w"}});
  ASSERT_TRUE(sink->write(Lines(1, {"x"}).delivery()));
  EXPECT_EQ(target.requests.at(0).header("authorization"), "Basic bWU6cDp3");
}

TEST(HttpSink, ARequestEndsWhereItsBoundsAre) {
  Target target;
  auto sink = make_sink(target.server.url() + "/{table}",
                        {{"body", "ndjson"}, {"max_changes", "3"}, {"max_bytes", "1KiB"}});
  Lines lines(1);
  for (int i = 0; i < 4; ++i) lines.add(std::to_string(i));
  for (int i = 0; i < 2; ++i) lines.add(std::string(600, static_cast<char>('a' + i)));
  lines.add(std::string(5000, 'x'));
  lines.add("5", "t/2");
  lines.add("6", "t/2");
  ASSERT_TRUE(sink->write(lines.delivery()));
  EXPECT_EQ(target.bodies(), (Bodies{"0\n1\n2\n", "3\n" + std::string(600, 'a') + "\n",
                                     std::string(600, 'b') + "\n", std::string(5000, 'x') + "\n", "5\n6\n"}));
  EXPECT_EQ(target.requests.at(0).target, "/lines");
  EXPECT_EQ(target.requests.at(4).target, "/t%2F2");
  EXPECT_EQ(target.requests.at(0).header("idempotency-key"), "tx1#0..tx1#2/3");
}

// What each status makes of a delivery of one message.
TEST(HttpSink, EachStatusHasItsMeaning) {
  enum Outcome { Delivered, Retry, Ends, Refused };
  const std::pair<int, Outcome> cases[] = {
      {200, Delivered}, {201, Delivered}, {202, Delivered}, {204, Delivered}, {299, Delivered},
      {301, Ends},      {302, Ends},      {303, Ends},      {307, Ends},      {308, Ends},
      {400, Refused},   {401, Retry},     {403, Retry},     {404, Refused},   {405, Refused},
      {407, Retry},     {408, Retry},     {409, Refused},   {410, Refused},   {413, Refused},
      {415, Refused},   {422, Refused},   {425, Retry},     {429, Retry},     {451, Refused},
      {500, Retry},     {501, Retry},     {502, Retry},     {503, Retry},     {504, Retry},
      {599, Retry},     {600, Retry},     {999, Retry},
  };
  for (auto [status, outcome] : cases) {
    Target target;
    target.answers = {
        HttpServer::reply(status, "in words\r\nof the server", "Location: http://elsewhere/\r\n")};
    auto sink = make_sink(target.server.url() + "/in?token=hidden");
    Lines lines(1, {"x"});
    auto done = sink->write(lines.delivery());
    EXPECT_EQ(done.has_value(), outcome == Delivered || outcome == Refused) << status;
    EXPECT_EQ(sink->refused().size(), outcome == Refused ? 1u : 0u) << status;
    std::string why = outcome == Refused ? sink->refused()[0].why : done ? "" : done.error().what;
    Fault expected = outcome == Retry ? Fault::Retryable : Fault::Fatal;
    EXPECT_TRUE(done || done.error().fault == expected) << status << " " << why;
    EXPECT_EQ(why.find("hidden"), why.npos) << why;
    if (outcome != Delivered) {
      EXPECT_NE(why.find(fmt::format("/in: the answer is {}: in words  of the server", status)), why.npos)
          << why;
    }
    EXPECT_EQ(why.find("'http://elsewhere/'; say url") != why.npos, outcome == Ends) << why;
  }
}

TEST(HttpSink, RedirectionsAreFollowedWhereToldSo) {
  Target target;
  target.answers = {HttpServer::reply(301, "", "Location: /new\r\n"),
                    HttpServer::reply(307, "", "Location: /newest\r\n")};
  auto sink = make_sink(target.server.url() + "/old", {{"follow_redirects", "true"}});
  ASSERT_TRUE(sink->write(Lines(1, {"x"}).delivery()));
  EXPECT_EQ(target.bodies(), (Bodies{"x", "x", "x"}));
  EXPECT_EQ(target.requests.at(2).target, "/newest");
  EXPECT_EQ(target.requests.at(2).method, "POST");
}

TEST(HttpSink, RedirectionsWithoutEndAreAFailure) {
  Target target;
  target.decide = [](const auto&) { return HttpServer::reply(302, "", "Location: /again\r\n"); };
  auto sink = make_sink(target.server.url(), {{"follow_redirects", "true"}});
  auto done = sink->write(Lines(1, {"x"}).delivery());
  ASSERT_FALSE(done);
  EXPECT_NE(done.error().what.find("it points on and on"), std::string::npos) << done.error().what;
  EXPECT_EQ(target.bodies().size(), 6u);
}

TEST(HttpSink, APauseThatTheServerAsksForIsTold) {
  const std::pair<std::string, std::pair<int, int>> cases[] = {
      {"Retry-After: 120\r\n", {120, 120}},
      {"Retry-After: 0\r\n", {0, 0}},
      {"Retry-After: 99999999\r\n", {3600, 3600}},
      {"Retry-After: soon\r\n", {0, 0}},
      {"Retry-After: -5\r\n", {0, 0}},
      {"", {0, 0}},
      {"Retry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\n", {0, 0}},
      {"Retry-After: Fri, 31 Dec 2099 23:59:59 GMT\r\n", {3600, 3600}},
  };
  for (int status : {429, 503}) {
    for (const auto& [header, seconds] : cases) {
      Target target;
      target.answers = {HttpServer::reply(status, "", header)};
      auto sink = make_sink(target.server.url());
      Lines lines(1, {"x"});
      ASSERT_FALSE(sink->write(lines.delivery()));
      auto asked = std::chrono::duration_cast<std::chrono::seconds>(sink->pause()).count();
      EXPECT_GE(asked, seconds.first) << header;
      EXPECT_LE(asked, seconds.second) << header;
      ASSERT_TRUE(sink->write(lines.delivery()));
      EXPECT_EQ(sink->pause().count(), 0) << "left over from " << header;
    }
  }
}

// The one bad change among many is found, and all others are delivered, in order.
TEST(HttpSink, WhatIsRefusedIsFoundByHalves) {
  for (int status : {400, 413, 422}) {
    for (size_t bad : {0, 1, 36, 99, 100}) {  // 100: none
      Target target;
      std::vector<std::string> taken;
      target.decide = [&](const HttpServer::Request& request) {
        if (request.body.find("bad") != std::string::npos) return HttpServer::reply(status, "no");
        taken.push_back(request.body);
        return HttpServer::reply(200);
      };
      auto sink = make_sink(target.server.url(), {{"body", "ndjson"}});
      Lines lines(1);
      std::string expected;
      for (size_t i = 0; i < 100; ++i) {
        lines.add(i == bad ? "bad" : std::to_string(1000 + i));
        if (i != bad) expected += std::to_string(1000 + i) + "\n";
      }
      ASSERT_TRUE(sink->write(lines.delivery()));
      std::string all;
      for (const std::string& body : taken) all += body;
      EXPECT_EQ(all, expected) << status << ", bad at " << bad;
      ASSERT_EQ(sink->refused().size(), bad == 100 ? 0u : 1u) << status << ", bad at " << bad;
      EXPECT_TRUE(bad == 100 || sink->refused()[0].message == bad) << sink->refused()[0].message;
      // Of a request that is too large the server cannot tell which change is: it gets smaller ones for good.
      EXPECT_LE(target.bodies().size(), status == 413 ? 110u : 25u) << status << ", bad at " << bad;
    }
  }
}

TEST(HttpSink, AServerThatTakesOnlySmallRequestsGetsThem) {
  Target target;
  target.decide = [](const HttpServer::Request& request) {
    return HttpServer::reply(request.body.size() > 300 ? 413 : 200);
  };
  auto sink = make_sink(target.server.url(), {{"body", "ndjson"}});
  for (uint64_t batch = 1; batch <= 2; ++batch) {
    Lines lines(batch);
    for (int i = 0; i < 100; ++i) lines.add("123456789");
    ASSERT_TRUE(sink->write(lines.delivery()));
    EXPECT_TRUE(sink->refused().empty());
  }
  // The second delivery does not try again what was too much for the first.
  EXPECT_EQ(target.bodies().size(), 2u + 5u + 5u);
  EXPECT_EQ(target.bodies()[2].size(), 240u);
}

TEST(HttpSink, ConnectionsKeepTheOrderOfEachKey) {
  Target target;
  std::atomic<int> unlucky = 40;
  target.decide = [&](const HttpServer::Request&) {
    return HttpServer::reply(unlucky-- % 10 == 1 ? 500 : 200);
  };
  auto sink = make_sink(target.server.url(), {{"connections", "4"}});
  Lines lines(1);
  for (int i = 0; i < 200; ++i) {
    lines.add(fmt::format("{} {}", i % 17, i));
    lines.key(std::to_string(i % 17));
  }
  int tries = 1;
  while (!sink->write(lines.delivery())) ASSERT_LT(++tries, 10);
  EXPECT_GT(tries, 1);
  // Of each key: in order, and a repeat only behind a failure, before anything that follows.
  std::vector<int> last(17, -1), seen(200, 0);
  std::vector<int> connections;
  for (const auto& request : target.requests) {
    int key = std::stoi(request.body), i = std::stoi(request.body.substr(request.body.find(' ')));
    EXPECT_GE(i, last[key]) << request.body;
    last[key] = i;
    ++seen[i];
    connections.push_back(request.connection);
  }
  EXPECT_EQ(std::count(seen.begin(), seen.end(), 0), 0);
  EXPECT_LE(target.requests.size(), 204u) << "more than what was refused came again";
  std::sort(connections.begin(), connections.end());
  connections.erase(std::unique(connections.begin(), connections.end()), connections.end());
  EXPECT_EQ(connections.size(), 4u);
}

// So many changes more in a request, and not one allocation more.
TEST(HttpSink, AChangeTakesNoMemoryOfItsOwn) {
  Target target;
  auto sink = make_sink(
      target.server.url(),
      {{"body", "array"}, {"max_changes", "100000"}, {"max_bytes", "10MB"}, {"hmac_secret", "key"}});
  uint64_t batch = 0;
  auto written = [&](int count) {
    Lines lines(++batch);
    for (int i = 0; i < count; ++i) lines.add("{\"a\":1}");
    Delivery delivery = lines.delivery();
    size_t before = allocations();
    EXPECT_TRUE(sink->write(delivery));
    return allocations() - before;
  };
  written(10'000);  // makes room
  size_t few = written(10), many = written(10'000);
  EXPECT_LE(many, few + 10) << "of 10 and of 10,000 changes";
  EXPECT_EQ(target.bodies().size(), 3u);
}

// Each is no answer: the same delivery comes again, and what was answered before does not.
TEST(HttpSink, BrokenAnswersAreAskedForAgain) {
  const std::string big(300 << 10, 'x');
  const std::string cases[] = {
      "HTTP/1.1 2",
      "HTTP/1.1\r\n\r\n",
      "HTTP/1.1 abc def\r\n\r\n",
      "HTTP/9.9 200 OK\r\n\r\n",
      "nonsense\r\n\r\n",
      std::string(1000, '\0'),
      "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
      "HTTP/1.1 200 OK\r\nX: " + big + "\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX: 1\r\n",
  };
  for (const std::string& broken : cases) {
    Target target;
    int count = 0;
    target.decide = [&](const HttpServer::Request&) -> std::optional<std::string> {
      return ++count == 2 ? broken : HttpServer::reply(200);
    };
    auto sink = make_sink(target.server.url());
    Lines lines(1, {"a", "b", "c"});
    // Where nothing of an answer came over a connection that was in use, the client itself asks again.
    auto done = sink->write(lines.delivery());
    if (!done) {
      EXPECT_EQ(done.error().fault, Fault::Retryable) << done.error().what;
      done = sink->write(lines.delivery());
    }
    ASSERT_TRUE(done) << done.error().what;
    EXPECT_EQ(target.bodies(), (Bodies{"a", "b", "b", "c"})) << broken.substr(0, 80);
  }
}

// A server closes what was idle for long, and may do so while the next request is under way.
TEST(HttpSink, AConnectionThatTheServerClosedIsOpenedAnew) {
  Target target;
  target.answers = {HttpServer::reply(200), ""};
  auto sink = make_sink(target.server.url());
  ASSERT_TRUE(sink->write(Lines(1, {"a", "b", "c"}).delivery()));
  EXPECT_EQ(target.bodies(), (Bodies{"a", "b", "b", "c"}));
}

TEST(HttpSink, AHugeBodyOfAnAnswerIsNotRead) {
  Target target;
  target.answers = {HttpServer::reply(500, std::string(1 << 20, 'y')),
                    HttpServer::reply(200, std::string(1 << 20, 'y'))};
  auto sink = make_sink(target.server.url());
  Lines lines(1, {"a"});
  auto done = sink->write(lines.delivery());
  ASSERT_FALSE(done);
  EXPECT_NE(done.error().what.find("500: " + std::string(200, 'y')), std::string::npos) << done.error().what;
  EXPECT_LT(done.error().what.size(), 300u);
  ASSERT_TRUE(sink->write(lines.delivery()));
}

TEST(HttpSink, SilenceEndsWithThePatience) {
  Target target;
  target.decide = [](const HttpServer::Request&) { return std::nullopt; };
  auto sink = make_sink(target.server.url(), {{"timeout", "100ms"}});
  auto done = sink->write(Lines(1, {"a"}).delivery());
  ASSERT_FALSE(done);
  EXPECT_NE(done.error().what.find("no answer within 0.1 s"), std::string::npos) << done.error().what;
}

TEST(HttpSink, NobodyThereIsSaidSo) {
  std::string url;
  {
    Target target;
    url = target.server.url();
  }
  auto sink = make_sink(url);
  auto done = sink->write(Lines(1, {"a"}).delivery());
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().fault, Fault::Retryable);
  EXPECT_NE(done.error().what.find("POST " + url), std::string::npos) << done.error().what;
}

TEST(HttpSink, AnAddressThatIsNoneEndsIt) {
  Target target;
  auto sink = make_sink(target.server.url() + "/{table}");
  Lines lines(1);
  lines.add("a", "http://bad host/");
  auto done = sink->write(lines.delivery());
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().fault, Fault::Fatal) << done.error().what;
}

}  // namespace
}  // namespace sluice::test
