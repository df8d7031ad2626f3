#include "net/http_server.h"

#include <httplib.h>
#include <pthread.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <thread>

#include "base/log.h"
#include "crypto/hmac.h"

namespace sluice {
namespace {

constexpr size_t kThreads = 2;          // a scraper and somebody who looks
constexpr time_t kPatienceSeconds = 2;  // with the other side of a connection
constexpr size_t kMostRequestBytes = 64 << 10;

}  // namespace

Result<ListenAddress> ListenAddress::parse(std::string_view text) {
  auto wrong = [&] {
    return usage("'{}' is no address to listen at; expected HOST:PORT as 127.0.0.1:9187, or a PORT", text);
  };
  ListenAddress address{"127.0.0.1", 0};
  std::string_view port = text;
  if (size_t colon = text.rfind(':'); colon != text.npos) {
    std::string_view host = text.substr(0, colon);
    port = text.substr(colon + 1);
    if (host.starts_with('[') && host.ends_with(']')) {
      host = host.substr(1, host.size() - 2);
    } else if (host.find(':') != host.npos) {
      return wrong();
    }
    if (host.empty()) return wrong();
    address.host = host;
  }
  auto [end, fault] = std::from_chars(port.data(), port.data() + port.size(), address.port);
  if (port.empty() || fault != std::errc() || end != port.data() + port.size()) return wrong();
  return address;
}

bool ListenAddress::is_loopback() const {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

struct HttpServer::Impl {
  httplib::Server server;
  uint16_t port = 0;
  std::thread thread;
};

Result<std::unique_ptr<HttpServer>> HttpServer::start(const ListenAddress& address,
                                                      std::vector<HttpPage> pages, const std::string& token) {
  auto impl = std::make_unique<Impl>();
  httplib::Server& server = impl->server;
  server.new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
  server.set_tcp_nodelay(true);
  server.set_read_timeout(kPatienceSeconds);
  server.set_write_timeout(kPatienceSeconds);
  server.set_keep_alive_timeout(kPatienceSeconds);
  server.set_payload_max_length(kMostRequestBytes);
  // The library's own adds SO_REUSEPORT, by which two processes would share a port without a word.
  server.set_socket_options([](socket_t socket) {
    int yes = 1;
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  });
  if (!token.empty()) {
    server.set_pre_routing_handler([wanted = "Bearer " + token](const auto& request, auto& response) {
      if (same_secret(request.get_header_value("Authorization"), wanted))
        return httplib::Server::HandlerResponse::Unhandled;
      response.status = 401;
      response.set_header("WWW-Authenticate", "Bearer");
      response.set_content("a token is asked for: Authorization: Bearer TOKEN\n", "text/plain");
      return httplib::Server::HandlerResponse::Handled;
    });
  }
  for (HttpPage& page : pages) {
    server.Get(page.path, [answer = std::move(page.answer)](const auto&, auto& response) {
      HttpAnswer made = answer();
      response.status = made.status;
      response.set_content(std::move(made.body), made.type);
    });
  }
  errno = 0;
  int port = address.port;
  bool bound = port == 0 ? (port = server.bind_to_any_port(address.host)) > 0
                         : server.bind_to_port(address.host, port);
  if (!bound) {
    return fatal("cannot listen at {}:{}: {}", address.host, address.port,
                 errno ? std::strerror(errno) : "the address is not one of this machine");
  }
  impl->port = static_cast<uint16_t>(port);
  impl->thread = std::thread([&server] {
    pthread_setname_np(pthread_self(), "http");
    server.listen_after_bind();
  });
  // stop() means nothing to a server that does not run yet.
  while (!server.is_running()) std::this_thread::yield();
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

HttpServer::~HttpServer() {
  impl_->server.stop();
  if (impl_->thread.joinable()) impl_->thread.join();
}

uint16_t HttpServer::port() const { return impl_->port; }

}  // namespace sluice
