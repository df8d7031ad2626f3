// The Kafka sink: messages in topics, acknowledged by every replica in sync before a position moves.
#pragma once

#include "sink/sink.h"

namespace sluice {

extern const SinkType kafka_sink;

}  // namespace sluice
