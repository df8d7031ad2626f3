#include "app/engine.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "app/bounded_source.h"
#include "app/json_object.h"
#include "app/pretty_encoder.h"
#include "app/registry.h"
#include "app/terminal.h"
#include "app/time_text.h"
#include "base/clock.h"
#include "base/log.h"
#include "format/json_binary.h"
#include "state/sqlite/sqlite_state.h"

namespace sluice::app {
namespace {

bool has_option(std::span<const Option> options, std::string_view name) {
  return std::any_of(options.begin(), options.end(),
                     [&](const Option& option) { return option.name == name; });
}

// Of this process now, in bytes.
uint64_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  uint64_t total = 0, resident = 0;
  file >> total >> resident;
  return resident * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
}

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

JsonObject source_json(const MysqlSourceStatus& source) {
  JsonObject json;
  json.text("server", source.server).boolean("connected", source.connected).text("version", source.version);
  if (!source.reason.empty()) json.text("reason", source.reason);
  json.text("position", describe(source.position)).boolean("idle", source.idle);
  if (source.timestamp != 0) {
    json.text("last_event", utc_text(int64_t{source.timestamp} * 1'000'000));
    int64_t behind = source.idle ? 0 : unix_us() / 1'000'000 - source.timestamp;
    json.number("seconds_behind", std::max<int64_t>(behind, 0));
  }
  return json.number("bytes", source.bytes)
      .number("connections", source.connections)
      .number("skipped_events", source.skipped_events)
      .number("invalid_bytes", source.invalid_bytes)
      .number("ddl_not_understood", source.ddl_not_understood)
      .number("set_aside_bytes", source.aside_bytes)
      .list("set_aside", aside_json(source.aside));
}

JsonObject lane_json(const LaneStatus& lane) {
  JsonObject json;
  json.text("name", lane.name).text("doing", to_text(lane.doing)).text("since", utc_text(lane.since_us));
  json.text("delivered", lane.delivered.known() ? describe(lane.delivered) : "")
      .number("changes", lane.changes);
  json.number("bytes", lane.bytes).number("changes_per_second", lane.changes_per_second);
  if (lane.refused != 0) json.number("refused", lane.refused);
  if (lane.parked != 0) json.number("parked", lane.parked).number("parked_bytes", lane.parked_bytes);
  if (!lane.last_error.empty()) {
    json.text("last_error", lane.last_error).text("last_error_at", utc_text(lane.last_error_us));
  }
  return json;
}

Result<void> fits(const LanePlan& plan, const Encoder& encoder) {
  if (plan.pretty && encoder.notation() != Notation::Json) {
    return usage("--pretty sets JSON out for people; format {} writes none", plan.format->name);
  }
  if (encoder.binary() && plan.sink->on_screen && is_terminal(STDOUT_FILENO)) {
    return usage(
        "format {} is binary, and stdout is a terminal; send it to a file or another program (> changes.bin)",
        plan.format->name);
  }
  return {};
}

std::string counted(const Result<uint64_t>& count) {
  return count ? JsonObject().number("messages", *count).str()
               : JsonObject().text("error", count.error().what).str();
}

}  // namespace

bool wants_query(const std::vector<LanePlan>& plans) {
  return std::any_of(plans.begin(), plans.end(), [](const LanePlan& plan) {
    const Settings& settings = plan.format_settings;
    for (std::string_view option : {"output_row_query", "include_query"}) {
      if (has_option(settings.options(), option)) return settings.boolean(option);
    }
    if (!has_option(settings.options(), "with")) return false;
    std::vector<std::string> with = settings.list("with");
    return std::find(with.begin(), with.end(), "query") != with.end();
  });
}

bool wants_whole_events(std::span<const LaneSetup> lanes) {
  return std::any_of(lanes.begin(), lanes.end(),
                     [](const LaneSetup& lane) { return lane.encoder->grouped(); });
}

Result<std::vector<LaneSetup>> make_lanes(std::vector<LanePlan> plans, const std::string& name) {
  std::vector<LaneSetup> lanes;
  for (LanePlan& plan : plans) {
    if (has_option(plan.format->options, "name") && !plan.format_settings.given("name")) {
      SLUICE_TRY(plan.format_settings.set("name", {name}, ""));
    }
    SLUICE_ASSIGN(sink, plan.sink->make_for(plan.sink_settings, plan.route != nullptr));
    SLUICE_ASSIGN(encoder, plan.format->make(plan.format_settings));
    SLUICE_TRY(fits(plan, *encoder));
    if (plan.pretty) encoder = make_pretty_encoder(std::move(encoder), Look::of(STDOUT_FILENO).colours);
    lanes.push_back({std::move(plan.name), std::move(sink), std::move(encoder), plan.encode_threads,
                     std::move(plan.view), std::move(plan.route), plan.on_refusal, plan.park_bytes});
  }
  return lanes;
}

