// Whether a sink and a format go together, as far as their settings tell before anything runs.
#pragma once

#include <memory>

#include "base/option.h"

namespace sluice {
class Encoder;
struct FormatType;
class Sink;
struct SinkType;
}  // namespace sluice

namespace sluice::app {

// What writes a lane's messages: the format's, or where the target has messages of its own, and `format` is
// null, the sink's.
Result<std::unique_ptr<Encoder>> make_encoder(const SinkType& sink, const Settings& sink_settings,
                                              const FormatType* format, const Settings& format_settings);

// The sink of a lane, `routed` where its messages have addresses; behind the registry of the format's
// schemas, where there is one.
Result<std::unique_ptr<Sink>> make_sink(const SinkType& sink, const Settings& sink_settings,
                                        const Settings& format_settings, bool routed);

bool has_option(const Settings& settings, std::string_view name);

Result<void> check_fit(const SinkType& sink, const Settings& sink_settings, const FormatType* format,
                       const Settings& format_settings, const Encoder& encoder);

}  // namespace sluice::app
