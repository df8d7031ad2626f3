// Connection: one login to a PostgreSQL server, through libpq. One thread at a time; another may end its
// waits through the Interrupt.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/interrupt.h"
#include "base/result.h"
#include "base/secret.h"

namespace sluice::postgresql {

struct ConnectionOptions {
  std::string host = "127.0.0.1";
  uint16_t port = 5432;
  std::string user;
  std::string database;
  Secret password;
  std::string tls = "preferred";  // as the option has it
  std::string ca, cert, key;      // PEM files; without `ca` the system's authorities are asked
  std::chrono::milliseconds connect_timeout{10'000};  // of TCP, TLS and login together
  std::chrono::milliseconds query_timeout{120'000};   // silence of the server during a query
};

// `user@host:port/database`, for messages.
std::string address(const ConnectionOptions& options);

// A parameter of a statement, $1 and so on: text, or in the binary form of its type. Where `bytes` has a null
// data(), as a default string_view has, it is NULL; one of no bytes that points somewhere is an empty value.
struct Parameter {
  std::string_view bytes;
  bool binary = false;
};

using Field = std::optional<std::string>;  // nothing: NULL

struct Answer {
  std::vector<std::vector<Field>> rows;
  uint64_t affected = 0;  // rows that were inserted, changed or deleted
  std::string command;    // its tag: `COMMIT`
};

class Connection {
 public:
  Connection(ConnectionOptions options, const Interrupt& interrupt);
  ~Connection();
  Connection(Connection&&) noexcept;
  Connection& operator=(Connection&&) noexcept;

  Result<void> connect();
  // `attempt` completes "cannot …" in the words of a failure. `patience`: the server's silence; 0: any, as
  // long as TCP finds it alive.
  Result<Answer> query(const std::string& sql, std::span<const Parameter> parameters,
                       std::string_view attempt, std::chrono::milliseconds patience);
  Result<Answer> query(const std::string& sql, std::span<const Parameter> parameters,
                       std::string_view attempt);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::postgresql
