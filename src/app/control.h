// The control socket: `control.sock` in a pipeline's state folder. One JSON line asks, one JSON line answers.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"

namespace sluice::app {

// {"do":"status"}, {"do":"stop"}; {"do":"retry","sink":"NAME","ids":[1,2]} and "drop" in its place, of parked
// messages: without a sink of all, without ids all of them. {"do":"forget","sink":"NAME"}.
struct Request {
  std::string what;
  std::string sink = {};
  std::vector<uint64_t> ids = {};

  std::string json() const;
};

class ControlServer {
 public:
  // Called on the server's thread.
  using Answer = std::function<std::string(const Request&)>;
  // The caller holds the folder's lock: a socket that is there already is nobody's.
  static Result<std::unique_ptr<ControlServer>> start(const std::string& folder, Answer answer);
  ~ControlServer();
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

 private:
  ControlServer() = default;
  void serve();
  void talk(int connection);

  std::string folder_;
  Answer answer_;
  int listener_ = -1;
  int end_ = -1;
  std::thread thread_;
};

// Asks the process that holds the folder. The empty text: there is none.
Result<std::string> ask_control(const std::string& folder, const Request& request);

}  // namespace sluice::app
