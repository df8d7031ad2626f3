#pragma once

#include "sink/sink.h"

namespace sluice {

extern const SinkType mysql_sink;

}  // namespace sluice
