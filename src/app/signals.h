// Signals: SIGINT and SIGTERM ask to stop, a later second one ends the process at once; SIGHUP reopens the
// log file.
#pragma once

#include <functional>
#include <thread>

namespace sluice::app {

class Signals {
 public:
  // To be made before any other thread: threads inherit that these signals are left to this one. `stop` is
  // called on a thread of its own, once.
  explicit Signals(std::function<void()> stop);
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

 private:
  void listen();

  std::function<void()> stop_;
  int signals_;
  int end_;
  std::thread thread_;
};

}  // namespace sluice::app
