// What a running pipeline tells of itself. Copies: nothing in it is shared with the threads that work.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/position.h"
#include "pipeline/delays.h"
#include "sink/sink.h"

namespace sluice {

enum class LaneDoing : uint8_t { Opening, Waiting, Writing, Retrying, Saving, Ended };
std::string_view to_text(LaneDoing doing);  // "waiting for changes", …

struct LaneStatus {
  std::string name;
  LaneDoing doing = LaneDoing::Opening;
  int64_t since_us = 0;  // of `doing`, microseconds since 1970 UTC
  Position delivered;    // everything up to here is safe at the target
  uint64_t batches = 0;  // these three since the start of the process
  uint64_t changes = 0;
  uint64_t bytes = 0;
  uint64_t log_bytes = 0;      // of the log that it is done with, counted as PipelineStatus::log_bytes is
  uint32_t pending_since = 0;  // when the first change in hand was made, seconds since 1970 UTC; 0: none is
  uint64_t retries = 0;
  uint64_t write_us = 0;  // spent in the sink, retries included
  Delays delays;  // of transactions, from their commit where the log has its microseconds, else from reading
  uint64_t refused = 0;  // changes that the target would not take and that were left out
  uint64_t parked = 0;   // messages, those of earlier runs among them
  uint64_t parked_bytes = 0;
  uint64_t spilled_bytes = 0;     // on disk, on their way to the target
  std::string spill_error;        // why nothing is spilled at the moment
  double changes_per_second = 0;  // over the last seconds
  std::string last_error;         // empty: none yet
  int64_t last_error_us = 0;
  // Since when the others go on without it while it reads the log by itself, microseconds since 1970 UTC; 0:
  // they do not. `log_bytes` means nothing then.
  int64_t left_us = 0;
  std::vector<SinkCount> counts = {};  // the sink's own
};

// `now` with the counts of the lane that was there before it.
LaneStatus add_counts(LaneStatus now, const LaneStatus& before);

struct PipelineStatus {
  Position read;             // the source has read up to here
  uint64_t changes = 0;      // these two since the start of the process
  uint64_t log_bytes = 0;    // bytes of the log that were read
  std::string source_error;  // why the source is being opened again; empty: it reads
  int64_t source_error_us = 0;
  size_t batches_free = 0;  // of `batches_total`; none free: the slowest lane holds the source back
  size_t batches_total = 0;
  uint64_t left = 0;  // how often a sink was left behind since the start of the process
  std::vector<LaneStatus> lanes;
};

}  // namespace sluice
