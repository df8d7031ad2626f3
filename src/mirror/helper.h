// Helper: a further connection of a mirror, with a thread of its own that carries out a part of a delivery's
// rows. The lane's thread calls everything but interrupt().
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <span>
#include <thread>

#include "mirror/target.h"

namespace sluice::mirror {

class Helper {
 public:
  // Its part of each table is `parts[number]`.
  Helper(std::unique_ptr<Target> target, size_t number) : target_(std::move(target)), number_(number) {}
  ~Helper();
  Helper(const Helper&) = delete;

  // Of begin() and end(), none is called twice in a row. `tables`, and what they point at, stay until end()
  // returns.
  void begin(std::span<TableAt* const> tables);
  // Waits. What failed is rolled back.
  Result<void> end();
  // Between end() and begin().
  Target& target() { return *target_; }
  void interrupt() noexcept { target_->interrupt(); }

 private:
  void run();
  Result<void> work();

  const std::unique_ptr<Target> target_;
  const size_t number_;
  std::mutex mutex_;
  std::condition_variable changed_;
  enum class State : uint8_t { Idle, Busy, Ended } state_ = State::Idle;
  std::span<TableAt* const> tables_;
  Result<void> done_;
  std::thread thread_;  // from the first begin() on
};

}  // namespace sluice::mirror
