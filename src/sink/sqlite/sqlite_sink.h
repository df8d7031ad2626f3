#pragma once

#include "sink/sink.h"

namespace sluice {

extern const SinkType sqlite_sink;

}  // namespace sluice
