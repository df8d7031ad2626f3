// A NATS server with JetStream for tests, started by tools/nats_server.py; it ends with this process.
#pragma once

#include <memory>
#include <string>

#include "base/interrupt.h"
#include "net/stream.h"
#include "support/python_server.h"

namespace sluice::test {

class NatsServer {
 public:
  static constexpr const char* kStream = "lines";

  // Started when it is first asked for.
  static NatsServer& shared();

  const std::string& url() const { return server_.url(); }
  void remove_stream();
  // What the stream holds, a line feed behind each message; nothing: there is no stream.
  std::string stream();
  // The answer to a request.
  std::string ask(const std::string& subject, const std::string& body);

 private:
  NatsServer();
  std::unique_ptr<Stream> connect(const std::string& words);

  PythonServer server_;
  int copies_ = 0;
  Interrupt never_;
};

}  // namespace sluice::test
