#include "base/backoff.h"

#include <algorithm>

#include "base/clock.h"

namespace sluice {

Backoff::Backoff(BackoffBounds bounds)
    : bounds_(bounds),
      pause_(bounds.first),
      random_(static_cast<uint64_t>(unix_us()) ^ reinterpret_cast<uintptr_t>(this)) {}

std::chrono::microseconds Backoff::next() {
  // Knuth's linear congruential step (MMIX): spreading needs no better randomness.
  random_ = random_ * 6364136223846793005u + 1442695040888963407u;
  int64_t pause = pause_.count();
  int64_t spread = pause / 5;
  if (spread > 0) pause += static_cast<int64_t>((random_ >> 33) % static_cast<uint64_t>(2 * spread)) - spread;
  pause_ = std::min(pause_ * 2, bounds_.most);
  return std::chrono::microseconds(pause);
}

}  // namespace sluice
