// The console sink: lines on stdout, or on any descriptor that somebody reads.
#pragma once

#include <memory>

#include "sink/sink.h"

namespace sluice {

extern const SinkType console_sink;

// Does not close `descriptor`.
std::unique_ptr<Sink> make_console_sink(int descriptor);

}  // namespace sluice
