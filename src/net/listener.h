// Listener: takes the connections that clients make to a port of ours; Peer: one of them, with TLS where the
// listener has a certificate. Nothing here waits; one thread owns them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

// Of OpenSSL.
struct ssl_st;
struct ssl_ctx_st;

namespace sluice {

// `127.0.0.1:9187`, `[::1]:9187`, `localhost:9187`, or `9187` alone for 127.0.0.1. Port 0 takes a free one.
struct ListenAddress {
  std::string host;
  uint16_t port = 0;

  static Result<ListenAddress> parse(std::string_view text);  // Usage fault: it is none
  bool is_loopback() const;
};

// PEM files.
struct ServerTls {
  std::string certificate;  // with its chain; empty: no TLS
  std::string key;
  std::string ca;  // clients show a certificate that this one has signed; empty: they show none
};

class Peer {
 public:
  Peer(int descriptor, ssl_ctx_st* context, std::string name);
  ~Peer();
  Peer(const Peer&) = delete;

  int descriptor() const { return descriptor_; }
  const std::string& name() const { return name_; }  // 127.0.0.1:50123
  // How many bytes were moved; 0: not now. A failure: the connection is over, closed or broken.
  Result<size_t> read(char* room, size_t size);
  // After 0, the same bytes are to be given again before others.
  Result<size_t> write(std::string_view bytes);
  // Whether a read() that gave 0 waits until it can write.
  bool reads_by_writing() const { return reads_by_writing_; }
  // Whether a write() that gave 0 waits until it can read.
  bool writes_by_reading() const { return writes_by_reading_; }
  // Nothing more will be written.
  void end_writing();

 private:
  // `waits`: whether it does so for the other direction.
  Result<size_t> moved(int done, size_t size, int other, bool& waits);

  const int descriptor_;
  ssl_st* ssl_ = nullptr;  // null: no TLS
  const std::string name_;
  bool reads_by_writing_ = false, writes_by_reading_ = false;
};

class Listener {
 public:
  // Fatal: the address or a file does not do.
  static Result<std::unique_ptr<Listener>> open(const ListenAddress& address, const ServerTls& tls);
  ~Listener();
  Listener(const Listener&) = delete;

  int descriptor() const { return descriptor_; }
  uint16_t port() const { return port_; }
  // Null: nobody waits. Retryable: somebody does, but there are no more descriptors or no memory.
  Result<std::unique_ptr<Peer>> accept();

 private:
  Listener() = default;
  Result<void> load(const ServerTls& tls);
  Result<void> listen(const ListenAddress& address);

  int descriptor_ = -1;
  uint16_t port_ = 0;
  ssl_ctx_st* context_ = nullptr;
};

}  // namespace sluice
