#include "net/http_server.h"

#include <fmt/core.h>
#include <poll.h>
#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "base/interrupt.h"
#include "crypto/hmac.h"
#include "net/http_head.h"

namespace sluice {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kMostConnections = 64;              // more wait to be taken
constexpr auto kPatience = std::chrono::seconds(2);  // with the other side of a connection
constexpr size_t kMostHead = 16 << 10;               // bytes of a request
constexpr auto kPause = std::chrono::seconds(1);     // after a connection that could not be taken

std::string_view words_of(int status) {
  switch (status) {
    case 200: return "OK";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 431: return "Request Header Fields Too Large";
    case 503: return "Service Unavailable";
    default: return "Internal Server Error";
  }
}

struct Connection {
  std::unique_ptr<Peer> peer;
  Clock::time_point patience;  // until when something must happen
  std::string in, out;
  size_t sent = 0;      // of `out`
  bool closes = false;  // once `out` is sent
  // It is sent, and what still comes in is not looked at: to close at once would take the answer back.
  bool drains = false;

  bool answers() const { return sent < out.size(); }
};

}  // namespace

struct HttpServer::Impl {
  std::unique_ptr<Listener> listener;
  std::vector<HttpPage> pages;
  std::string wanted;  // of the header Authorization; empty: nothing
  Interrupt stop;
  std::vector<Connection> connections;
  Clock::time_point accepts_from;  // until then none are taken
  std::thread thread;

  void run();
  // Until a connection brings or takes something, or its patience ends. Of `waits` the first two are stop's
  // and the listener's.
  bool wait(std::vector<pollfd>& waits);
  void take_connections();
  // False: it is over.
  bool serve(Connection& connection);
  bool take_requests(Connection& connection);
  bool send(Connection& connection);
  void answer(Connection& connection, const HttpHead& head);
  void put(Connection& connection, const HttpAnswer& answer, std::string_view headers = "", bool body = true);
};

void HttpServer::Impl::put(Connection& connection, const HttpAnswer& answer, std::string_view headers,
                           bool body) {
  connection.out = fmt::format("HTTP/1.1 {} {}\r\n{}Content-Type: {}\r\nContent-Length: {}\r\n{}\r\n{}",
                               answer.status, words_of(answer.status), headers, answer.type,
                               answer.body.size(), connection.closes ? "Connection: close\r\n" : "",
                               body ? std::string_view(answer.body) : std::string_view());
  connection.sent = 0;
}

void HttpServer::Impl::answer(Connection& connection, const HttpHead& head) {
  connection.closes = !head.keeps_alive;
  bool reads = head.method == "GET" || head.method == "HEAD";
  // What follows a body cannot be told from it without reading it, and nothing here takes one.
  if (!reads || head.header("transfer-encoding") || head.header("content-length").value_or("0") != "0") {
    connection.closes = true;
    return put(connection, {405, "text/plain", "there are only pages to GET, without a body\n"},
               "Allow: GET, HEAD\r\n");
  }
  if (!wanted.empty() && !same_secret(head.header("authorization").value_or(""), wanted)) {
    return put(connection, {401, "text/plain", "a token is asked for: Authorization: Bearer TOKEN\n"},
               "WWW-Authenticate: Bearer\r\n");
  }
  std::string_view path = head.target.substr(0, head.target.find('?'));
  auto page =
      std::find_if(pages.begin(), pages.end(), [&](const HttpPage& each) { return each.path == path; });
  bool body = head.method == "GET";
  if (page != pages.end()) return put(connection, page->answer(), "", body);
  std::string there = "there is no such page; there are:";
  for (const HttpPage& each : pages) there += " " + each.path;
  put(connection, {404, "text/plain", there + "\n"}, "", body);
}

bool HttpServer::Impl::send(Connection& connection) {
  while (connection.answers()) {
    auto sent = connection.peer->write(std::string_view(connection.out).substr(connection.sent));
    if (!sent) return false;
    if (*sent == 0) return true;
    connection.sent += *sent;
    connection.patience = Clock::now() + kPatience;
  }
  if (connection.closes) {
    connection.peer->end_writing();
    connection.drains = true;
  }
  return true;
}

