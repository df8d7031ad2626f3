// The number of a message: canal's is that of a batch, which starts anew with each run; this one rises along
// the log and is the same on every reading.
#pragma once

#include <cstdint>

#include "model/change.h"

namespace sluice::canal {

// The number in the log file's name, then 33 bits of the event's offset: 8 GiB a file, and a whole number of
// JavaScript up to file 1,048,575.
inline uint64_t place_of(const Event& event) {
  constexpr unsigned kOffsetBits = 33;
  uint64_t file = 0;
  for (char c : event.file.substr(event.file.rfind('.') + 1)) {
    if (c < '0' || c > '9') return event.offset;
    file = file * 10 + static_cast<uint64_t>(c - '0');
  }
  return file << kOffsetBits | (event.offset & ((uint64_t{1} << kOffsetBits) - 1));
}

}  // namespace sluice::canal
