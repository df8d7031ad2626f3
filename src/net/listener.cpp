#include "net/listener.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>

namespace sluice {
namespace {

constexpr int kBacklog = 1024;  // connections that wait to be taken
// Of a connection without traffic: whether the other side is still there.
constexpr int kProbeSeconds = 30, kProbePauseSeconds = 10, kProbes = 3;
// What the kernel takes for a client beyond what is under way to it: one that does not read keeps no more.
constexpr int kUnsentBytes = 256 << 10;

std::string tls_reason() {
  unsigned long code = ERR_get_error();
  const char* words = code != 0 ? ERR_reason_error_string(code) : nullptr;
  ERR_clear_error();
  return words ? words : "the connection was closed";
}

std::string name_of(const sockaddr* address, socklen_t size) {
  char host[NI_MAXHOST] = "?", port[NI_MAXSERV] = "?";
  ::getnameinfo(address, size, host, sizeof host, port, sizeof port, NI_NUMERICHOST | NI_NUMERICSERV);
  return address->sa_family == AF_INET6 ? fmt::format("[{}]:{}", host, port)
                                        : fmt::format("{}:{}", host, port);
}

void set(int descriptor, int level, int option, int value) {
  ::setsockopt(descriptor, level, option, &value, sizeof value);
}

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

Peer::Peer(int descriptor, ssl_ctx_st* context, std::string name)
    : descriptor_(descriptor), name_(std::move(name)) {
  set(descriptor, IPPROTO_TCP, TCP_NODELAY, 1);
  set(descriptor, IPPROTO_TCP, TCP_NOTSENT_LOWAT, kUnsentBytes);
  set(descriptor, SOL_SOCKET, SO_KEEPALIVE, 1);
  set(descriptor, IPPROTO_TCP, TCP_KEEPIDLE, kProbeSeconds);
  set(descriptor, IPPROTO_TCP, TCP_KEEPINTVL, kProbePauseSeconds);
  set(descriptor, IPPROTO_TCP, TCP_KEEPCNT, kProbes);
  if (!context) return;
  ssl_ = SSL_new(context);
  SSL_set_fd(ssl_, descriptor);
  SSL_set_accept_state(ssl_);
}

Peer::~Peer() {
  if (ssl_) SSL_free(ssl_);
  ::close(descriptor_);
}

Result<size_t> Peer::moved(int done, size_t size, int other, bool& waits) {
  if (done == 1) return size;
  int why = SSL_get_error(ssl_, done);
  waits = why == other;
  if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) return 0;
  return retryable("{}", why == SSL_ERROR_ZERO_RETURN ? "it closed the connection" : tls_reason());
}

Result<size_t> Peer::read(char* room, size_t size) {
  if (ssl_) {
    reads_by_writing_ = false;
    ERR_clear_error();  // SSL_get_error() looks at what anybody on this thread left behind
    size_t taken = 0;
    int done = SSL_read_ex(ssl_, room, size, &taken);
    return moved(done, taken, SSL_ERROR_WANT_WRITE, reads_by_writing_);
  }
  ssize_t taken = ::recv(descriptor_, room, size, 0);
  if (taken > 0) return static_cast<size_t>(taken);
  if (taken == 0) return retryable("it closed the connection");
  if (errno == EAGAIN || errno == EINTR) return 0;
  return retryable("{}", std::strerror(errno));
}

Result<size_t> Peer::write(std::string_view bytes) {
  if (ssl_) {
    ERR_clear_error();
    writes_by_reading_ = false;
    size_t written = 0;
    int done = SSL_write_ex(ssl_, bytes.data(), bytes.size(), &written);
    return moved(done, written, SSL_ERROR_WANT_READ, writes_by_reading_);
  }
  ssize_t written = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (written >= 0) return static_cast<size_t>(written);
  if (errno == EAGAIN || errno == EINTR) return 0;
  return retryable("{}", std::strerror(errno));
}

void Peer::end_writing() {
  if (ssl_) SSL_shutdown(ssl_);
  ::shutdown(descriptor_, SHUT_WR);
}

Result<std::unique_ptr<Listener>> Listener::open(const ListenAddress& address, const ServerTls& tls) {
  std::unique_ptr<Listener> listener(new Listener());
  if (!tls.certificate.empty()) SLUICE_TRY(listener->load(tls));
  SLUICE_TRY(listener->listen(address));
  return listener;
}

Listener::~Listener() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (context_) SSL_CTX_free(context_);
}

Result<void> Listener::load(const ServerTls& tls) {
  context_ = SSL_CTX_new(TLS_server_method());
  SSL_CTX_set_min_proto_version(context_, TLS1_2_VERSION);
  SSL_CTX_set_mode(context_, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                 SSL_MODE_RELEASE_BUFFERS);
  if (SSL_CTX_use_certificate_chain_file(context_, tls.certificate.c_str()) != 1) {
    return fatal("cannot read the certificate {}: {}", tls.certificate, tls_reason());
  }
  if (SSL_CTX_use_PrivateKey_file(context_, tls.key.c_str(), SSL_FILETYPE_PEM) != 1) {
    return fatal("cannot read the key {}: {}", tls.key, tls_reason());
  }
  if (tls.ca.empty()) return {};
  if (SSL_CTX_load_verify_locations(context_, tls.ca.c_str(), nullptr) != 1) {
    return fatal("cannot read the CA certificates {}: {}", tls.ca, tls_reason());
  }
  SSL_CTX_set_verify(context_, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  return {};
}

Result<void> Listener::listen(const ListenAddress& address) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  int failed = ::getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found);
  if (failed != 0) {
    return fatal("cannot listen at {}:{}: {}", address.host, address.port, gai_strerror(failed));
  }
  std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, ::freeaddrinfo);
  descriptor_ = ::socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor_ < 0) return fatal("cannot make a socket: {}", std::strerror(errno));
  set(descriptor_, SOL_SOCKET, SO_REUSEADDR, 1);
  if (::bind(descriptor_, found->ai_addr, found->ai_addrlen) != 0 || ::listen(descriptor_, kBacklog) != 0) {
    int reason = errno;
    return fatal("cannot listen at {}:{}: {}{}", address.host, address.port, std::strerror(reason),
                 reason == EADDRINUSE ? fmt::format("; another program has that port ('ss -ltnp sport = :{}' "
                                                    "tells which): end it, or listen at another one",
                                                    address.port)
                                      : "");
  }
  sockaddr_storage own{};
  socklen_t size = sizeof own;
  ::getsockname(descriptor_, reinterpret_cast<sockaddr*>(&own), &size);
  port_ = ntohs(own.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6&>(own).sin6_port
                                          : reinterpret_cast<sockaddr_in&>(own).sin_port);
  return {};
}

Result<std::unique_ptr<Peer>> Listener::accept() {
  for (;;) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    int descriptor = ::accept4(descriptor_, generic, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor >= 0) return std::make_unique<Peer>(descriptor, context_, name_of(generic, size));
    if (errno == EAGAIN) return nullptr;
    // Of connections that broke while they waited, accept() tells, too: accept(2).
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      return retryable("cannot take a connection: {}", std::strerror(errno));
    }
    if (errno == EBADF || errno == EINVAL || errno == ENOTSOCK) {
      return fatal("cannot take a connection: {}", std::strerror(errno));
    }
  }
}

}  // namespace sluice
