#include "app/fit.h"

#include <algorithm>

#include "format/encoder.h"
#include "sink/sink.h"

namespace sluice::app {

Result<std::unique_ptr<Encoder>> make_encoder(const SinkType& sink, const Settings& sink_settings,
                                              const FormatType* format, const Settings& format_settings) {
  return format ? format->make(format_settings) : sink.encoder(sink_settings);
}

bool has_option(const Settings& settings, std::string_view name) {
  return std::any_of(settings.options().begin(), settings.options().end(),
                     [&](const Option& option) { return option.name == name; });
}

Result<void> check_fit(const SinkType& sink, const Settings& sink_settings, const FormatType* format,
                       const Settings& format_settings, const Encoder& encoder) {
  if (!format) return {};
  bool keys = sink.addressing && sink.addressing->places == Places::Keys;
  if (encoder.heartbeat_interval().count() != 0 && !keys) {
    return usage(
        "{}: heartbeat: the sink {} has no topics, and a heartbeat no place beside the rows; leave it out",
        format_settings.where("heartbeat"), sink.name);
  }
  // Of http, which puts several values into one body.
  std::string body = has_option(sink_settings, "body") ? sink_settings.text("body") : "";
  if (body == "array" && encoder.notation() != Notation::Json) {
    return usage("{}: body: array needs a format whose messages are JSON, which {} is not; use body: change",
                 sink_settings.where("body"), format->name);
  }
  if (body == "ndjson" && encoder.notation() > Notation::Text) {
    return usage(
        "{}: body: ndjson needs a format whose messages are one line each, which {} is not; use body: change",
        sink_settings.where("body"), format->name);
  }
  return {};
}

}  // namespace sluice::app
