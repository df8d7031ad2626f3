#pragma once

#include "sink/sink.h"

namespace sluice {

extern const SinkType redis_cache_sink;

}  // namespace sluice
