// A RabbitMQ broker for tests, started by tools/rabbitmq_server.py; it ends with this process.
#pragma once

#include <string>

struct amqp_connection_state_t_;

namespace sluice::test {

class RabbitmqBroker {
 public:
  // Started when it is first asked for.
  static RabbitmqBroker& shared();

  const std::string& url() const { return url_; }
  // Takes what a queue holds, a line feed behind each message.
  void take(const std::string& queue, std::string& out);

 private:
  RabbitmqBroker();
  ~RabbitmqBroker();

  int stdin_ = -1;  // of the script, which ends when this is closed
  int process_ = -1;
  std::string url_;
  amqp_connection_state_t_* reader_ = nullptr;
};

}  // namespace sluice::test
