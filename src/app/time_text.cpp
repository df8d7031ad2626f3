#include "app/time_text.h"

#include <ctime>

namespace sluice::app {

std::string utc_text(int64_t unix_us) {
  time_t seconds = unix_us / 1'000'000;
  tm parts{};
  gmtime_r(&seconds, &parts);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

}  // namespace sluice::app
