#pragma once

#include "sink/sink.h"

namespace sluice {

extern const SinkType http_sink;

}  // namespace sluice
