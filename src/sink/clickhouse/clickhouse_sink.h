// The sink clickhouse as the registry and the tests know it.
#pragma once

#include "sink/sink.h"

namespace sluice {

extern const SinkType clickhouse_sink;

}  // namespace sluice
