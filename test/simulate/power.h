// Power: what every simulated part asks before it does something that would outlive the process. Once it is
// off, nothing has an effect any more: the world is as a process that was killed there leaves it.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/result.h"

namespace sluice::simulate {

class Power {
 public:
  explicit Power(int64_t steps) : left_(steps) {}

  // One more step; false: it was cut before it.
  bool step() { return left_.fetch_sub(1, std::memory_order_relaxed) > 0; }
  bool on() const { return left_.load(std::memory_order_relaxed) > 0; }

 private:
  std::atomic<int64_t> left_;
};

inline Failure dead() { return fatal("the power was cut"); }

// splitmix64: the same numbers for the same seed everywhere.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t next() {
    uint64_t z = state_ += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
  }
  uint64_t below(uint64_t bound) { return next() % bound; }
  bool once_in(uint64_t n) { return below(n) == 0; }

 private:
  uint64_t state_;
};

}  // namespace sluice::simulate
