// The control socket: `control.sock` in a pipeline's state folder. One JSON line asks, one JSON line answers.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "base/result.h"

namespace sluice::app {

// {"do":"status"} or {"do":"stop"}.
class ControlServer {
 public:
  // `answer` gets the word behind "do" on the server's thread.
  using Answer = std::function<std::string(std::string_view what)>;
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
Result<std::string> ask_control(const std::string& folder, std::string_view what);

}  // namespace sluice::app
