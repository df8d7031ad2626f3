#include "app/fit.h"

#include <algorithm>

#include "format/encoder.h"
#include "sink/registry/registered_sink.h"
#include "sink/sink.h"

namespace sluice::app {

Result<std::unique_ptr<Encoder>> make_encoder(const SinkType& sink, const Settings& sink_settings,
                                              const FormatType* format, const Settings& format_settings) {
  return format ? format->make(format_settings) : sink.encoder(sink_settings);
}

Result<std::unique_ptr<Sink>> make_sink(const SinkType& type, const Settings& sink_settings,
                                        const Settings& format_settings, bool routed) {
  SLUICE_ASSIGN(sink, type.make_for(sink_settings, routed));
  SLUICE_ASSIGN(options, registry::parse_options(format_settings));
  if (!options) return sink;
  using Subject = registry::RegistryOptions::Subject;
  bool topics = routed && type.addressing->places == Places::Keys;
  if (!topics && options->subject.value_or(Subject::RecordName) != Subject::RecordName) {
    return usage("{}: subject: the sink {} has no topics; say record_name", format_settings.where("subject"),
                 type.name);
  }
  return make_registered_sink(std::move(sink), std::move(*options));
}

bool has_option(const Settings& settings, std::string_view name) {
  return std::any_of(settings.options().begin(), settings.options().end(),
                     [&](const Option& option) { return option.name == name; });
}

namespace {

// Options of formats that do nothing by themselves.
Result<void> check_believed(const Settings& settings) {
  for (std::string_view option : {"framed", "transaction_entries"}) {
    if (!has_option(settings, option) || !settings.boolean(option) || !settings.boolean("flat_message"))
      continue;
    return usage("{}: {} is of protobuf; say flat_message: false, too", settings.where(option), option);
  }
  constexpr std::string_view kDeletes = "unwrap_deletes";
  if (has_option(settings, kDeletes) && settings.given(kDeletes) && !settings.boolean("unwrap")) {
    return usage("{}: {} is of rows without their envelope; say unwrap: true, too", settings.where(kDeletes),
                 kDeletes);
  }
  return {};
}

}  // namespace

Result<void> check_fit(const SinkType& sink, const Settings& sink_settings, const FormatType* format,
                       const Settings& format_settings, const Encoder& encoder) {
  if (!format) return {};
  bool keys = sink.addressing && sink.addressing->places == Places::Keys;
  if (encoder.heartbeat_interval().count() != 0 && !keys) {
    return usage(
        "{}: heartbeat: the sink {} has no topics, and a heartbeat no place beside the rows; leave it out",
        format_settings.where("heartbeat"), sink.name);
  }
  SLUICE_TRY(check_believed(format_settings));
  // Of cloudevents, whose events are headers and data then.
  bool in_headers = has_option(format_settings, "mode") && format_settings.text("mode") == "binary";
  std::string as = has_option(sink_settings, "as") ? sink_settings.text("as") : "";
  if (in_headers && (as == "list" || as == "channel")) {
    return usage("{}: as: {} has no headers; use as: stream, or mode: structured", sink_settings.where("as"),
                 as);
  }
  if (sink.wants_rows(sink_settings) && encoder.grouped()) {
    return usage("{}: {}: a message of {} may be of several rows; use another format",
                 sink_settings.where(sink.rows_option), sink.rows_option, format->name);
  }
  // Of http, which puts several values into one body.
  std::string body = has_option(sink_settings, "body") ? sink_settings.text("body") : "";
  if (in_headers && (body == "array" || body == "ndjson")) {
    return usage("{}: body: {} has headers for no single event; use body: change, or mode: structured",
                 sink_settings.where("body"), body);
  }
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
