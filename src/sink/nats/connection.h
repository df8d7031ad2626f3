// Connection: to a NATS server, logged in. Messages go out over it in the order in which they were put there,
// each with a number of its own, under which it is answered. One thread's own.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "net/stream.h"
#include "sink/nats/credentials.h"
#include "sink/nats/frame_reader.h"

namespace sluice::nats {

struct Server {
  StreamSetup stream;
  std::string user;  // empty: none
  Secret password;
  Secret token;
};

struct ConnectionSetup {
  std::vector<Server> servers;  // of one cluster: the first that answers is taken
  Credentials credentials;
  std::chrono::milliseconds patience{10'000};
};

class Receiver {
 public:
  virtual void answered(uint64_t number, std::string_view headers, std::string_view body) = 0;

 protected:
  ~Receiver() = default;
};

class Connection {
 public:
  struct Answer {
    std::string headers, body;
  };

  // To the server of that number. Fatal where it refuses: a login, a certificate. `setup` and `interrupt`
  // outlive it.
  static Result<std::unique_ptr<Connection>> open(const ConnectionSetup& setup, size_t number,
                                                  const Interrupt& interrupt);
  ~Connection();

  // A request, and its answer within the patience.
  Result<Answer> ask(std::string_view subject, std::string_view body, std::string_view doing);

  // Puts a message into what send() sends; returns its number, which counts from 1. `headers`: lines with
  // their ends.
  uint64_t publish(std::string_view subject, std::string_view headers, std::string_view body);
  size_t unsent() const { return out_.size() - written_; }
  // Sends it, reading what comes meanwhile.
  Result<void> send(Receiver& receiver);
  // Reads what is there, or comes within `patience`. False: nothing came.
  Result<bool> receive(Receiver& receiver, std::chrono::milliseconds patience);

  // Bytes that a message with headers has beside them and its value.
  static constexpr size_t kAroundHeaders = 12;
  size_t most_bytes() const { return most_bytes_; }  // of a message with its headers
  std::string describe() const { return server_.stream.describe(); }

 private:
  Connection(const ConnectionSetup& setup, const Server& server, const Interrupt& interrupt);
  Result<void> greet();
  Result<void> log_in(const std::string& nonce);
  Result<Frame> await_frame();
  Result<void> take(const Frame& frame, Receiver& receiver);
  Result<void> read_info(std::string_view json, std::string& nonce, bool& tls);
  Failure refused(std::string_view words) const;

  const ConnectionSetup& setup_;
  const Server& server_;
  const Interrupt& interrupt_;
  std::unique_ptr<Stream> stream_;
  FrameReader reader_;
  std::string inbox_;  // subject of all answers up to their number, a full stop at its end
  uint64_t last_ = 0;  // number given
  size_t most_bytes_ = 1 << 20;
  Bytes out_;
  size_t written_ = 0;  // of out_
};

}  // namespace sluice::nats
