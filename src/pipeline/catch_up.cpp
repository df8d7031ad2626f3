#include "pipeline/catch_up.h"

namespace sluice {
namespace {

// The lane's share of the state.
class LaneState : public State {
 public:
  LaneState(State& all, std::string lane, std::unique_ptr<State> tables)
      : all_(all), lane_(std::move(lane)), tables_(std::move(tables)) {}

  Result<std::optional<Position>> resume() override { return std::nullopt; }
  Result<std::optional<LaneCheckpoint>> lane(std::string_view name) override { return all_.lane(name); }
  Result<std::vector<std::string>> lanes() override { return std::vector<std::string>{lane_}; }
  Result<void> forget(std::string_view lane) override { return all_.forget(lane); }
  Result<void> load(Catalogue&) override { return {}; }
  Result<void> save(const Checkpoint& checkpoint) override {
    // Before the position: what is known of places behind it is forgotten at a start.
    if (tables_ && !checkpoint.catalogue.empty())
      SLUICE_TRY(tables_->save({.resume = checkpoint.resume, .catalogue = checkpoint.catalogue}));
    if (!checkpoint.position && !checkpoint.park) return {};
    Checkpoint own = checkpoint;
    own.resume = nullptr;
    own.catalogue = {};
    own.aside = nullptr;
    return all_.save(own);
  }
  ParkStore* park() override { return all_.park(); }
  // Facts are the whole pipeline's.
  Result<std::optional<std::string>> value(std::string_view) override { return std::nullopt; }
  Result<void> set_value(std::string_view, std::string_view) override { return {}; }

 private:
  State& all_;
  const std::string lane_;
  const std::unique_ptr<State> tables_;
};

std::vector<LaneSetup> only(LaneSetup lane) {
  std::vector<LaneSetup> lanes;
  lanes.push_back(std::move(lane));
  return lanes;
}

}  // namespace

CatchUp::CatchUp(LaneSetup lane, Reading reading, State& state, const PipelineOptions& options)
    : name_(lane.name),
      state_(std::make_unique<LaneState>(state, lane.name, std::move(reading.tables))),
      source_(std::move(reading.source)),
      pipeline_(*source_, std::move(reading.transforms), only(std::move(lane)), state_.get(), options) {}

CatchUp::~CatchUp() {
  stop();
  stop();
  if (thread_.joinable()) thread_.join();
}

void CatchUp::start(const Position& from, Ended ended) {
  thread_ = std::thread([this, from, ended = std::move(ended)] { ended(pipeline_.run(from)); });
}

LaneStatus CatchUp::status() const {
  PipelineStatus all = pipeline_.status();
  LaneStatus lane = all.lanes.empty() ? LaneStatus{.name = name_} : std::move(all.lanes.front());
  if (!all.source_error.empty()) {
    lane.last_error = std::move(all.source_error);
    lane.last_error_us = all.source_error_us;
  }
  return lane;
}

}  // namespace sluice
