// Client: a connection to a Redis server, logged in. One thread's own.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/option.h"
#include "net/stream.h"
#include "sink/redis/resp.h"

namespace sluice::redis {

struct Address {
  StreamSetup server;
  std::string user;
  Secret password;
  bool has_password = false;
  uint64_t database = 0;
};

// The options url, password, timeout and those of TLS. `several`: there may be more than one URL, with commas
// between them.
Result<std::vector<Address>> read_addresses(const Settings& settings, bool several);

class Client {
 public:
  // `interrupt` outlives it.
  Client(std::vector<Address> addresses, const Interrupt& interrupt)
      : addresses_(std::move(addresses)), interrupt_(interrupt) {}

  // To the server; of several to the one that says that it is the master. What a server refuses is Fatal
  // until it was open once.
  Result<void> connect();
  void close() { stream_.reset(); }
  // One command, its answer awaited. Fails where that is an error.
  Result<RespAnswer> ask(std::span<const std::string_view> words, std::string_view doing);
  Result<void> send(std::string_view bytes) { return stream_->write(bytes); }
  Result<RespAnswer> answer();
  // host:port, or the path
  std::string describe() const { return addresses_[at_].server.describe(); }

 private:
  Result<void> connect_to(const Address& address);

  const std::vector<Address> addresses_;
  const Interrupt& interrupt_;
  size_t at_ = 0;  // the address in use
  std::unique_ptr<Stream> stream_;
  RespReader reader_;
  Bytes command_;
  bool was_open_ = false;
};

}  // namespace sluice::redis
