// The checkpoint of exactly once: a record in a topic of its own, written in the transaction of the messages
// that it follows. Its key is the transactional_id, its value the position.
#pragma once

#include <atomic>
#include <string>

#include "base/result.h"
#include "sink/kafka/options.h"

namespace sluice::kafka {

// The value of the last record that was committed; empty: there is none. To be asked when the producer has
// its transactional_id: then what others left open is aborted.
Result<std::string> read_checkpoint(const KafkaOptions& options, const std::atomic<bool>& interrupted);

}  // namespace sluice::kafka
