// Engine: one run put together: source, catalogue, state, lanes, pipeline.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "app/engine_status.h"
#include "app/own_reading.h"
#include "base/option.h"
#include "model/catalogue.h"
#include "model/selection.h"
#include "pipeline/pipeline.h"
#include "source/mysql/mysql_source.h"
#include "state/state.h"

namespace sluice {
struct FormatType;
struct SinkType;
namespace mask {
struct MaskSetup;
}
}  // namespace sluice

namespace sluice::app {

// One way out, as the configuration or the command line names it.
struct LanePlan {
  std::string name;
  const SinkType* sink;
  Settings sink_settings;
  const FormatType* format;  // null: the sink has messages of its own
  Settings format_settings;
  unsigned encode_threads = 0;  // 0: 2 where the lane is alone, else 1
  bool pretty = false;          // for people
  std::shared_ptr<const ViewSetup> view;
  std::shared_ptr<const RouteSetup> route;  // of a sink with addressing
  OnRefusal on_refusal = OnRefusal::Stop;
  uint64_t park_bytes = 256'000'000;
  std::string spill_folder = {};
  uint64_t spill_bytes = 0;
  std::chrono::milliseconds leave_after{0};
};

// What of a lane is made for each table.
struct LaneFit {
  std::shared_ptr<const ViewSetup> view;
  std::shared_ptr<const RouteSetup> route;
};
// A Usage fault: a condition, a mask, a computed column or a template does not fit a table that is wanted.
// Null `masks`: none.
Result<void> check_fits(const Catalogue& catalogue, const Selection& selection,
                        const std::shared_ptr<const rule::Rule>& where, const mask::MaskSetup* masks,
                        const std::vector<LaneFit>& lanes);

// What `name` becomes in formats that show where a change comes from.
Result<std::vector<LaneSetup>> make_lanes(std::vector<LanePlan> plans, const std::string& name);
// Whether any of the formats shows the statement behind a change; else the source need not carry it.
bool wants_query(const std::vector<LanePlan>& plans);
// Whether each message brings its schema.
bool wants_schemas(const LanePlan& plan);
// Whether any of the formats shows the changes of an event together.
bool wants_whole_events(std::span<const LaneSetup> lanes);

struct RunPlan {
  std::string name;
  MysqlSourceSetup source;
  std::vector<std::string> tables;               // patterns, as Selection reads them
  std::shared_ptr<const rule::Rule> where;       // of the rows' changes that go on; null: all do
  std::shared_ptr<const mask::MaskSetup> masks;  // null: none
  std::vector<LanePlan> lanes;
  size_t batches = 6;
  std::string state_folder;         // empty: nothing is saved, everything begins at the source's start
  std::optional<StartPoint> until;  // where the run ends by itself
  std::string metrics;              // where to listen for who asks for them; empty: nowhere
  Secret metrics_token;             // that who asks must have; empty: none
  bool patient = true;              // a server that does not answer at the start is waited for
};

class Engine {
 public:
  // Opens the state folder; asks no server yet. At most one process at a time has the folder.
  static Result<std::unique_ptr<Engine>> make(RunPlan plan);

  // On the calling thread, until all is read, stop() or a fault. Once.
  Result<void> run();
  void stop() noexcept { pipeline_->stop(); }  // any thread
  EngineStatus status() const;                 // any thread
  // Any thread; the answer is one line of JSON. Has parked messages tried again, or drops them: of one sink
  // or of all where it is empty; without ids, all.
  std::string retry_parked(const std::string& sink, const std::vector<uint64_t>& ids);
  std::string drop_parked(const std::string& sink, const std::vector<uint64_t>& ids);
  // Any thread; the answer is one line of JSON. Of a sink that is not named.
  std::string forget(const std::string& sink);

 private:
  explicit Engine(RunPlan plan) : plan_(std::move(plan)) {}

  // Warns of patterns that fit no table there is: mostly a slip of the pen. On the source's thread.
  void look_for_tables() const;
  // Warns of masks that fit no column there is.
  void look_for_masked() const;
  Result<void> look_at_tables() const;

  RunPlan plan_;
  Selection selection_;
  std::vector<LaneFit> fits_;  // of the lanes
  Catalogue catalogue_;
  std::unique_ptr<State> state_;
  MysqlSource* live_ = nullptr;  // within source_
  std::unique_ptr<Source> source_;
  std::unique_ptr<OwnReading> own_reading_;
  std::unique_ptr<Pipeline> pipeline_;
  std::vector<std::string> sinks_;  // their names
  Position from_;
  int64_t since_us_ = 0;
};

}  // namespace sluice::app
