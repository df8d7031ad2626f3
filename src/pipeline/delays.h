// Delays: how long transactions took until they were safe at a target, counted by bounds.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace sluice {

struct Delays {
  // Microseconds. One within a bound is counted there; what is beyond the last bound stands behind it.
  static constexpr std::array<uint64_t, 20> kBounds = {
      250,    500,    1'000,  2'000,   3'000,   4'000,   5'000,     7'500,     10'000,     15'000,
      20'000, 30'000, 50'000, 100'000, 200'000, 500'000, 1'000'000, 5'000'000, 30'000'000, 300'000'000};

  std::array<uint64_t, kBounds.size() + 1> counts = {};
  uint64_t sum_us = 0;

  // A clock that is ahead of this machine's makes none shorter than nothing.
  void add(int64_t us) {
    uint64_t delay = us > 0 ? static_cast<uint64_t>(us) : 0;
    auto bound = std::lower_bound(kBounds.begin(), kBounds.end(), delay);
    ++counts[static_cast<size_t>(bound - kBounds.begin())];
    sum_us += delay;
  }
  void add(const Delays& other) {
    for (size_t i = 0; i < counts.size(); ++i) counts[i] += other.counts[i];
    sum_us += other.sum_us;
  }
};

}  // namespace sluice
