// StopSignal: asked to stop, once and for good. Waits of one thread end early when another raises it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace sluice {

class StopSignal {
 public:
  void raise() {
    {
      std::lock_guard lock(mutex_);
      raised_ = true;
    }
    changed_.notify_all();
  }
  bool raised() const {
    std::lock_guard lock(mutex_);
    return raised_;
  }
  // True: raised; false: the time is up.
  bool wait_for(std::chrono::microseconds patience) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, [&] { return raised_; });
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool raised_ = false;
};

}  // namespace sluice
