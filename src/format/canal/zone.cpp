#include "format/canal/zone.h"

#include <ctime>

namespace sluice::canal {

void LocalZone::look_up(uint64_t seconds, uint64_t window) {
  auto when = static_cast<time_t>(seconds);
  std::tm there{};
  window_ = window;
  offset_ = ::localtime_r(&when, &there) ? there.tm_gmtoff : 0;
}

}  // namespace sluice::canal
