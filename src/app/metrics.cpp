// The metrics: one table, which the page at /metrics and docs/metrics.md are made of.
#include <array>

#include "app/engine_status.h"
#include "format/json_binary.h"
#include "observe/exposition.h"

namespace sluice::app {
namespace {

struct Metric {
  const char* name;
  MetricKind kind;
  const char* help;
  void (*sample)(const EngineStatus& status, Exposition& out);
};

template <auto Value>
void each_sink(const EngineStatus& status, Exposition& out) {
  for (const LaneStatus& lane : status.pipeline.lanes) out.sample({{"sink", lane.name}}, Value(status, lane));
}

// Of the sinks that count such a thing.
void each_count(const EngineStatus& status, std::string_view name, Exposition& out) {
  for (const LaneStatus& lane : status.pipeline.lanes) {
    for (const SinkCount& count : lane.counts) {
      if (count.name == name) out.sample({{"sink", lane.name}}, count.value);
    }
  }
}

constexpr auto kCounter = MetricKind::Counter;
constexpr auto kGauge = MetricKind::Gauge;
using Status = EngineStatus;
using Lane = LaneStatus;

constexpr Metric kMetrics[] = {
    {"sluice_info", kGauge, "always 1; which pipeline this is, its version and its source",
     [](const Status& s, Exposition& out) {
       out.sample({{"name", s.name}, {"version", SLUICE_VERSION}, {"server", s.source.server}}, 1);
     }},
    {"sluice_start_time_seconds", kGauge, "when the pipeline began, in seconds since 1970",
     [](const Status& s, Exposition& out) { out.sample({}, static_cast<double>(s.since_us) / 1e6); }},
    {"sluice_resident_bytes", kGauge, "memory that the process holds",
     [](const Status&, Exposition& out) { out.sample({}, ProcessUse::now().resident_bytes); }},
    {"sluice_cpu_seconds_total", kCounter, "processor time that the process has used",
     [](const Status&, Exposition& out) { out.sample({}, ProcessUse::now().cpu_seconds); }},
    {"sluice_source_connected", kGauge, "1 while the source is connected to its server",
     [](const Status& s, Exposition& out) { out.sample({}, s.source.connected ? 1 : 0); }},
    {"sluice_source_connections_total", kCounter, "connections to the server that were made",
     [](const Status& s, Exposition& out) { out.sample({}, s.source.connections); }},
    {"sluice_source_behind_seconds", kGauge,
     "age of the event that was read last, while there is more to read; 0: all is read",
     [](const Status& s, Exposition& out) { out.sample({}, s.source_behind()); }},
    {"sluice_source_bytes_total", kCounter, "bytes of the log that came from the server",
     [](const Status& s, Exposition& out) { out.sample({}, s.source.bytes); }},
    {"sluice_source_log_offset_bytes", kGauge,
     "place in the server's log file behind the last whole transaction",
     [](const Status& s, Exposition& out) {
       out.sample({{"file", s.source.position.file}}, s.source.position.offset);
     }},
    {"sluice_source_skipped_events_total", kCounter,
     "events that were passed over, by a policy or because they are marked as ignorable",
     [](const Status& s, Exposition& out) { out.sample({}, s.source.skipped_events); }},
    {"sluice_source_invalid_bytes_total", kCounter,
     "bytes of text that their column's character set does not know",
     [](const Status& s, Exposition& out) { out.sample({}, s.source.invalid_bytes); }},
    {"sluice_source_invalid_labels_total", kCounter,
     "ENUM and SET values whose number has no label, the 0 of an ENUM among them",
     [](const Status& s, Exposition& out) { out.sample({}, s.source.invalid_labels); }},
    {"sluice_source_malformed_json_total", kCounter, "JSON documents that were damaged",
     [](const Status&, Exposition& out) { out.sample({}, malformed_json_documents()); }},
    {"sluice_source_ddl_not_understood_total", kCounter,
     "schema changes whose tables were learnt anew instead",
     [](const Status& s, Exposition& out) { out.sample({}, s.source.ddl_not_understood); }},
    {"sluice_source_set_aside_tables", kGauge,
     "tables whose changes wait because their columns are not known",
     [](const Status& s, Exposition& out) { out.sample({}, s.source.aside.size()); }},
    {"sluice_source_set_aside_bytes", kGauge, "what waits of them",
     [](const Status& s, Exposition& out) { out.sample({}, s.source.aside_bytes); }},
    {"sluice_changes_total", kCounter, "changes of wanted tables that were read",
     [](const Status& s, Exposition& out) { out.sample({}, s.pipeline.changes); }},
    {"sluice_log_bytes_total", kCounter, "bytes of the log that were handed to the sinks",
     [](const Status& s, Exposition& out) { out.sample({}, s.pipeline.log_bytes); }},
    {"sluice_batches_free", kGauge,
     "batches that wait to be filled; none: the slowest sink holds the source back",
     [](const Status& s, Exposition& out) { out.sample({}, s.pipeline.batches_free); }},
    {"sluice_batches", kGauge, "batches there are",
     [](const Status& s, Exposition& out) { out.sample({}, s.pipeline.batches_total); }},
    {"sluice_sink_changes_total", kCounter, "messages that are safe at the target",
     each_sink<[](const Status&, const Lane& lane) { return lane.changes; }>},
    {"sluice_sink_bytes_total", kCounter, "their bytes",
     each_sink<[](const Status&, const Lane& lane) { return lane.bytes; }>},
    {"sluice_sink_batches_total", kCounter, "batches that are safe at the target",
     each_sink<[](const Status&, const Lane& lane) { return lane.batches; }>},
    {"sluice_sink_write_seconds_total", kCounter, "time spent on writing them, pauses between tries included",
     each_sink<[](const Status&, const Lane& lane) { return static_cast<double>(lane.write_us) / 1e6; }>},
    {"sluice_sink_delay_seconds", MetricKind::Histogram,
     "how long transactions took until they were safe at the target: from their commit where the log has its "
     "microseconds (MySQL 8 and newer), by the server's clock, else from being read",
     [](const Status& s, Exposition& out) {
       std::array<double, Delays::kBounds.size()> bounds;
       for (size_t i = 0; i < bounds.size(); ++i) bounds[i] = static_cast<double>(Delays::kBounds[i]) / 1e6;
       for (const Lane& lane : s.pipeline.lanes) {
         out.histogram({"sink", lane.name}, bounds, lane.delays.counts,
                       static_cast<double>(lane.delays.sum_us) / 1e6);
       }
     }},
    {"sluice_sink_retries_total", kCounter, "tries that failed and came again",
     each_sink<[](const Status&, const Lane& lane) { return lane.retries; }>},
    {"sluice_sink_refused_total", kCounter, "changes that the target will never take: left out, or parked",
     each_sink<[](const Status&, const Lane& lane) { return lane.refused; }>},
    {"sluice_sink_parked", kGauge,
     "messages that are parked: refused by the target, or behind one of their key",
     each_sink<[](const Status&, const Lane& lane) { return lane.parked; }>},
    {"sluice_sink_parked_bytes", kGauge, "their bytes",
     each_sink<[](const Status&, const Lane& lane) { return lane.parked_bytes; }>},
    {"sluice_sink_behind_seconds", kGauge, "age of the oldest change that the target lacks",
     each_sink<[](const Status& s, const Lane& lane) { return s.behind(lane); }>},
    {"sluice_sink_behind_bytes", kGauge,
     "bytes of the log that were read and are not yet safe at the target; not of a sink that was left behind",
     [](const Status& s, Exposition& out) {
       for (const Lane& lane : s.pipeline.lanes)
         if (lane.left_us == 0) out.sample({{"sink", lane.name}}, s.behind_bytes(lane));
     }},
    {"sluice_sink_left_behind", kGauge,
     "1 while the others go on without the sink, which reads the log by itself",
     each_sink<[](const Status&, const Lane& lane) { return lane.left_us != 0 ? 1 : 0; }>},
    {"sluice_left_behind_total", kCounter, "how often a sink was left behind",
     [](const Status& s, Exposition& out) { out.sample({}, s.pipeline.left); }},
    {"sluice_sink_troubled", kGauge, "1 while the sink waits to try again",
     each_sink<[](const Status&, const Lane& lane) { return lane.doing == LaneDoing::Retrying ? 1 : 0; }>},
    {"sluice_sink_last_error_timestamp_seconds", kGauge,
     "when it failed last, in seconds since 1970; 0: never", each_sink<[](const Status&, const Lane& lane) {
       return static_cast<double>(lane.last_error_us) / 1e6;
     }>},
    {"sluice_sink_subscribers", kGauge, "of sinks `subscribers`: clients that are connected",
     [](const Status& s, Exposition& out) { each_count(s, "subscribers", out); }},
    {"sluice_sink_subscribers_cut_off_total", kCounter,
     "clients that were cut off because they were too slow",
     [](const Status& s, Exposition& out) { each_count(s, "cut_off", out); }},
    {"sluice_sink_subscribers_sent_away_total", kCounter,
     "clients that were sent away: without a token, too many, or not speaking the protocol",
     [](const Status& s, Exposition& out) { each_count(s, "sent_away", out); }},
    {"sluice_sink_subscribers_messages_total", kCounter, "messages sent to clients, counted for each of them",
     [](const Status& s, Exposition& out) { each_count(s, "messages_sent", out); }},
    {"sluice_sink_subscribers_bytes_total", kCounter, "bytes sent to clients, counted for each of them",
     [](const Status& s, Exposition& out) { each_count(s, "bytes_sent", out); }},
    {"sluice_sink_nats_duplicates_total", kCounter,
     "of sinks `nats`: messages that their streams had already, and kept once",
     [](const Status& s, Exposition& out) { each_count(s, "duplicates", out); }},
    {"sluice_sink_nats_published_again_total", kCounter,
     "messages that were published again so that nothing older stands behind them",
     [](const Status& s, Exposition& out) { each_count(s, "published_again", out); }},
};

}  // namespace

std::string metrics_text(const EngineStatus& status) {
  Exposition out;
  for (const Metric& metric : kMetrics) {
    out.family(metric.name, metric.kind, metric.help);
    metric.sample(status, out);
  }
  return out.text();
}

std::string metrics_markdown() {
  std::string out = R"(# Metrics

This page is made from the program's own table: `sluice help --markdown metrics > docs/metrics.md`.

    metrics: 127.0.0.1:9187

at the top of sluice.yaml makes `sluice run` listen there: `/metrics` for Prometheus, `/health` for who watches over it (200 while the source is
connected and every sink takes what comes, else 503 with the reasons, a line each). Nothing listens without it. An address that others can reach is
refused unless there is a `metrics_token`, which must then come with each request: `Authorization: Bearer TOKEN`.

| metric | kind | what it tells |
|---|---|---|
)";
  for (const Metric& metric : kMetrics) {
    out += fmt::format("| `{}` | {} | {} |\n", metric.name, to_text(metric.kind), metric.help);
  }
  out += R"(
Those of sinks have the label `sink`. Counters begin at 0 with each start of the process.

Worth an alert: `sluice_source_connected == 0`, `sluice_sink_troubled == 1`, `sluice_sink_left_behind == 1` and `sluice_sink_behind_seconds > 60` for some minutes, and any increase of
`sluice_sink_refused_total`, `sluice_sink_parked`, `sluice_source_skipped_events_total` or `sluice_source_set_aside_tables`.
)";
  return out;
}

}  // namespace sluice::app
