// What a pipeline that runs says of itself over its control socket.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice::app {

struct RunningStatus {
  pid_t pid = 0;
  bool connected = false;
  std::string reason;  // why it is not connected
  std::string json;    // all of it, one line
};

// Nothing: no process has the folder.
Result<std::optional<RunningStatus>> ask_status(const std::string& folder);
Result<void> ask_stop(const std::string& folder);
// The status as a table for people.
std::string status_table(const RunningStatus& status);

// With the current folder before it where it is relative: reading a configuration changes the current folder.
Result<std::string> absolute(std::string_view path);
// The state folder that an argument means: itself, or the one that a configuration names. Absolute.
Result<std::string> state_folder(const std::string& argument);

}  // namespace sluice::app
