#pragma once

#include "sink/sink.h"

namespace sluice {

extern const SinkType rabbitmq_sink;

}  // namespace sluice
