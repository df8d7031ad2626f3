// The version of a row: where in the log it came to be, as one number, for targets that must know the newer
// of two images of a row.
#pragma once

#include <algorithm>
#include <cstdint>

#include "model/batch.h"

namespace sluice {

// `number of the log file << kRowOffsetBits | offset`, each held down to what fits. Above these bits stands
// the Epoch of the log (sink/epoch.h).
constexpr unsigned kRowVersionBits = 57;
constexpr unsigned kRowOffsetBits = 36;  // 64 GB of one log file; beyond that rows share a version

// Grows along the log of one server, and is the same each time that the change is read. A row takes a byte at
// least, so that each has a number of its own between the begin and the end of its transaction; but a
// compressed one may have more rows than bytes, and the last of them share a number. So of two images with
// the same version the one delivered later is the newer.
inline uint64_t row_version(const Batch& batch, const Change& change) {
  const Event& event = batch.events[change.event];
  uint64_t begin = batch.transactions[change.transaction].begin;
  uint64_t last = std::max(event.next, event.offset + 1) - 1;
  uint64_t offset = std::min(begin + change.index, last);
  constexpr uint64_t kMostOffset = (uint64_t{1} << kRowOffsetBits) - 1;
  constexpr uint64_t kMostFile = (uint64_t{1} << (kRowVersionBits - kRowOffsetBits)) - 1;
  return std::min(log_file_number(event.file), kMostFile) << kRowOffsetBits | std::min(offset, kMostOffset);
}

}  // namespace sluice
