#include "net/http_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace sluice {
namespace {

TEST(ListenAddress, IsHostAndPort) {
  struct Case {
    const char *text, *host;
    int port;  // -1: refused
    bool loopback;
  };
  for (const Case& c :
       {Case{"9187", "127.0.0.1", 9187, true}, Case{"127.0.0.1:9187", "127.0.0.1", 9187, true},
        Case{"localhost:0", "localhost", 0, true}, Case{"[::1]:80", "::1", 80, true},
        Case{"0.0.0.0:80", "0.0.0.0", 80, false}, Case{"[::]:80", "::", 80, false},
        Case{"example.org:1", "example.org", 1, false}, Case{"", "", -1, false},
        Case{"127.0.0.1", "", -1, false}, Case{"127.0.0.1:", "", -1, false}, Case{":80", "", -1, false},
        Case{"::1:80", "", -1, false}, Case{"a:65536", "", -1, false}, Case{"a:-1", "", -1, false},
        Case{"a:8 ", "", -1, false}}) {
    auto parsed = ListenAddress::parse(c.text);
    ASSERT_EQ(parsed.has_value(), c.port >= 0) << c.text;
    if (!parsed) {
      EXPECT_EQ(parsed.error().fault, Fault::Usage) << c.text;
      continue;
    }
    EXPECT_EQ(parsed->host, c.host) << c.text;
    EXPECT_EQ(parsed->port, c.port) << c.text;
    EXPECT_EQ(parsed->is_loopback(), c.loopback) << c.text;
  }
}

std::string ask(uint16_t port, const std::string& request) {
  int connection = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(connection, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    ::close(connection);
    return "no connection";
  }
  EXPECT_EQ(::send(connection, request.data(), request.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(request.size()));
  timeval patience{0, 500'000};  // with a server that waits for more of what makes no sense
  ::setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  std::string answer;
  char part[4096];
  for (ssize_t n; (n = ::recv(connection, part, sizeof part, 0)) > 0;)
    answer.append(part, static_cast<size_t>(n));
  ::close(connection);
  return answer;
}

std::string get(const std::string& path, const std::string& headers = "") {
  return "GET " + path + " HTTP/1.1\r\nHost: here\r\nConnection: close\r\n" + headers + "\r\n";
}

TEST(HttpServer, AnswersItsPagesAndNothingElse) {
  auto server = HttpServer::start({"127.0.0.1", 0}, {{"/metrics",
                                                      [] {
                                                        return HttpAnswer{200, "text/plain", "a 1\n"};
                                                      }},
                                                     {"/health", [] {
                                                        return HttpAnswer{503, "text/plain", "ill\n"};
                                                      }}});
  ASSERT_TRUE(server) << server.error().what;
  uint16_t port = (*server)->port();
  std::string answer = ask(port, get("/metrics"));
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 ")) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\na 1\n")) << answer;
  EXPECT_TRUE(ask(port, get("/health")).starts_with("HTTP/1.1 503 "));
  EXPECT_TRUE(ask(port, get("/../etc/passwd")).starts_with("HTTP/1.1 404 "));
  EXPECT_TRUE(ask(port, "POST /metrics HTTP/1.1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
                  .starts_with("HTTP/1.1 405 "));
  for (const std::string& garbage : {std::string("\0\x01\xff\r\n\r\n", 8), std::string(100'000, 'x'),
                                     "GET / HTTP/1.1\r\n" + std::string(100'000, 'h') + ": 1\r\n\r\n"}) {
    EXPECT_FALSE(ask(port, garbage).starts_with("HTTP/1.1 200"));
  }
  EXPECT_TRUE(ask(port, get("/metrics")).starts_with("HTTP/1.1 200 ")) << "it lives on";
  server->reset();
  EXPECT_EQ(ask(port, get("/metrics")), "no connection");
}

size_t count(const std::string& text, std::string_view part) {
  size_t found = 0;
  for (size_t at = 0; (at = text.find(part, at)) != text.npos; at += part.size()) ++found;
  return found;
}

TEST(HttpServer, SpeaksHttpAsItsClientsDo) {
  auto server = HttpServer::start({"127.0.0.1", 0}, {{"/metrics", [] {
                                                        return HttpAnswer{200, "text/plain", "a 1\n"};
                                                      }}});
  ASSERT_TRUE(server) << server.error().what;
  uint16_t port = (*server)->port();
  const std::string one = "GET /metrics?x=1 HTTP/1.1\r\nHost: here\r\n\r\n";
  std::string both = ask(port, one + get("/metrics"));
  EXPECT_EQ(count(both, "HTTP/1.1 200 OK\r\n"), 2u) << both;
  EXPECT_EQ(count(both, "Connection: close\r\n"), 1u) << both;
  std::string head = ask(port, "HEAD /metrics HTTP/1.1\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(head.ends_with("Content-Length: 4\r\nConnection: close\r\n\r\n")) << head;
  std::string old = ask(port, "GET /metrics HTTP/1.0\r\n\r\n" + one);
  EXPECT_EQ(count(old, "HTTP/1.1 "), 1u) << old;
  // What a body holds is no request.
  std::string body =
      ask(port, "GET /metrics HTTP/1.1\r\nContent-Length: " + std::to_string(one.size()) + "\r\n\r\n" + one);
  EXPECT_EQ(count(body, "HTTP/1.1 "), 1u) << body;
  EXPECT_TRUE(body.starts_with("HTTP/1.1 405 ")) << body;
  EXPECT_TRUE(ask(port, "GET metrics HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(
      ask(port, get("/metrics", "X: " + std::string(20'000, 'x') + "\r\n")).starts_with("HTTP/1.1 431 "));
}

TEST(HttpServer, AsksForItsToken) {
  auto server = HttpServer::start({"127.0.0.1", 0},
                                  {{"/metrics",
                                    [] {
                                      return HttpAnswer{200, "text/plain", "a 1\n"};
                                    }}},
                                  "secret");
  ASSERT_TRUE(server) << server.error().what;
  uint16_t port = (*server)->port();
  EXPECT_TRUE(ask(port, get("/metrics")).starts_with("HTTP/1.1 401 "));
  EXPECT_TRUE(ask(port, get("/metrics", "Authorization: Bearer wrong!\r\n")).starts_with("HTTP/1.1 401 "));
  EXPECT_TRUE(ask(port, get("/metrics", "Authorization: Bearer secret\r\n")).starts_with("HTTP/1.1 200 "));
}

TEST(HttpServer, APortThatIsTakenIsAFault) {
  auto first = HttpServer::start({"127.0.0.1", 0}, {});
  ASSERT_TRUE(first) << first.error().what;
  auto second = HttpServer::start({"127.0.0.1", (*first)->port()}, {});
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().what.find("Address already in use"), std::string::npos) << second.error().what;
  EXPECT_FALSE(HttpServer::start({"192.0.2.1", 1}, {}));
}

}  // namespace
}  // namespace sluice
