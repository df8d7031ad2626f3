// Channel: a connection to a broker by AMQP 0-9-1 with one channel on it, on which messages are published and
// confirmed. What frames hold is spelt and read by librabbitmq; its own connections make three writes of a
// message and cannot be woken. One thread's own.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/secret.h"
#include "net/stream.h"

struct amqp_connection_state_t_;
struct amqp_frame_t_;
struct amqp_method_t_;

namespace sluice::rabbitmq {

struct ChannelSetup {
  StreamSetup server;
  std::string user;
  Secret password;
  std::string vhost;
  std::chrono::seconds heartbeat{30};
};

// Is told while the channel reads.
class Receiver {
 public:
  // The message of this tag, `multiple`: and all before it, is safe at the broker, or `taken` is false and it
  // is not.
  virtual void confirmed(uint64_t tag, bool multiple, bool taken) = 0;
  // No queue takes it. The confirmation comes behind.
  virtual void returned(std::string_view message_id, std::string_view routing_key, std::string reason) = 0;

 protected:
  ~Receiver() = default;
};

class Channel {
 public:
  struct Outgoing {
    std::string_view exchange, routing_key, id, content_type, expiration, body;
    std::vector<std::pair<std::string_view, std::string_view>> headers;
    bool mandatory = true, persistent = true;
  };

  // Logged in, open, in the mode of confirmations. Fatal where the broker refuses: a login, a vhost. `setup`
  // and `interrupt` outlive it.
  static Result<std::unique_ptr<Channel>> open(const ChannelSetup& setup, const Interrupt& interrupt);
  ~Channel();

  // Sends a method and waits for its answer. `arguments` is librabbitmq's structure of it.
  Result<void> ask(uint32_t method, void* arguments, uint32_t answer, std::string_view doing);

  // Puts a message into what send() sends. False: its properties do not fit into a frame.
  bool publish(const Outgoing& message);
  size_t unsent() const { return out_.size() - written_; }
  // Sends it, reading what comes meanwhile; returns early where the broker blocks.
  Result<void> send(Receiver& receiver);
  // Reads what is there, or comes within `patience`, and beats. False: nothing came.
  Result<bool> receive(Receiver& receiver, std::chrono::milliseconds patience);

  // Tells the broker that nobody was lost; waits for nothing.
  void say_goodbye();

  // Why the broker takes nothing for now; empty: it does.
  const std::string& blocked() const { return blocked_; }
  // Behind a failure: the broker closed the channel because of a message.
  bool message_refused() const { return message_refused_; }

 private:
  explicit Channel(const ChannelSetup& setup);
  Result<void> greet();
  Result<void> log_in(const amqp_method_t_& start);
  Result<void> tune(const amqp_method_t_& offer);
  // Reads up to this method and leaves it in awaited_.
  Result<void> await(uint32_t method, std::string_view doing);
  void append_method(uint16_t channel, uint32_t method, void* arguments);
  Result<void> feed(std::string_view bytes, Receiver& receiver);
  Result<void> take(const amqp_frame_t_& frame, Receiver& receiver);
  Result<void> take_method(const amqp_method_t_& method, Receiver& receiver);
  Result<void> closed(const amqp_method_t_& method);
  Result<void> beat();
  std::chrono::milliseconds slice() const;

  const ChannelSetup& setup_;
  std::unique_ptr<Stream> stream_;
  std::unique_ptr<amqp_connection_state_t_, int (*)(amqp_connection_state_t_*)> codec_;
  size_t frame_max_ = 4096;  // least of the protocol, until it is agreed on
  Bytes out_;
  size_t written_ = 0;  // of out_
  SteadyTime last_sent_, last_heard_;
  std::string blocked_;
  bool message_refused_ = false;
  std::string returned_reason_, returned_key_;  // of the return whose properties follow
  uint32_t awaited_ = 0;                        // method; 0: none, or it came
  std::string doing_;
  Result<void> (Channel::*at_awaited_)(const amqp_method_t_&) = nullptr;
};

}  // namespace sluice::rabbitmq
