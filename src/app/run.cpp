#include "app/run.h"

#include <algorithm>

#include "app/connection.h"
#include "app/control.h"
#include "app/json_object.h"
#include "app/routing.h"
#include "app/signals.h"
#include "app/verbs.h"
#include "base/log.h"
#include "net/http_server.h"
#include "sink/file/file_sink.h"

namespace sluice::app {
namespace {

constexpr Argument kArguments[] = {{"FILE", "the configuration [sluice.yaml]"}};
constexpr Example kExamples[] = {{"sluice run", "the pipeline of ./sluice.yaml"},
                                 {"sluice run /etc/sluice/shop.yaml", "as a service manager does it"}};

Result<int> run(const Invocation& invocation) {
  SLUICE_ASSIGN(config, load_config(invocation.argument(0, "sluice.yaml")));
  SLUICE_ASSIGN(plan, plan_of(std::move(config)));
  SLUICE_TRY(run_pipeline(std::move(plan)));
  return 0;
}

OnRefusal on_refusal(const std::string& word) {
  return word == "park" ? OnRefusal::Park : word == "drop" ? OnRefusal::Drop : OnRefusal::Stop;
}

// `ddl`: the lane is shown schema changes.
Result<LanePlan> lane_plan(const Settings& pipeline, LaneConfig& lane, const std::string& state_folder,
                           bool ddl) {
  SLUICE_ASSIGN(view, view_setup(pipeline, lane.view, lane.address, ddl));
  std::shared_ptr<const RouteSetup> route;
  if (lane.sink->addressing) {
    SLUICE_ASSIGN(made, route_setup(*lane.sink->addressing, lane.sink_settings, lane.address, lane.rules));
    route = std::move(made);
  }
  return LanePlan{.name = lane.name,
                  .sink = lane.sink,
                  .sink_settings = std::move(lane.sink_settings),
                  .format = lane.format,
                  .format_settings = std::move(lane.format_settings),
                  .encode_threads = lane.own.given("encode_threads")
                                        ? static_cast<unsigned>(lane.own.integer("encode_threads"))
                                        : 0,
                  .view = std::move(view),
                  .route = std::move(route),
                  .on_refusal = on_refusal(lane.own.text("on_refusal")),
                  .park_bytes = lane.own.size("park"),
                  .spill_folder = fmt::format("{}/spill/{}", state_folder, Spill::folder_of(lane.name)),
                  .spill_bytes = lane.own.text("when_slow") == "spill" ? lane.own.size("spill") : 0,
                  .leave_after = lane.own.text("when_slow") == "leave" ? lane.own.duration("leave_after")
                                                                       : std::chrono::milliseconds(0)};
}

// Null: nobody is to listen.
Result<std::unique_ptr<HttpServer>> serve_metrics(const std::string& address, const Secret& token,
                                                  const Engine& engine) {
  if (address.empty()) return nullptr;
  SLUICE_ASSIGN(parsed, ListenAddress::parse(address));
  std::vector<HttpPage> pages;
  pages.push_back(
      {"/metrics", [&engine] {
         return HttpAnswer{200, "text/plain; version=0.0.4; charset=utf-8", metrics_text(engine.status())};
       }});
  pages.push_back(
      {"/health", [&engine] {
         std::string troubles = troubles_text(engine.status());
         bool well = troubles.empty();
         return HttpAnswer{well ? 200 : 503, "text/plain; charset=utf-8", well ? "well\n" : troubles};
       }});
  SLUICE_ASSIGN(server, HttpServer::start(parsed, std::move(pages), token.reveal()));
  log::info("metrics at http://{}:{}/metrics", parsed.host, server->port());
  return server;
}

bool keeps_rows(const Config& config) {
  return std::any_of(config.lanes.begin(), config.lanes.end(),
                     [](const LaneConfig& lane) { return lane.sink->encoder != nullptr; });
}

}  // namespace

Result<RunPlan> plan_without_source(Config& config) {
  RunPlan plan;
  plan.name = config.pipeline.text("name");
  plan.state_folder = config.pipeline.text("state");
  plan.metrics = config.pipeline.text("metrics");
  plan.metrics_token = config.pipeline.secret("metrics_token");
  plan.batches = config.memory.integer("batches");
  SLUICE_ASSIGN(tables, table_patterns(config.pipeline));
  plan.tables = std::move(tables);
  SLUICE_ASSIGN(where, condition_of(config.pipeline));
  plan.where = std::move(where);
  plan.masks = std::move(config.masks);
  // A target that keeps rows keeps them in step with their tables, whatever the others are shown.
  bool shown = config.pipeline.boolean("ddl"), kept = keeps_rows(config);
  for (LaneConfig& lane : config.lanes) {
    SLUICE_ASSIGN(made,
                  lane_plan(config.pipeline, lane, plan.state_folder, shown || !kept || lane.sink->encoder));
    plan.lanes.push_back(std::move(made));
  }
  return plan;
}

Result<void> check_places(const RunPlan& plan) {
  for (const LanePlan& lane : plan.lanes) {
    if (lane.sink != &file_sink) continue;
    if (auto looked = look_at_place(lane.sink_settings, lane.route != nullptr); !looked)
      return while_doing(lane.sink_settings.where("path"), std::move(looked).error());
  }
  return {};
}

Result<RunPlan> plan_of(Config config) {
  SLUICE_ASSIGN(plan, plan_without_source(config));
  SLUICE_ASSIGN(source, source_setup(config.source));
  plan.source = std::move(source);
  plan.source.decoder.ddl = config.pipeline.boolean("ddl") || keeps_rows(config);
  plan.source.decoder.spool_folder = plan.state_folder + "/prepared";
  plan.source.decoder.helper_tables = config.pipeline.boolean("helper_tables");
  plan.source.decoder.aside_bytes = config.pipeline.size("set_aside");
  plan.source.decoder.batch_bytes = config.memory.size("batch_bytes");
  return plan;
}

Result<void> run_pipeline(RunPlan plan, const std::function<void()>& started) {
  std::string folder = plan.state_folder, name = plan.name, metrics = plan.metrics;
  Secret token = plan.metrics_token;
  SLUICE_ASSIGN(engine, Engine::make(std::move(plan)));
  Signals signals([&] { engine->stop(); });
  auto answer = [&](const Request& request) {
    if (request.what == "status") return status_json(engine->status());
    if (request.what == "retry") return engine->retry_parked(request.sink, request.ids);
    if (request.what == "drop") return engine->drop_parked(request.sink, request.ids);
    if (request.what == "forget") return engine->forget(request.sink);
    log::info("asked to stop by the control socket");
    engine->stop();
    return JsonObject().boolean("stopping", true).str();
  };
  SLUICE_ASSIGN(control, ControlServer::start(folder, answer));
  SLUICE_ASSIGN(page, serve_metrics(metrics, token, *engine));
  log::info("pipeline {} starts, state in {}", name, folder);
  started();
  auto result = engine->run();
  if (result) log::info("pipeline {} has ended; everything delivered is saved", name);
  return result;
}

const Command run_command = {"run",
                             "run the pipeline of a sluice.yaml",
                             "Reads the changes, delivers them to every sink, and saves in the state folder "
                             "how far each of them came. SIGTERM and "
                             "Ctrl-C finish the batch in hand and save; a second one ends at once, which "
                             "loses nothing either: what was not saved "
                             "is read again at the next start. SIGHUP reopens the log file.",
                             kArguments,
                             {},
                             kExamples,
                             run};

}  // namespace sluice::app
