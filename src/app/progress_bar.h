// A progress bar on stderr: how much of how much, how fast, how long still. Drawn five times a second by a
// thread of its own, and gone at the end.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace sluice::app {

class ProgressBar {
 public:
  struct State {
    uint64_t bytes = 0;
    uint64_t total = 0;  // 0: not known
    std::string file;
    uint64_t changes = 0;
  };

  // `look` is called on the bar's thread. Not `visible`: nothing happens at all.
  ProgressBar(bool visible, std::function<State()> look);
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  // The line, `width` columns at most. `rate`: bytes a second.
  static std::string line(const State& state, double rate, unsigned width);

 private:
  void draw();

  std::function<State()> look_;
  std::mutex mutex_;
  std::condition_variable ended_;
  bool end_ = false;
  std::thread thread_;
};

}  // namespace sluice::app
