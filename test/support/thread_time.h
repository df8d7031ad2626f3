// Processor time of this thread, in seconds: what small pieces cost is measured by it, whatever else runs.
#pragma once

#include <sys/resource.h>

namespace sluice {

inline double thread_seconds() {
  rusage used{};
  getrusage(RUSAGE_THREAD, &used);
  auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

}  // namespace sluice
