#include "app/engine.h"

#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>

#include "app/bounded_source.h"
#include "app/fit.h"
#include "app/json_object.h"
#include "app/pretty_encoder.h"
#include "app/registry.h"
#include "app/terminal.h"
#include "base/clock.h"
#include "base/log.h"
#include "pipeline/route.h"
#include "pipeline/view.h"
#include "rule/filter.h"
#include "state/sqlite/sqlite_state.h"
#include "transform/filter/filter.h"
#include "transform/mask/mask.h"

namespace sluice::app {
namespace {

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

// Warns of another key than the runs before had: what is delivered from now on joins nothing of theirs.
Result<void> know_key(const mask::MaskSetup& masks, State& state) {
  constexpr std::string_view kFact = "mask key";
  constexpr size_t kTell = 16;  // digits: enough to tell keys apart
  std::string tell = masks.derived("tell").reveal().substr(0, kTell);
  SLUICE_ASSIGN(known, state.value(kFact));
  if (known && !known->empty() && *known != tell)
    log::warning(
        "the key of the masks is another one than before: the same values become others from now on");
  return state.set_value(kFact, tell);
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
      if (has_option(settings, option)) return settings.boolean(option);
    }
    if (!has_option(settings, "with")) return false;
    std::vector<std::string> with = settings.list("with");
    return std::find(with.begin(), with.end(), "query") != with.end();
  });
}

bool wants_schemas(const LanePlan& plan) {
  return has_option(plan.format_settings, "schemas") && plan.format_settings.boolean("schemas");
}

bool wants_whole_events(std::span<const LaneSetup> lanes) {
  return std::any_of(lanes.begin(), lanes.end(),
                     [](const LaneSetup& lane) { return lane.encoder->grouped(); });
}

namespace {

Result<LaneSetup> make_lane(const LanePlan& plan) {
  SLUICE_ASSIGN(sink, make_sink(*plan.sink, plan.sink_settings, plan.format_settings, plan.route != nullptr));
  SLUICE_ASSIGN(encoder, make_encoder(*plan.sink, plan.sink_settings, plan.format, plan.format_settings));
  SLUICE_TRY(fits(plan, *encoder));
  SLUICE_TRY(check_fit(*plan.sink, plan.sink_settings, plan.format, plan.format_settings, *encoder));
  if (plan.pretty) encoder = make_pretty_encoder(std::move(encoder), Look::of(STDOUT_FILENO).colours);
  return LaneSetup{.name = plan.name,
                   .sink = std::move(sink),
                   .encoder = std::move(encoder),
                   .encode_threads = plan.encode_threads,
                   .view = plan.view,
                   .route = plan.route,
                   .rows = plan.sink->wants_rows(plan.sink_settings),
                   .on_refusal = plan.on_refusal,
                   .park_bytes = plan.park_bytes,
                   .spill_folder = plan.spill_folder,
                   .spill_bytes = plan.spill_bytes,
                   .leave_after = plan.leave_after,
                   .again = [plan] { return make_lane(plan); }};
}

}  // namespace

Result<void> check_fits(const Catalogue& catalogue, const Selection& selection,
                        const std::shared_ptr<const rule::Rule>& where, const mask::MaskSetup* masks,
                        const std::vector<LaneFit>& lanes) {
  auto check = [&](const Table& table) -> Result<void> {
    if (where) SLUICE_TRY(where->condition(table));
    TablePtr masked;
    if (masks) {
      SLUICE_ASSIGN(made, masks->masked(table));
      masked = std::move(made);
    }
    for (const LaneFit& lane : lanes) {
      SLUICE_ASSIGN(shown, View(lane.view).check(masked ? *masked : table));
      if (shown) SLUICE_TRY(Route(lane.route).check(*shown));
    }
    return {};
  };
  Result<void> checked;
  catalogue.for_each([&](const TablePtr& table) {
    if (checked && selection.wants(table->database, table->name)) checked = check(*table);
  });
  return checked;
}

Result<std::vector<LaneSetup>> make_lanes(std::vector<LanePlan> plans, const std::string& name) {
  std::vector<LaneSetup> lanes;
  // The source's thread encodes while the lane's waits for its target, even on one processor. Several lanes
  // do not wait at once, and each thread more holds an encoded batch more.
  unsigned threads = plans.size() == 1 ? 2 : 1;
  for (LanePlan& plan : plans) {
    if (plan.encode_threads == 0) plan.encode_threads = threads;
    if (has_option(plan.format_settings, "name") && !plan.format_settings.given("name")) {
      SLUICE_TRY(plan.format_settings.set("name", {name}, ""));
    }
    if (has_option(plan.sink_settings, "checkpoint") && !plan.sink_settings.given("checkpoint")) {
      SLUICE_TRY(plan.sink_settings.set("checkpoint", {fmt::format("{}/{}", name, plan.name)}, ""));
    }
    SLUICE_ASSIGN(lane, make_lane(plan));
    lanes.push_back(std::move(lane));
  }
  return lanes;
}

