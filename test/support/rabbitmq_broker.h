// A RabbitMQ broker for tests, started by tools/rabbitmq_server.py; it ends with this process.
#pragma once

#include <string>

#include "support/python_server.h"

struct amqp_connection_state_t_;

namespace sluice::test {

class RabbitmqBroker {
 public:
  // Started when it is first asked for.
  static RabbitmqBroker& shared();

  const std::string& url() const { return server_.url(); }
  // Takes what a queue holds, a line feed behind each message.
  void take(const std::string& queue, std::string& out);

 private:
  RabbitmqBroker();
  ~RabbitmqBroker();

  PythonServer server_;
  amqp_connection_state_t_* reader_ = nullptr;
};

}  // namespace sluice::test
