// A pipeline as a process of its own, away from the terminal.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>

#include "app/engine.h"

namespace sluice::app {

struct Started {
  pid_t pid;
  bool connected;      // it reads
  std::string reason;  // why not yet
};

// Comes back once the pipeline reads, or after `patience`. Its failure before that is the result. To be
// called before there are threads. `folder` and `log_file` are absolute.
Result<Started> start_daemon(RunPlan plan, const std::string& folder, const std::string& log_file,
                             std::chrono::milliseconds patience);

}  // namespace sluice::app
