#include "net/stream.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "net/certificate.h"

namespace sluice {

std::string StreamSetup::describe() const {
  return socket.empty() ? fmt::format("{}:{}", host, port) : socket;
}

struct Stream::Impl {
  Impl(const StreamSetup& given, const Interrupt& stop) : setup(given), interrupt(stop) {}
  ~Impl() {
    if (ssl) SSL_free(ssl);
    if (context) SSL_CTX_free(context);
    if (fd >= 0) ::close(fd);
  }

  // Whether the socket is ready for `events` before `patience` is over.
  Result<bool> ready(short events, std::chrono::milliseconds patience) {
    pollfd ends[] = {{fd, events, 0}, {interrupt.descriptor(), POLLIN, 0}};
    for (;;) {
      int found = ::poll(ends, 2, static_cast<int>(patience.count()));
      if (found < 0 && errno == EINTR) continue;
      if (interrupt.raised() || ends[1].revents != 0) return stopped();
      return found != 0;
    }
  }

  Result<void> wait(short events, std::string_view doing) {
    SLUICE_ASSIGN(is_ready, ready(events, setup.patience));
    if (is_ready) return {};
    return retryable("{} {}: no answer within {} s", doing, setup.describe(),
                     std::chrono::duration<double>(setup.patience).count());
  }

  Result<void> connect_to(const sockaddr* address, socklen_t size, int family) {
    if (fd >= 0) ::close(fd);
    fd = ::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return retryable("cannot make a socket: {}", std::strerror(errno));
    if (::connect(fd, address, size) == 0) return {};
    int reason = errno;
    if (reason == EINPROGRESS) {
      SLUICE_TRY(wait(POLLOUT, "connecting to"));
      socklen_t length = sizeof reason;
      ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &reason, &length);
    }
    if (reason == 0) return {};
    return retryable("cannot connect to {}: {}", setup.describe(), std::strerror(reason));
  }

  Result<void> connect_unix() {
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    if (setup.socket.size() >= sizeof address.sun_path) {
      return usage("the path of the socket {} is longer than {} bytes", setup.socket,
                   sizeof address.sun_path - 1);
    }
    std::memcpy(address.sun_path, setup.socket.data(), setup.socket.size());
    return connect_to(reinterpret_cast<const sockaddr*>(&address), sizeof address, AF_UNIX);
  }

  Result<void> connect_tcp() {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    int failed = ::getaddrinfo(setup.host.c_str(), std::to_string(setup.port).c_str(), &hints, &found);
    if (failed != 0) return retryable("cannot find the host {}: {}", setup.host, gai_strerror(failed));
    Result<void> result = retryable("the host {} has no address", setup.host);
    for (addrinfo* each = found; each; each = each->ai_next) {
      result = connect_to(each->ai_addr, each->ai_addrlen, each->ai_family);
      if (result || result.error().fault == Fault::Stopped) break;
    }
    ::freeaddrinfo(found);
    int on = 1;
    if (result) ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return result;
  }

  static std::string tls_reason() {
    unsigned long code = ERR_get_error();
    const char* words = code != 0 ? ERR_reason_error_string(code) : nullptr;
    ERR_clear_error();
    return words ? words : "the connection was closed";
  }

