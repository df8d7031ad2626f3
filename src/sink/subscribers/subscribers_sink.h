#pragma once

#include "sink/sink.h"

namespace sluice {

extern const SinkType subscribers_sink;

}  // namespace sluice