Result<std::unique_ptr<Engine>> Engine::make(RunPlan plan_given) {
  std::unique_ptr<Engine> engine(new Engine(std::move(plan_given)));
  RunPlan& plan = engine->plan_;
  plan.source.decoder.query = wants_query(plan.lanes);
  if (plan.masks) {
    plan.source.decoder.seal = plan.masks->derived("state");
    plan.source.decoder.judge_alter = [masks = plan.masks](const Table& before, const Table& after,
                                                           std::span<const uint32_t> origins) {
      return masks->stay_masked(before, after, origins);
    };
    // Memory holds plain values: no core file, and no other process of this account that reads it.
    if (::prctl(PR_SET_DUMPABLE, 0) != 0) return fatal("cannot forbid core files, which masks ask for");
  }
  SLUICE_ASSIGN(selection, Selection::parse(plan.tables));
  engine->selection_ = std::move(selection);
  if (!plan.state_folder.empty()) {
    SLUICE_ASSIGN(state, open_sqlite_state(plan.state_folder));
    engine->state_ = std::move(state);
    SLUICE_TRY(engine->state_->load(engine->catalogue_));
    SLUICE_ASSIGN(resume, engine->state_->resume());
    if (resume) engine->from_ = std::move(*resume);
    plan.source.decoder.aside = engine->state_->aside();
    if (plan.masks) SLUICE_TRY(know_key(*plan.masks, *engine->state_));
  }
  for (const LanePlan& lane : plan.lanes) engine->fits_.push_back({lane.view, lane.route});
  SLUICE_ASSIGN(lanes, make_lanes(std::move(plan.lanes), plan.name));
  plan.source.decoder.whole_events = wants_whole_events(lanes);
  for (const LaneSetup& lane : lanes) engine->sinks_.push_back(lane.name);
  auto live = make_mysql_source(plan.source, engine->catalogue_, engine->selection_);
  engine->live_ = live.get();
  BoundedSource::Options bounds{plan.until, plan.patient,
                                [raw = engine.get()] { return raw->look_at_tables(); },
                                [raw = live.get()] { return raw->status().idle; }};
  engine->source_ = std::make_unique<BoundedSource>(std::move(live), std::move(bounds));
  // The condition sees plain values, of which nothing goes on.
  auto transforms = [where = plan.where, masks = plan.masks] {
    Transforms all;
    if (where) all.push_back(make_filter(where));
    if (masks) all.push_back(mask::make_mask(masks));
    return all;
  };
  if (engine->state_) {
    engine->own_reading_ =
        make_own_reading(plan.source, plan.until, engine->selection_, plan.state_folder, transforms);
  }
  PipelineOptions options;
  options.batches = plan.batches;
  options.own_reading = engine->own_reading_.get();
  engine->pipeline_ = std::make_unique<Pipeline>(*engine->source_, transforms(), std::move(lanes),
                                                 engine->state_.get(), options);
  engine->since_us_ = unix_us();
  return engine;
}

Result<void> Engine::look_at_tables() const {
  look_for_tables();
  look_for_masked();
  auto checked = check_fits(catalogue_, selection_, plan_.where, plan_.masks.get(), fits_);
  if (checked || !from_.known()) return checked;
  // The log may still bring the table into the shape that is meant.
  log::warning("of the tables as they are where reading goes on: {}", checked.error().what);
  return {};
}

void Engine::look_for_masked() const {
  if (!plan_.masks) return;
  for (const mask::MaskRule& rule : plan_.masks->rules) {
    for (const std::string& pattern : rule.patterns) {
      auto alone = mask::parse_columns({pattern});
      if (!alone || pattern.starts_with('!')) continue;
      bool fits = false;
      catalogue_.for_each([&](const TablePtr& table) {
        for (const Column& column : table->columns) fits |= mask::fits(*alone, *table, column);
      });
      if (!fits)
        log::warning("{}: no column known so far fits '{}'; one that comes later will be masked", rule.where,
                     pattern);
    }
  }
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
    log::warning("no table known so far fits '{}'{}; one that comes later will be delivered", pattern,
                 near.empty() ? "" : fmt::format(" (did you mean '{}'?)", near));
  }
}

Result<void> Engine::run() {
  if (from_.known()) log::info("goes on at {}", describe(from_));
  return pipeline_->run(from_);
}

EngineStatus Engine::status() const {
  EngineStatus status{.name = plan_.name,
                      .since_us = since_us_,
                      .now_us = unix_us(),
                      .source = live_->status(),
                      .pipeline = pipeline_->status()};
  Result<std::vector<std::string>> known;
  if (state_) known = state_->lanes();
  for (size_t i = 0; known && i < known->size(); ++i) {
    const std::string& name = (*known)[i];
    if (std::find(sinks_.begin(), sinks_.end(), name) != sinks_.end()) continue;
    auto saved = state_->lane(name);
    if (saved && *saved) status.absent.push_back({name, (*saved)->position});
  }
  return status;
}

std::string Engine::forget(const std::string& sink) {
  if (std::find(sinks_.begin(), sinks_.end(), sink) != sinks_.end()) {
    return JsonObject()
        .text("error", fmt::format("the sink {} is running; stop the pipeline first", sink))
        .str();
  }
  auto known = forget_sink(*state_, plan_.state_folder, sink);
  if (!known) return JsonObject().text("error", known.error().what).str();
  if (*known) log::warning("sink {}: its position is forgotten by hand", sink);
  return JsonObject().boolean("known", *known).str();
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
