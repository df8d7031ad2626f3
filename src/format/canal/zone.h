// LocalZone: seconds since 1970 on the clock of this process's time zone (TZ).
#pragma once

#include <cstdint>

namespace sluice::canal {

class LocalZone {
 public:
  // Of what lies before 1970 there, 0.
  uint64_t local(uint64_t seconds) {
    uint64_t window = seconds / kWindow;
    if (window != window_) look_up(seconds, window);
    int64_t there = static_cast<int64_t>(seconds) + offset_;
    return there < 0 ? 0 : static_cast<uint64_t>(there);
  }

 private:
  // Zones change their offset at whole minutes of UTC; half a minute is as long as one holds for certain.
  static constexpr uint64_t kWindow = 30;

  void look_up(uint64_t seconds, uint64_t window);

  uint64_t window_ = UINT64_MAX;
  int64_t offset_ = 0;  // within it
};

}  // namespace sluice::canal
