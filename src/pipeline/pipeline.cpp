#include "pipeline/pipeline.h"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>

#include "base/check.h"
#include "base/log.h"
#include "pipeline/progress.h"

namespace sluice {

Pipeline::Pipeline(Source& source, std::vector<std::unique_ptr<Transform>> transforms,
                   std::vector<LaneSetup> lanes, State* state, PipelineOptions options)
    : source_(source),
      transforms_(std::move(transforms)),
      setups_(std::move(lanes)),
      state_(state),
      options_(options),
      pool_(options.batches),
      backoff_(options.pauses) {
  CHECK(!setups_.empty());
}

Pipeline::~Pipeline() {
  stop();
  stop();
}

Result<void> Pipeline::run(const Position& from) {
  // The first thread's name is the process's, as `ps` and `pkill` know it.
  if (gettid() != getpid()) pthread_setname_np(pthread_self(), "source");
  SLUICE_TRY(make_lanes(from));
  for (auto& lane : lanes_) lane->start(from);
  Result<void> pumped = pump(from);
  bool asked = !pumped && pumped.error().fault == Fault::Stopped;
  if (!pumped) note_fault(std::move(pumped).error());
  // What was read before the source failed is delivered first.
  end_lanes(!asked);
  std::lock_guard lock(mutex_);
  if (fault_ && fault_->fault != Fault::Stopped) return tl::unexpected(*fault_);
  return {};
}

Result<void> Pipeline::make_lanes(const Position& from) {
  std::vector<std::string> names;
  for (const LaneSetup& setup : setups_) names.push_back(setup.name);
  if (state_) {
    SLUICE_ASSIGN(known, state_->lanes());
    for (const std::string& name : known) {
      if (std::find(names.begin(), names.end(), name) != names.end()) continue;
      log::warning(
          "sink {} is no longer named: its position is forgotten, and if it comes back it begins "
          "where the pipeline is then",
          name);
      SLUICE_TRY(state_->forget(name));
    }
  }
  watermark_ = std::make_unique<Watermark>(source_, state_, names);
  std::vector<std::unique_ptr<Lane>> lanes;
  for (size_t i = 0; i < setups_.size(); ++i) {
    std::optional<LaneCheckpoint> saved;
    if (state_) {
      SLUICE_ASSIGN(found, state_->lane(names[i]));
      saved = std::move(found);
    }
    // Where there is a spill, its lane knows what lies in it.
    bool spills = setups_[i].spill_bytes > 0;
    if (saved && !spills && !covers(saved->position, from)) {
      log::warning(
          "sink {} has everything up to {}, but reading begins at {}: what lies between is not "
          "delivered to it",
          names[i], describe(saved->position), describe(from));
    }
    lanes.push_back(std::make_unique<Lane>(std::move(setups_[i]), i, std::move(saved), *watermark_,
                                           state_ ? state_->park() : nullptr, pool_.count(), options_.pauses,
                                           [this](Result<void> result) { lane_ended(std::move(result)); }));
  }
  std::lock_guard lock(mutex_);
  lanes_ = std::move(lanes);
  running_ = lanes_.size();
  return {};
}

Result<void> Pipeline::pump(const Position& from) {
  resume_ = from;
  SLUICE_TRY(open_source(from));
  for (;;) {
    BatchPool::Mine parcel = free_batch();
    if (!parcel || stop_.raised()) return stopped();
    auto more = source_.read(parcel->batch);
    if (!more) {
      parcel.reset();
      if (more.error().fault != Fault::Retryable) return tl::unexpected(std::move(more).error());
      SLUICE_TRY(source_failed(std::move(more).error()));
      SLUICE_TRY(open_source(resume_));
      continue;
    }
    backoff_.reset();
    if (trouble_.over()) {
      log::info("source: reads again");
      std::lock_guard lock(mutex_);
      status_.source_error.clear();
    }
    SLUICE_TRY(hand_over(std::move(parcel)));
    if (*more == Source::More::End) return {};
  }
}

BatchPool::Mine Pipeline::free_batch() {
  for (;;) {
    if (BatchPool::Mine parcel = pool_.try_take()) return parcel;
    bool helped = false;
    for (auto& lane : lanes_) helped |= lane->help();
    if (!helped) return pool_.take();
  }
}

Result<void> Pipeline::open_source(const Position& at) {
  for (;;) {
    auto opened = source_.open(at);
    if (opened || opened.error().fault != Fault::Retryable) return opened;
    SLUICE_TRY(source_failed(std::move(opened).error()));
  }
}

Result<void> Pipeline::source_failed(Error error) {
  auto pause = backoff_.next();
  if (trouble_.met(error.what, steady_now())) {
    log::warning("source: {}; trying again, next in {:.1f} s", error.what,
                 std::chrono::duration<double>(pause).count());
  }
  {
    std::lock_guard lock(mutex_);
    if (status_.source_error.empty()) status_.source_error_us = unix_us();
    status_.source_error = std::move(error.what);
  }
  if (stop_.wait_for(pause)) return stopped();
  return {};
}

void Pipeline::seal(Parcel& parcel) {
  const Batch& batch = parcel.batch;
  parcel.moves = batch.resume.known() && (batch.resume != resume_ || parcel.late());
  if (!batch.changes.empty() && !batch.changes.back().last && !parcel.late())
    parcel.open = batch.changes.back().transaction;
}

Result<void> Pipeline::hand_over(BatchPool::Mine parcel) {
  Batch& batch = parcel->batch;
  seal(*parcel);
  // An idle log says so once a second; nobody else need wake for it.
  bool saves = !batch.catalogue.empty() || !batch.aside.empty();
  if (batch.changes.empty() && !saves && !parcel->moves) return {};
  batch.sequence = ++sequence_;
  batch.read_us = unix_us();
  if (parcel->moves) resume_ = batch.resume;
  {
    std::lock_guard lock(mutex_);
    status_.read = resume_;
    status_.changes += batch.changes.size();
    status_.log_bytes += batch.log_bytes;
    parcel->log_end = status_.log_bytes;
  }
  for (auto& transform : transforms_) SLUICE_TRY(transform->apply(batch));
  BatchPool::Shared shared(std::move(parcel));
  for (auto& lane : lanes_) lane->offer(shared);
  return {};
}

void Pipeline::note_fault(Error error) {
  std::lock_guard lock(mutex_);
  if (!fault_ || fault_->fault == Fault::Stopped) fault_ = std::move(error);
}

void Pipeline::wind_down() noexcept {
  stop_.raise();
  pool_.close();
  source_.interrupt();
}

void Pipeline::lane_ended(Result<void> result) {
  if (!result) {
    note_fault(std::move(result).error());
    wind_down();
  }
  std::lock_guard lock(mutex_);
  --running_;
  ended_.notify_all();
}

void Pipeline::end_lanes(bool drain) {
  std::unique_lock lock(mutex_);
  if (drain) {
    for (auto& lane : lanes_) lane->finish();
    ended_.wait(lock, [&] { return running_ == 0 || stop_.raised(); });
  }
  for (auto& lane : lanes_) lane->stop();
  if (!ended_.wait_for(lock, options_.stop_patience, [&] { return running_ == 0 || hurry_; }) || hurry_) {
    for (auto& lane : lanes_) lane->interrupt();
  }
  ended_.wait(lock, [&] { return running_ == 0; });
}

void Pipeline::stop() noexcept {
  bool again = stop_.raised();
  wind_down();
  std::lock_guard lock(mutex_);
  hurry_ |= again;
  ended_.notify_all();
}

void Pipeline::look_at_parked() {
  std::lock_guard lock(mutex_);
  for (auto& lane : lanes_) lane->look_at_parked();
}

PipelineStatus Pipeline::status() const {
  std::lock_guard lock(mutex_);
  PipelineStatus status = status_;
  status.batches_free = pool_.free();
  status.batches_total = pool_.count();
  for (const auto& lane : lanes_) status.lanes.push_back(lane->status());
  return status;
}

}  // namespace sluice
