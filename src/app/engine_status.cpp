#include "app/engine_status.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "app/json_object.h"
#include "app/time_text.h"
#include "format/json_binary.h"

namespace sluice::app {
namespace {

std::vector<JsonObject> aside_json(const std::vector<AsideTable>& tables) {
  std::vector<JsonObject> list;
  for (const AsideTable& table : tables) {
    JsonObject json;
    json.text("db", table.name.database).text("table", table.name.table).text("since", table.since);
    json.number("events", table.events).number("bytes", table.bytes);
    list.push_back(json);
  }
  return list;
}

JsonObject source_json(const EngineStatus& status) {
  const MysqlSourceStatus& source = status.source;
  JsonObject json;
  json.text("server", source.server).boolean("connected", source.connected).text("version", source.version);
  if (!source.reason.empty()) json.text("reason", source.reason);
  json.text("position", describe(source.position)).boolean("idle", source.idle);
  if (source.timestamp != 0) {
    json.text("last_event", utc_text(int64_t{source.timestamp} * 1'000'000));
    json.number("seconds_behind", status.source_behind());
  }
  return json.number("bytes", source.bytes)
      .number("connections", source.connections)
      .number("skipped_events", source.skipped_events)
      .number("invalid_bytes", source.invalid_bytes)
      .number("invalid_labels", source.invalid_labels)
      .number("ddl_not_understood", source.ddl_not_understood)
      .number("set_aside_bytes", source.aside_bytes)
      .list("set_aside", aside_json(source.aside));
}

JsonObject lane_json(const EngineStatus& status, const LaneStatus& lane) {
  JsonObject json;
  json.text("name", lane.name).text("doing", to_text(lane.doing)).text("since", utc_text(lane.since_us));
  json.text("delivered", lane.delivered.known() ? describe(lane.delivered) : "")
      .number("changes", lane.changes);
  json.number("bytes", lane.bytes).number("changes_per_second", lane.changes_per_second);
  json.number("seconds_behind", status.behind(lane));
  if (lane.left_us == 0) json.number("bytes_behind", status.behind_bytes(lane));
  if (lane.left_us != 0) json.text("left_behind_since", utc_text(lane.left_us));
  json.number("retries", lane.retries);
  if (lane.refused != 0) json.number("refused", lane.refused);
  if (lane.parked != 0) json.number("parked", lane.parked).number("parked_bytes", lane.parked_bytes);
  if (lane.spilled_bytes != 0) json.number("spilled_bytes", lane.spilled_bytes);
  if (!lane.spill_error.empty()) json.text("spill_error", lane.spill_error);
  for (const SinkCount& count : lane.counts) json.number(count.name, count.value);
  if (!lane.last_error.empty()) {
    json.text("last_error", lane.last_error).text("last_error_at", utc_text(lane.last_error_us));
  }
  return json;
}

}  // namespace

ProcessUse ProcessUse::now() {
  ProcessUse use;
  std::ifstream file("/proc/self/statm");
  uint64_t total = 0, resident = 0;
  file >> total >> resident;
  use.resident_bytes = resident * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  rusage spent{};
  ::getrusage(RUSAGE_SELF, &spent);
  auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  use.cpu_seconds = seconds(spent.ru_utime) + seconds(spent.ru_stime);
  return use;
}

int64_t EngineStatus::source_behind() const {
  if (source.idle || source.timestamp == 0) return 0;
  return std::max<int64_t>(now_us / 1'000'000 - source.timestamp, 0);
}

int64_t EngineStatus::behind(const LaneStatus& lane) const {
  if (lane.left_us != 0) {
    // The first change in its hand; before it has any, the last one that the target has is the nearest that
    // is known.
    int64_t since = lane.pending_since         ? lane.pending_since
                    : lane.delivered.timestamp ? lane.delivered.timestamp
                                               : lane.left_us / 1'000'000;
    return std::max<int64_t>(now_us / 1'000'000 - since, 0);
  }
  int64_t own = lane.pending_since ? now_us / 1'000'000 - lane.pending_since : 0;
  return std::max(own, source_behind());
}

uint64_t EngineStatus::behind_bytes(const LaneStatus& lane) const {
  return std::max(pipeline.log_bytes, lane.log_bytes) - lane.log_bytes;
}

std::string troubles_text(const EngineStatus& status) {
  std::string out;
  const MysqlSourceStatus& source = status.source;
  if (!source.connected) {
    out += fmt::format("the source {} is not connected{}{}\n", source.server,
                       source.reason.empty() ? "" : ": ", source.reason);
  }
  for (const LaneStatus& lane : status.pipeline.lanes) {
    if (lane.doing == LaneDoing::Ended) out += fmt::format("the sink {} has ended\n", lane.name);
    if (lane.doing == LaneDoing::Retrying)
      out += fmt::format("the sink {} is tried again: {}\n", lane.name, lane.last_error);
    if (lane.left_us != 0)
      out += fmt::format("the sink {} was left behind at {}\n", lane.name, describe(lane.delivered));
  }
  return out;
}

std::string status_json(const EngineStatus& status) {
  const PipelineStatus& pipeline = status.pipeline;
  std::vector<JsonObject> lanes;
  for (const LaneStatus& lane : pipeline.lanes) lanes.push_back(lane_json(status, lane));
  JsonObject json;
  json.boolean("running", true).text("name", status.name).number("pid", ::getpid());
  json.text("version", SLUICE_VERSION).text("since", utc_text(status.since_us));
  json.object("source", source_json(status));
  if (!pipeline.source_error.empty()) {
    json.text("source_error", pipeline.source_error)
        .text("source_error_since", utc_text(pipeline.source_error_us));
  }
  json.number("changes", pipeline.changes).number("log_bytes", pipeline.log_bytes);
  json.number("malformed_json", malformed_json_documents());
  json.number("batches_free", pipeline.batches_free).number("batches_total", pipeline.batches_total);
  ProcessUse use = ProcessUse::now();
  json.number("resident_bytes", use.resident_bytes).number("cpu_seconds", use.cpu_seconds);
  std::vector<JsonObject> absent;
  for (const EngineStatus::Absent& sink : status.absent) {
    absent.push_back(JsonObject().text("name", sink.name).text("position", describe(sink.position)));
  }
  return json.list("sinks", lanes).list("absent_sinks", absent).str();
}

}  // namespace sluice::app
