#pragma once

#include "sink/sink.h"

namespace sluice {

extern const SinkType nats_sink;

}  // namespace sluice
