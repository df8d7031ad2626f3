// Connection: one login to a MySQL or MariaDB server, over TCP, through MariaDB Connector/C. One thread at a
// time; another may end its waits through the Interrupt.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/interrupt.h"
#include "base/result.h"
#include "base/secret.h"
#include "wire/mysql/packets.h"

namespace sluice::mysql {

enum class Tls : uint8_t {
  Off,
  Preferred,       // where the server offers it and it works; nothing is verified
  Required,        // refused before the login where the server does not offer it; nothing is verified
  VerifyCa,        // and the certificate is signed by `ca`
  VerifyIdentity,  // and it is made out to `host`
};

struct ConnectionOptions {
  std::string host = "127.0.0.1";
  uint16_t port = 3306;
  std::string user;
  Secret password;
  Tls tls = Tls::Preferred;
  std::string ca, cert, key;  // PEM files; without `ca` the system's authorities are asked
  bool compression = false;
  // PEM file of the server's RSA key, for caching_sha2_password without TLS; empty: the server is asked for
  // it in clear text, and believed.
  std::string server_public_key;
  std::chrono::milliseconds connect_timeout{10'000};  // of TCP, TLS and login together
  std::chrono::milliseconds query_timeout{120'000};   // silence of the server during a query
  bool found_rows = false;  // an UPDATE counts the rows that it finds, not those that it changes
  bool keeps_state = true;  // of who reads: what to do about a lost log depends on it, and messages tell
};

// `user@host:port`, for messages.
std::string address(const ConnectionOptions& options);

using Field = std::optional<std::string>;  // nothing: NULL
using Fields = std::vector<Field>;

struct Rows {
  std::vector<std::string> names;
  std::vector<Fields> rows;
  // The field of that name in lower case; null: no such column, or NULL.
  const std::string* get(size_t row, std::string_view name) const;
};

class Connection {
 public:
  Connection(ConnectionOptions options, const Interrupt& interrupt);
  ~Connection();
  Connection(Connection&&) noexcept;
  Connection& operator=(Connection&&) noexcept;

  // Logs in; names travel as utf8mb4 from then on.
  Result<void> connect();
  // `attempt` completes "cannot …" in the words of a failure.
  Result<Rows> query(std::string_view sql, std::string_view attempt);
  Result<void> execute(std::string_view sql, std::string_view attempt);
  // `patience`: the server's silence, in place of the options'.
  Result<void> execute(std::string_view sql, std::string_view attempt, std::chrono::milliseconds patience);
  // Sends a command of the protocol; `answered` ones wait for the server's OK.
  Result<void> command(uint8_t code, std::string_view payload, bool answered, std::string_view attempt);

  // Whether a packet, or a part of one, has arrived: within `patience`, at once for zero. False: nothing.
  Result<bool> wait(std::chrono::milliseconds patience);
  // The next piece of a packet that the server sends of itself, valid until the next call; no command but an
  // acknowledgement may follow. `silence`: a pause of the server that counts as its death.
  Result<PacketReader::Piece> piece(std::chrono::milliseconds silence, std::string_view attempt);
  // What such a packet says that is an error.
  Failure refused(std::string_view packet, std::string_view attempt);

  // Of the last statement that changes rows.
  uint64_t affected_rows() const;
  // The server's or the library's number for the last failure; 0: it has none.
  unsigned error_code() const;
  // Text as a quoted literal.
  std::string quoted(std::string_view text) const;
  std::string tls_cipher() const;      // empty: no TLS
  std::string server_version() const;  // as in the server's greeting
  const std::string& address() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::mysql