  Result<void> load_tls() {
    const TlsSetup& tls = setup.tls;
    context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    bool loaded = tls.ca.empty() ? SSL_CTX_set_default_verify_paths(context) == 1
                                 : SSL_CTX_load_verify_locations(context, tls.ca.c_str(), nullptr) == 1;
    if (tls.verify && !loaded) return fatal("cannot read the CA certificates {}: {}", tls.ca, tls_reason());
    if (!tls.certificate.empty() &&
        SSL_CTX_use_certificate_chain_file(context, tls.certificate.c_str()) != 1) {
      return fatal("cannot read the certificate {}: {}", tls.certificate, tls_reason());
    }
    if (!tls.key.empty() && SSL_CTX_use_PrivateKey_file(context, tls.key.c_str(), SSL_FILETYPE_PEM) != 1) {
      return fatal("cannot read the key {}: {}", tls.key, tls_reason());
    }
    SSL_CTX_set_verify(context, tls.verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
    return {};
  }

  Result<void> start_tls() {
    SLUICE_TRY(load_tls());
    ssl = SSL_new(context);
    SSL_set_fd(ssl, fd);
    unsigned char room[sizeof(in6_addr)];
    bool is_address = ::inet_pton(AF_INET, setup.host.c_str(), room) == 1 ||
                      ::inet_pton(AF_INET6, setup.host.c_str(), room) == 1;
    if (setup.tls.verify) {
      if (is_address) {
        X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), setup.host.c_str());
      } else {
        SSL_set1_host(ssl, setup.host.c_str());
      }
    }
    if (!is_address) SSL_set_tlsext_host_name(ssl, setup.host.c_str());
    for (;;) {
      int done = SSL_connect(ssl);
      if (done == 1) return {};
      auto waited = wait_for_tls(done, "TLS with");
      if (waited) continue;
      long verdict = SSL_get_verify_result(ssl);
      if (verdict == X509_V_OK) return waited;
      std::string_view fault = certificate_fault(verdict);
      std::string advice = certificate_advice(fault);
      return fatal("TLS with {}: its certificate is refused: {}{}{}", setup.describe(), fault,
                   advice.empty() ? "" : "; ", advice);
    }
  }

  // 0, where the call that returned `done` may be tried again.
  Result<size_t> nothing_now(int done, std::string_view doing) {
    int error = SSL_get_error(ssl, done);
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return 0;
    return retryable("{} {}: {}", doing, setup.describe(), tls_reason());
  }

  // What a call waits for that did nothing for now. TLS may have to read before it writes, and write before
  // it reads.
  short wanted(short events) const {
    if (!ssl || SSL_want(ssl) == SSL_NOTHING) return events;
    return SSL_want(ssl) == SSL_WRITING ? POLLOUT : POLLIN;
  }

  // Success: the call that returned `done` may be tried again.
  Result<void> wait_for_tls(int done, std::string_view doing) {
    switch (SSL_get_error(ssl, done)) {
      case SSL_ERROR_WANT_READ: return wait(POLLIN, doing);
      case SSL_ERROR_WANT_WRITE: return wait(POLLOUT, doing);
      default: return retryable("{} {}: {}", doing, setup.describe(), tls_reason());
    }
  }

  StreamSetup setup;
  const Interrupt& interrupt;
  int fd = -1;
  SSL_CTX* context = nullptr;
  SSL* ssl = nullptr;
};

Stream::Stream(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Stream::~Stream() = default;

Result<std::unique_ptr<Stream>> Stream::connect(const StreamSetup& setup, const Interrupt& interrupt) {
  auto impl = std::make_unique<Impl>(setup, interrupt);
  SLUICE_TRY(setup.socket.empty() ? impl->connect_tcp() : impl->connect_unix());
  if (setup.tls.on) SLUICE_TRY(impl->start_tls());
  return std::unique_ptr<Stream>(new Stream(std::move(impl)));
}

Result<void> Stream::encrypt(const TlsSetup& tls) {
  impl_->setup.tls = tls;
  return impl_->start_tls();
}

Result<size_t> Stream::write_now(std::string_view bytes) {
  if (impl_->ssl) {
    size_t written = 0;
    int done = SSL_write_ex(impl_->ssl, bytes.data(), bytes.size(), &written);
    if (done == 1) return written;
    return impl_->nothing_now(done, "writing to");
  }
  for (;;) {
    ssize_t written = ::send(impl_->fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (written >= 0) return static_cast<size_t>(written);
    if (errno == EAGAIN) return 0;
    if (errno != EINTR) return retryable("writing to {}: {}", impl_->setup.describe(), std::strerror(errno));
  }
}

Result<size_t> Stream::read_now(char* room, size_t size) {
  if (impl_->ssl) {
    size_t taken = 0;
    int done = SSL_read_ex(impl_->ssl, room, size, &taken);
    if (done == 1) return taken;
    return impl_->nothing_now(done, "reading from");
  }
  for (;;) {
    ssize_t taken = ::recv(impl_->fd, room, size, 0);
    if (taken > 0) return static_cast<size_t>(taken);
    if (taken == 0) return retryable("{} closed the connection", impl_->setup.describe());
    if (errno == EAGAIN) return 0;
    if (errno != EINTR)
      return retryable("reading from {}: {}", impl_->setup.describe(), std::strerror(errno));
  }
}

Result<void> Stream::write(std::string_view bytes) {
  while (!bytes.empty()) {
    SLUICE_ASSIGN(written, write_now(bytes));
    if (written == 0) SLUICE_TRY(impl_->wait(impl_->wanted(POLLOUT), "writing to"));
    bytes.remove_prefix(written);
  }
  return {};
}

Result<size_t> Stream::read(char* room, size_t size) {
  for (;;) {
    SLUICE_ASSIGN(taken, read_now(room, size));
    if (taken != 0) return taken;
    SLUICE_TRY(impl_->wait(impl_->wanted(POLLIN), "reading from"));
  }
}

Result<bool> Stream::wait(bool room, std::chrono::milliseconds patience) {
  if (impl_->ssl && SSL_pending(impl_->ssl) > 0) return true;
  return impl_->ready(room ? POLLIN | POLLOUT : POLLIN, patience);
}

}  // namespace sluice
