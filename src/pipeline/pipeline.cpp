#include "pipeline/pipeline.h"

#include <pthread.h>
#include <unistd.h>

#include <utility>

#include "base/log.h"

namespace sluice {
namespace {

// While no batch is free, so often is looked who holds it.
constexpr std::chrono::milliseconds kHeld{20};

}  // namespace

Pipeline::Pipeline(Source& source, std::vector<std::unique_ptr<Transform>> transforms,
                   std::vector<LaneSetup> lanes, State* state, PipelineOptions options)
    : source_(source),
      transforms_(std::move(transforms)),
      state_(state),
      options_(options),
      pool_(options.batches),
      backoff_(options.pauses),
      lanes_(std::move(lanes), pool_.count(), options_, stop_, [this](Error error) {
        note_fault(std::move(error));
        wind_down();
      }) {}

Pipeline::~Pipeline() {
  stop();
  stop();
}

Result<void> Pipeline::run(const Position& from) {
  // The first thread's name is the process's, as `ps` and `pkill` know it.
  if (gettid() != getpid()) pthread_setname_np(pthread_self(), "source");
  Result<void> pumped = lanes_.start(source_, state_, from);
  if (pumped) pumped = pump(from);
  bool asked = !pumped && pumped.error().fault == Fault::Stopped;
  bool read_all = pumped.has_value();
  if (!pumped) note_fault(std::move(pumped).error());
  // What was read before the source failed is delivered first.
  lanes_.end(!asked, read_all);
  std::lock_guard lock(mutex_);
  if (fault_ && fault_->fault != Fault::Stopped) return tl::unexpected(*fault_);
  return {};
}

Result<void> Pipeline::pump(const Position& from) {
  resume_ = from;
  // With every sink behind, each joins at this place.
  while (!lanes_.fed()) {
    SLUICE_TRY(lanes_.tend(resume_, sequence_, true));
    if (stop_.wait_for(kHeld)) return stopped();
  }
  SLUICE_TRY(open_source(from));
  for (;;) {
    SLUICE_ASSIGN(parcel, free_batch());
    auto more = source_.read(parcel->batch);
    if (!more) {
      parcel.reset();
      if (more.error().fault != Fault::Retryable) return tl::unexpected(std::move(more).error());
      SLUICE_TRY(source_failed(std::move(more).error()));
      SLUICE_TRY(open_source(resume_));
      continue;
    }
    backoff_.reset();
    lanes_.hear();
    if (trouble_.over()) {
      log::info("source: reads again");
      std::lock_guard lock(mutex_);
      status_.source_error.clear();
    }
    SLUICE_TRY(hand_over(std::move(parcel)));
    if (*more == Source::More::End) return {};
  }
}

Result<BatchPool::Mine> Pipeline::free_batch() {
  for (;;) {
    SLUICE_TRY(lanes_.tend(resume_, sequence_, between_));
    BatchPool::Mine parcel = pool_.try_take();
    if (!parcel && !stop_.raised() && !lanes_.help()) {
      auto since = steady_now();
      parcel = pool_.take_for(kHeld);
      if (!stop_.raised()) SLUICE_TRY(lanes_.held(since));
    }
    if (stop_.raised()) return stopped();
    if (parcel) return parcel;
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
  if (batch.changes.empty() && !saves && !parcel->moves) {
    quiet_bytes_ += batch.log_bytes;
    return {};
  }
  batch.sequence = ++sequence_;
  batch.read_us = unix_us();
  if (!resume_.known() && parcel->moves) SLUICE_TRY(lanes_.began(batch));
  if (parcel->moves) resume_ = batch.resume;
  if (!batch.changes.empty() && !parcel->late()) between_ = parcel->open == Parcel::kNone;
  {
    std::lock_guard lock(mutex_);
    status_.read = resume_;
    status_.changes += batch.changes.size();
    status_.log_bytes += batch.log_bytes + std::exchange(quiet_bytes_, 0);
    parcel->log_end = status_.log_bytes;
  }
  for (auto& transform : transforms_) SLUICE_TRY(transform->apply(batch));
  BatchPool::Shared shared(std::move(parcel));
  lanes_.offer(shared);
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

void Pipeline::stop() noexcept {
  bool again = stop_.raised();
  wind_down();
  lanes_.asked_to_stop(again);
}

PipelineStatus Pipeline::status() const {
  PipelineStatus status;
  {
    std::lock_guard lock(mutex_);
    status = status_;
  }
  status.batches_free = pool_.free();
  status.batches_total = pool_.count();
  status.left = lanes_.left();
  status.lanes = lanes_.status();
  return status;
}

}  // namespace sluice
