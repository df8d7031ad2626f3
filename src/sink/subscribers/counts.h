// Counts: what a server of subscribers tells of itself. Its thread counts, any thread reads.
#pragma once

#include <atomic>
#include <cstdint>

namespace sluice::subscribers {

struct Counts {
  std::atomic<uint64_t> clients = 0;              // now
  std::atomic<uint64_t> cut_off = 0;              // these since the start of the process: could not keep up
  std::atomic<uint64_t> refused = 0;              // no token, too many, not the protocol
  std::atomic<uint64_t> messages = 0, bytes = 0;  // sent to all of them
};

}  // namespace sluice::subscribers
