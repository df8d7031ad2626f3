#pragma once

#include "sink/sink.h"

namespace sluice {

extern const SinkType postgresql_sink;

}  // namespace sluice
