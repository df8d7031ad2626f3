// Interrupt: asks a thread that waits for a server to give up. Once raised it stays raised.
#pragma once

#include <atomic>

namespace sluice {

class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  void raise() noexcept;  // any thread, also a signal handler
  bool raised() const noexcept { return raised_.load(std::memory_order_relaxed); }
  // Readable once raised, for poll().
  int descriptor() const noexcept { return descriptor_; }

 private:
  std::atomic<bool> raised_{false};
  int descriptor_;
};

}  // namespace sluice
