#include "app/own_reading.h"

#include <algorithm>
#include <filesystem>

#include "app/bounded_source.h"
#include "pipeline/spill.h"
#include "state/sqlite/sqlite_state.h"

namespace sluice::app {
namespace {

namespace fs = std::filesystem;

std::string folder_of(const std::string& state_folder, const std::string& lane) {
  return fmt::format("{}/behind/{}", state_folder, Spill::folder_of(lane));
}

void forget_folders(const std::string& state_folder, const std::string& lane) {
  std::error_code none;
  fs::remove_all(folder_of(state_folder, lane), none);
  fs::remove_all(own_tables_folder(state_folder, lane), none);
}

// A source with a catalogue of its own.
class OwnSource : public Source {
 public:
  OwnSource(MysqlSourceSetup setup, const std::optional<StartPoint>& until, std::string lane,
            std::unique_ptr<Catalogue> catalogue, const Selection& selection)
      : lane_(std::move(lane)), catalogue_(std::move(catalogue)) {
    auto live = make_mysql_source(std::move(setup), *catalogue_, selection);
    BoundedSource::Options bounds{.until = until, .idle = [raw = live.get()] { return raw->status().idle; }};
    inner_ = std::make_unique<BoundedSource>(std::move(live), std::move(bounds));
  }

  Result<void> open(const Position& from) override {
    auto opened = inner_->open(from);
    if (opened || opened.error().fault == Fault::Retryable || opened.error().fault == Fault::Stopped)
      return opened;
    return fatal(
        "sink {} has everything up to {}, and cannot go on there: {}. Where the log is gone, 'sluice forget' "
        "gives the sink's position up, with which it begins where the others are and misses what lies "
        "between",
        lane_, describe(from), opened.error().what);
  }
  Result<More> read(Batch& batch) override { return inner_->read(batch); }
  void confirm(const Position& position) override { inner_->confirm(position); }
  void interrupt() noexcept override { inner_->interrupt(); }

 private:
  const std::string lane_;
  std::unique_ptr<Catalogue> catalogue_;
  std::unique_ptr<Source> inner_;
};

class Impl : public OwnReading {
 public:
  Impl(MysqlSourceSetup setup, std::optional<StartPoint> until, const Selection& selection,
       std::string folder, std::function<Transforms()> transforms)
      : setup_(std::move(setup)),
        until_(std::move(until)),
        selection_(selection),
        folder_(std::move(folder)),
        transforms_(std::move(transforms)) {
    setup_.server_id = 0;            // a replica beside the one that has it
    setup_.decoder.aside = nullptr;  // what is set aside is everybody's
  }

  // Prepared XA transactions, whose PREPARE may stand before the sink's position and their COMMIT behind it.
  Result<void> keep(const std::string& lane) override {
    std::string own = folder_of(folder_, lane);
    std::error_code reason;
    if (fs::exists(own, reason)) return {};
    // Whole under its name, or not there.
    std::string begun = own + ".begun";
    fs::remove_all(begun, reason);
    fs::create_directories(begun, reason);
    if (!reason && fs::exists(setup_.decoder.spool_folder)) {
      fs::copy(setup_.decoder.spool_folder, begun, fs::copy_options::overwrite_existing, reason);
    }
    if (!reason) fs::rename(begun, own, reason);
    if (!reason) return {};
    return fatal("cannot keep what is prepared for the sink {} in {}: {}", lane, own, reason.message());
  }

  Result<Reading> begin(const std::string& lane, const Position& from) override {
    auto catalogue = std::make_unique<Catalogue>();
    Reading reading;
    if (std::string own = own_tables_folder(folder_, lane); fs::exists(own)) {
      SLUICE_ASSIGN(tables, open_sqlite_state(own));
      SLUICE_TRY(tables->save({.resume = &from}));
      SLUICE_TRY(tables->load(*catalogue));
      reading.tables = std::move(tables);
    } else {
      SLUICE_TRY(read_sqlite_catalogue(folder_, &from, *catalogue));
    }
    MysqlSourceSetup setup = setup_;
    setup.decoder.spool_folder = folder_of(folder_, lane);
    setup.decoder.reads_for = lane;
    reading.source =
        std::make_unique<OwnSource>(std::move(setup), until_, lane, std::move(catalogue), selection_);
    reading.transforms = transforms_();
    return reading;
  }

  void end(const std::string& lane) override { forget_folders(folder_, lane); }

 private:
  MysqlSourceSetup setup_;
  const std::optional<StartPoint> until_;
  const Selection& selection_;
  const std::string folder_;
  const std::function<Transforms()> transforms_;
};

}  // namespace

std::unique_ptr<OwnReading> make_own_reading(MysqlSourceSetup setup, std::optional<StartPoint> until,
                                             const Selection& selection, std::string state_folder,
                                             std::function<Transforms()> transforms) {
  return std::make_unique<Impl>(std::move(setup), std::move(until), selection, std::move(state_folder),
                                std::move(transforms));
}

std::string own_tables_folder(const std::string& folder, const std::string& sink) {
  return folder_of(folder, sink) + ".tables";
}

Result<void> stand_own_tables(State& state, const std::string& folder, const std::string& sink) {
  SLUICE_ASSIGN(saved, state.lane(sink));
  if (!saved) return usage("{} knows no sink {}", folder, sink);
  SLUICE_ASSIGN(resume, state.resume());
  if (!resume || covers(saved->position, *resume)) {
    return usage("the sink {} is not behind the pipeline, whose tables are its own: leave --sink out", sink);
  }
  std::string own = own_tables_folder(folder, sink);
  SLUICE_ASSIGN(tables, open_sqlite_state(own));
  SLUICE_ASSIGN(known, tables->resume());
  if (!known) SLUICE_TRY(copy_sqlite_history(folder, own));
  return tables->save({.resume = &saved->position});
}

Result<bool> forget_sink(State& state, const std::string& folder, const std::string& sink) {
  SLUICE_ASSIGN(saved, state.lane(sink));
  SLUICE_ASSIGN(parked, state.park()->drop_parked(sink, {}));
  SLUICE_TRY(state.forget(sink));
  SLUICE_TRY(state.set_value(absent_fact(sink), ""));
  forget_folders(folder, sink);
  std::error_code none;
  bool spilled = fs::remove_all(fmt::format("{}/spill/{}", folder, Spill::folder_of(sink)), none) > 0;
  return saved || parked > 0 || spilled;
}

}  // namespace sluice::app
