// The sink elasticsearch as the registry and the tests know it.
#pragma once

#include "sink/sink.h"

namespace sluice {

extern const SinkType elasticsearch_sink;

}  // namespace sluice
