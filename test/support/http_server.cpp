#include "support/http_server.h"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>

#include "base/check.h"

namespace sluice::test {
namespace {

constexpr std::string_view kEnd = "\r\n\r\n";

// Of the lines between the first and the empty one.
void read_headers(std::string_view head, HttpServer::Request& request) {
  size_t space = head.find(' '), second = head.find(' ', space + 1);
  request.method = head.substr(0, space);
  request.target = head.substr(space + 1, second - space - 1);
  head.remove_prefix(head.find("\r\n") + 2);
  while (!head.empty()) {
    std::string_view line = head.substr(0, head.find("\r\n"));
    head.remove_prefix(line.size() + 2);
    size_t colon = line.find(':');
    CHECK(colon != line.npos);
    size_t value = line.find_first_not_of(' ', colon + 1);
    request.headers.emplace_back(line.substr(0, colon), value == line.npos ? "" : line.substr(value));
  }
}

// Whether another one may follow on the same connection.
bool is_whole(std::string_view answer) {
  constexpr std::string_view kLength = "Content-Length: ";
  size_t end = answer.find(kEnd), length = answer.find(kLength);
  if (!answer.starts_with("HTTP/1.1 ") || end == answer.npos || length > end) return false;
  return std::strtoul(answer.data() + length + kLength.size(), nullptr, 10) ==
         answer.size() - end - kEnd.size();
}

bool send_all(int connection, std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t sent = ::send(connection, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

}  // namespace

std::string HttpServer::Request::header(std::string_view name) const {
  for (const auto& [each, value] : headers) {
    if (each.size() == name.size() && strncasecmp(each.data(), name.data(), name.size()) == 0) return value;
  }
  return "";
}

std::string HttpServer::reply(int status, std::string_view body, std::string_view headers) {
  return fmt::format("HTTP/1.1 {} Of The Test\r\nContent-Length: {}\r\n{}\r\n{}", status, body.size(),
                     headers, body);
}

HttpServer::HttpServer(Answer answer) : answer_(std::move(answer)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  CHECK(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0);
  CHECK(::listen(listener_, 128) == 0);
  CHECK(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  port_ = ntohs(address.sin_port);
  CHECK(::pipe(stop_) == 0);
  thread_ = std::thread([this] { serve(); });
}

HttpServer::~HttpServer() {
  CHECK(::write(stop_[1], "x", 1) == 1);
  thread_.join();
  for (const auto& [connection, bytes] : connections_) ::close(connection);
  for (int each : {listener_, stop_[0], stop_[1]}) ::close(each);
}

std::string HttpServer::url() const { return fmt::format("http://127.0.0.1:{}", port_); }

void HttpServer::serve() {
  std::vector<char> room(1 << 18);
  int count = 0;
  for (;;) {
    std::vector<pollfd> ends = {{stop_[0], POLLIN, 0}, {listener_, POLLIN, 0}};
    for (const auto& [connection, bytes] : connections_) ends.push_back({connection, POLLIN, 0});
    if (::poll(ends.data(), ends.size(), -1) < 0) continue;
    if (ends[0].revents) return;
    for (size_t i = 2; i < ends.size(); ++i) {
      if (!ends[i].revents) continue;
      int connection = ends[i].fd;
      ssize_t taken = ::recv(connection, room.data(), room.size(), 0);
      std::string& bytes = connections_[connection];
      if (taken > 0) bytes.append(room.data(), static_cast<size_t>(taken));
      if (taken > 0 && take(connection, bytes)) continue;
      ::close(connection);
      connections_.erase(connection);
    }
    if (ends[1].revents) {
      int connection = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      int on = 1;
      ::setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      connections_[connection];
      numbers_[connection] = count++;
    }
  }
}

bool HttpServer::take(int connection, std::string& bytes) {
  for (;;) {
    size_t end = bytes.find(kEnd);
    if (end == bytes.npos) return true;
    Request request;
    read_headers(std::string_view(bytes).substr(0, end + 2), request);
    size_t size = std::strtoul(request.header("Content-Length").c_str(), nullptr, 10);
    size_t begin = end + kEnd.size();
    if (bytes.size() - begin < size) {
      bytes.reserve(begin + size);
      return true;
    }
    request.body = bytes.substr(begin, size);
    request.connection = numbers_[connection];
    bytes.erase(0, begin + size);
    auto answer = answer_(request);
    if (answer && (!send_all(connection, *answer) || !is_whole(*answer))) return false;
  }
}

}  // namespace sluice::test
