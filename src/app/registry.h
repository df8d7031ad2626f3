// Everything that can be named in a configuration: one line in a .def file each.
#pragma once

#include <span>
#include <string_view>

#include "base/option.h"
#include "format/encoder.h"
#include "sink/sink.h"

namespace sluice::app {

std::span<const SinkType* const> sinks();
std::span<const FormatType* const> formats();
// Null: there is none of this name.
const SinkType* find_sink(std::string_view name);
const FormatType* find_format(std::string_view name);

// All names, separated by `|`, as option tables want them.
std::string_view sink_names();
std::string_view format_names();

}  // namespace sluice::app
