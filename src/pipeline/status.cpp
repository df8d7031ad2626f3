#include "pipeline/status.h"

namespace sluice {

std::string_view to_text(LaneDoing doing) {
  switch (doing) {
    case LaneDoing::Opening: return "opening the sink";
    case LaneDoing::Waiting: return "waiting for changes";
    case LaneDoing::Writing: return "writing";
    case LaneDoing::Retrying: return "waiting to try again";
    case LaneDoing::Saving: return "saving its position";
    case LaneDoing::Ended: return "ended";
  }
  return "";
}

LaneStatus add_counts(LaneStatus now, const LaneStatus& before) {
  now.batches += before.batches;
  now.changes += before.changes;
  now.bytes += before.bytes;
  now.retries += before.retries;
  now.write_us += before.write_us;
  now.delays.add(before.delays);
  now.refused += before.refused;
  if (now.last_error.empty()) {
    now.last_error = before.last_error;
    now.last_error_us = before.last_error_us;
  }
  return now;
}

}  // namespace sluice