bool HttpServer::Impl::take_requests(Connection& connection) {
  while (!connection.answers() && !connection.drains) {
    size_t end = connection.in.find("\r\n\r\n");
    bool whole = end != connection.in.npos, huge = std::min(end, connection.in.size()) > kMostHead;
    if (!whole && !huge) return true;
    auto head = huge ? tl::unexpected<std::string>("the request is too large")
                     : HttpHead::read(std::string_view(connection.in).substr(0, end + 4));
    if (head) {
      answer(connection, *head);
      connection.in.erase(0, end + 4);
    } else {
      connection.closes = true;
      put(connection, {huge ? 431 : 400, "text/plain", head.error() + "\n"});
    }
    if (!send(connection)) return false;
  }
  return true;
}

bool HttpServer::Impl::serve(Connection& connection) {
  if (connection.answers() && !(send(connection) && take_requests(connection))) return false;
  while (!connection.answers()) {
    char part[4096];
    auto taken = connection.peer->read(part, sizeof part);
    if (!taken) return false;
    if (*taken == 0) return true;
    if (connection.drains) return true;
    connection.in.append(part, *taken);
    if (!take_requests(connection)) return false;
  }
  return true;
}

void HttpServer::Impl::take_connections() {
  while (connections.size() < kMostConnections) {
    auto peer = listener->accept();
    if (!peer) accepts_from = Clock::now() + kPause;
    if (!peer || !*peer) return;
    connections.push_back(
        {.peer = std::move(*peer), .patience = Clock::now() + kPatience, .in = {}, .out = {}});
  }
}

bool HttpServer::Impl::wait(std::vector<pollfd>& waits) {
  auto now = Clock::now();
  bool room = connections.size() < kMostConnections && accepts_from <= now;
  // poll() passes a negative descriptor over.
  waits = {{stop.descriptor(), POLLIN, 0}, {room ? listener->descriptor() : -1, POLLIN, 0}};
  auto until = accepts_from > now ? accepts_from : Clock::time_point::max();
  for (const Connection& each : connections) {
    bool writes = each.answers() || each.peer->reads_by_writing();
    waits.push_back({each.peer->descriptor(), static_cast<short>(writes ? POLLOUT : POLLIN), 0});
    until = std::min(until, each.patience);
  }
  int wait_ms = -1;
  if (until != Clock::time_point::max()) {
    wait_ms = static_cast<int>(
        std::max<int64_t>(std::chrono::ceil<std::chrono::milliseconds>(until - now).count(), 0));
  }
  return ::poll(waits.data(), waits.size(), wait_ms) >= 0;
}

void HttpServer::Impl::run() {
  std::vector<pollfd> waits;
  while (!stop.raised()) {
    if (!wait(waits)) continue;  // a signal
    auto now = Clock::now();
    for (size_t i = connections.size(); i-- > 0;) {
      bool stays = connections[i].patience > now && (waits[i + 2].revents == 0 || serve(connections[i]));
      if (!stays) connections.erase(connections.begin() + static_cast<ptrdiff_t>(i));
    }
    if (waits[1].revents != 0) take_connections();
  }
}

Result<std::unique_ptr<HttpServer>> HttpServer::start(const ListenAddress& address,
                                                      std::vector<HttpPage> pages, const std::string& token) {
  auto impl = std::make_unique<Impl>();
  SLUICE_ASSIGN(listener, Listener::open(address, {}));
  impl->listener = std::move(listener);
  impl->pages = std::move(pages);
  if (!token.empty()) impl->wanted = "Bearer " + token;
  impl->thread = std::thread([raw = impl.get()] { raw->run(); });
  ::pthread_setname_np(impl->thread.native_handle(), "http");
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

HttpServer::~HttpServer() {
  impl_->stop.raise();
  impl_->thread.join();
}

uint16_t HttpServer::port() const { return impl_->listener->port(); }

}  // namespace sluice
