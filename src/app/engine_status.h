// What a running engine tells of itself, and the two forms in which it goes out.
#pragma once

#include <cstdint>
#include <string>

#include "pipeline/status.h"
#include "source/mysql/mysql_source.h"

namespace sluice::app {

struct EngineStatus {
  std::string name;
  int64_t since_us = 0, now_us = 0;  // microseconds since 1970 UTC
  MysqlSourceStatus source;
  PipelineStatus pipeline;
  struct Absent {
    std::string name;
    Position position;
  };
  std::vector<Absent> absent;  // sinks that are not named, whose positions are kept

  // How old what a target lacks is, in seconds: the source's own lag where it lacks nothing that was read.
  int64_t source_behind() const;
  int64_t behind(const LaneStatus& lane) const;
  // Bytes of the log that were read and are not yet safe at the target.
  uint64_t behind_bytes(const LaneStatus& lane) const;
};

// One line of JSON.
std::string status_json(const EngineStatus& status);
// For Prometheus.
std::string metrics_text(const EngineStatus& status);
// A line for each thing that is wrong now: a source or a sink that does not work; empty: all is well.
std::string troubles_text(const EngineStatus& status);
// docs/metrics.md
std::string metrics_markdown();

// Of this process now.
struct ProcessUse {
  uint64_t resident_bytes = 0;
  double cpu_seconds = 0;
  static ProcessUse now();
};

}  // namespace sluice::app
