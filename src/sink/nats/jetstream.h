// The stream that keeps what is published: found, or made as it was told.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace sluice::nats {

class Connection;

struct StreamPlan {
  bool create = false;
  std::string name;  // empty: whichever listens
  std::vector<std::string> subjects;
  std::string storage = "file", discard = "old";
  uint64_t replicas = 1;
  uint64_t most_bytes = 0;               // 0: no bound
  uint64_t most_messages = 0;            // the same
  std::chrono::milliseconds most_age{};  // 0: for ever
  std::chrono::milliseconds duplicates{};
};

// Fatal where no stream keeps what is published at `subjects` (a wildcard), or one does not acknowledge.
Result<void> expect_stream(Connection& connection, const StreamPlan& plan, const std::string& subjects);

}  // namespace sluice::nats