Result<std::unique_ptr<Engine>> Engine::make(RunPlan plan_given) {
  std::unique_ptr<Engine> engine(new Engine(std::move(plan_given)));
  RunPlan& plan = engine->plan_;
  plan.source.decoder.query = wants_query(plan.lanes);
  SLUICE_ASSIGN(selection, Selection::parse(plan.tables));
  engine->selection_ = std::move(selection);
  if (!plan.state_folder.empty()) {
    SLUICE_ASSIGN(state, open_sqlite_state(plan.state_folder));
    engine->state_ = std::move(state);
    SLUICE_TRY(engine->state_->load(engine->catalogue_));
    SLUICE_ASSIGN(resume, engine->state_->resume());
    if (resume) engine->from_ = std::move(*resume);
    plan.source.decoder.aside = engine->state_->aside();
  }
  SLUICE_ASSIGN(lanes, make_lanes(std::move(plan.lanes), plan.name));
  plan.source.decoder.whole_events = wants_whole_events(lanes);
  auto live = make_mysql_source(plan.source, engine->catalogue_, engine->selection_);
  engine->live_ = live.get();
  BoundedSource::Options bounds{plan.until, plan.patient, [raw = engine.get()] { raw->look_for_tables(); },
                                [raw = live.get()] { return raw->status().idle; }};
  engine->source_ = std::make_unique<BoundedSource>(std::move(live), std::move(bounds));
  PipelineOptions options;
  options.batches = plan.batches;
  engine->pipeline_ = std::make_unique<Pipeline>(*engine->source_, std::vector<std::unique_ptr<Transform>>(),
                                                 std::move(lanes), engine->state_.get(), options);
  engine->since_us_ = unix_us();
  return engine;
}

void Engine::look_for_tables() const {
  std::vector<std::string> names;
  catalogue_.for_each([&](const TablePtr& table) { names.push_back(full_name(*table)); });
  for (const std::string& pattern : plan_.tables) {
    auto alone = Selection::parse(std::vector<std::string>{pattern});
    if (!alone || pattern.find('!') != pattern.npos) continue;
    bool fits = false;
    catalogue_.for_each([&](const TablePtr& table) { fits |= alone->wants(table->database, table->name); });
    if (fits) continue;
    std::string near = nearest(pattern, names);
    log::warning("no table there is fits '{}'{}; one that comes later will be delivered", pattern,
                 near.empty() ? "" : fmt::format(" (did you mean '{}'?)", near));
  }
}

Result<void> Engine::run() {
  if (from_.known()) log::info("goes on at {}", describe(from_));
  return pipeline_->run(from_);
}

std::string Engine::status() const {
  PipelineStatus status = pipeline_->status();
  std::vector<JsonObject> lanes;
  for (const LaneStatus& lane : status.lanes) lanes.push_back(lane_json(lane));
  JsonObject json;
  json.boolean("running", true)
      .text("name", plan_.name)
      .number("pid", ::getpid())
      .text("version", SLUICE_VERSION);
  json.text("since", utc_text(since_us_)).object("source", source_json(live_->status()));
  if (!status.source_error.empty()) {
    json.text("source_error", status.source_error)
        .text("source_error_since", utc_text(status.source_error_us));
  }
  json.number("changes", status.changes).number("log_bytes", status.log_bytes);
  json.number("malformed_json", malformed_json_documents());
  json.number("batches_free", status.batches_free).number("batches_total", status.batches_total);
  return json.number("resident_bytes", resident_bytes()).list("sinks", lanes).str();
}

std::string Engine::retry_parked(const std::string& sink, const std::vector<uint64_t>& ids) {
  auto count = state_->park()->ask_parked(sink, ids);
  pipeline_->look_at_parked();
  return counted(count);
}

std::string Engine::drop_parked(const std::string& sink, const std::vector<uint64_t>& ids) {
  auto count = state_->park()->drop_parked(sink, ids);
  if (count)
    log::warning("sink {}: {} parked messages are dropped by hand", sink.empty() ? "*" : sink, *count);
  pipeline_->look_at_parked();
  return counted(count);
}

}  // namespace sluice::app
