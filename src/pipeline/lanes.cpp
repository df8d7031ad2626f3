#include "pipeline/lanes.h"

#include <algorithm>

#include "base/check.h"
#include "base/log.h"
#include "pipeline/catch_up.h"

namespace sluice {
namespace {

// A sink that needs no longer than this for what the others read meanwhile is fed with them again: they may
// have to wait for it so long.
constexpr std::chrono::seconds kNear{3};
// So long they wait at most.
constexpr std::chrono::seconds kJoining{30};

}  // namespace

struct Lanes::Seat {
  std::string name;
  std::function<Result<LaneSetup>()> again;
  SteadyTime::duration leave_after{};  // 0: never

  // One of them; none: it has ended.
  std::unique_ptr<Lane> lane;       // is fed
  std::unique_ptr<CatchUp> behind;  // reads by itself
  bool running = false;             // whichever it is
  LaneStatus past;                  // counts of those before
  int64_t left_us = 0;
  std::string failure;  // why it ended, while the others go on
  int64_t failure_us = 0;

  SteadyTime::duration held{};  // how much longer it held the source than it did not
  Position goal;                // of catching up
  SteadyTime goal_since;
  bool joining = false;  // `kept` is what the others got meanwhile, behind `joins`
  bool reached = false;  // it is being ended
  Position joins;
  uint64_t joins_log_end = 0;
  std::vector<BatchPool::Shared> kept;
};

Lanes::Lanes(std::vector<LaneSetup> setups, size_t slots, const PipelineOptions& options, StopSignal& stop,
             Failed failed)
    : options_(options), stop_(stop), slots_(slots), failed_(std::move(failed)), setups_(std::move(setups)) {
  CHECK(!setups_.empty());
  for (const LaneSetup& setup : setups_) {
    auto seat = std::make_unique<Seat>();
    seat->name = seat->past.name = setup.name;
    seat->again = setup.again;
    // One that spills holds nobody; what an earlier run left in a spill must be delivered first.
    bool spills = !setup.spill_folder.empty() && (setup.spill_bytes > 0 || Spill::exists(setup.spill_folder));
    if (!spills && options_.own_reading && setup.again) seat->leave_after = setup.leave_after;
    seats_.push_back(std::move(seat));
  }
}

Lanes::~Lanes() = default;

std::unique_ptr<Lane> Lanes::make_lane(size_t number, LaneSetup setup, std::optional<LaneCheckpoint> saved) {
  return std::make_unique<Lane>(std::move(setup), number, std::move(saved), *watermark_,
                                state_ ? state_->park() : nullptr, slots_, options_.pauses,
                                [this, number](Result<void> result) { ended(number, std::move(result)); });
}

void Lanes::seat_lane(Seat& seat, std::unique_ptr<Lane> lane, const Position& from, uint64_t log_end) {
  {
    std::lock_guard lock(mutex_);
    seat.lane = std::move(lane);
    seat.running = true;
    ++running_;
    ++fed_;
  }
  seat.lane->start(from, log_end);
}

Result<void> Lanes::start(Source& source, State* state, const Position& from) {
  state_ = state;
  began_ = from;
  std::vector<std::string> names;
  for (const auto& seat : seats_) names.push_back(seat->name);
  watermark_ = std::make_unique<Watermark>(source, state_, std::move(names));
  if (state_) SLUICE_TRY(keep_absent());
  std::vector<size_t> alone;
  for (size_t i = 0; i < seats_.size(); ++i) {
    std::optional<LaneCheckpoint> saved;
    if (state_) {
      SLUICE_ASSIGN(found, state_->lane(seats_[i]->name));
      saved = std::move(found);
    }
    SLUICE_ASSIGN(behind, starts_behind(setups_[i], saved, from));
    if (behind) alone.push_back(i);
    if (behind) watermark_->leave(i);
    if (!behind && options_.own_reading) options_.own_reading->end(seats_[i]->name);
    if (!behind) seat_lane(*seats_[i], make_lane(i, std::move(setups_[i]), std::move(saved)), from, 0);
  }
  for (size_t i : alone) SLUICE_TRY(read_alone(i, std::move(setups_[i])));
  return {};
}

Result<void> Lanes::keep_absent() {
  SLUICE_ASSIGN(known, state_->lanes());
  for (const std::string& name : known) {
    auto named = [&](const auto& seat) { return seat->name == name; };
    if (std::any_of(seats_.begin(), seats_.end(), named)) continue;
    SLUICE_ASSIGN(absent, state_->value(absent_fact(name)));
    if (absent && !absent->empty()) continue;
    SLUICE_ASSIGN(complete, may_change());
    if (!complete) {
      log::warning(
          "sink {} is no longer named: its position is forgotten, because what is set aside could not be "
          "given to it later; if it comes back it begins where the pipeline is then",
          name);
      SLUICE_TRY(state_->forget(name));
      continue;
    }
    SLUICE_ASSIGN(saved, state_->lane(name));
    log::warning(
        "sink {} is no longer named: its position {} is kept, and if it comes back it goes on there, as long "
        "as the server keeps its log; 'sluice forget' gives the position up",
        name, saved ? describe(saved->position) : "");
    if (options_.own_reading) SLUICE_TRY(options_.own_reading->keep(name));
    SLUICE_TRY(state_->set_value(absent_fact(name), "1"));
  }
  return {};
}

Result<bool> Lanes::may_change() {
  if (!state_ || !state_->aside()) return true;
  SLUICE_ASSIGN(tables, state_->aside()->tables());
  return tables.empty();
}

Result<bool> Lanes::starts_behind(const LaneSetup& setup, const std::optional<LaneCheckpoint>& saved,
                                  const Position& from) const {
  if (!saved) return false;
  SLUICE_ASSIGN(absent, state_->value(absent_fact(setup.name)));
  bool spills = !setup.spill_folder.empty() && (setup.spill_bytes > 0 || Spill::exists(setup.spill_folder));
  // Where there is a spill, its lane knows what lies in it.
  bool behind = !covers(saved->position, from) && (!spills || (absent && !absent->empty()));
  if (behind && !options_.own_reading) {
    return fatal("sink {} has everything up to {}, but reading begins at {}: what lies between would be lost",
                 setup.name, describe(saved->position), describe(from));
  }
  if (!behind && absent && !absent->empty()) SLUICE_TRY(state_->set_value(absent_fact(setup.name), ""));
  return behind;
}

void Lanes::offer(const BatchPool::Shared& parcel) {
  log_end_ = parcel->log_end;
  for (auto& seat : seats_) {
    if (seat->lane) seat->lane->offer(parcel);
    if (seat->joining) seat->kept.push_back(parcel);
  }
}

void Lanes::hear() {
  for (auto& seat : seats_) {
    if (seat->lane) seat->lane->hear();
  }
}

bool Lanes::help() {
  bool helped = false;
  for (auto& seat : seats_) helped |= seat->lane && seat->lane->help();
  return helped;
}

Result<void> Lanes::began(const Batch& batch) {
  began_ = batch.resume;
  Backoff backoff(options_.pauses);
  for (;;) {
    auto saved = watermark_->began(batch);
    if (saved || saved.error().fault != Fault::Retryable) return saved;
    log::warning("cannot save where reading begins: {}; trying again", saved.error().what);
    if (stop_.wait_for(backoff.next())) return stopped();
  }
}

Result<void> Lanes::held(SteadyTime since) {
  auto now = steady_now();
  auto between = since - std::exchange(held_until_, now);
  for (size_t i = 0; i < seats_.size(); ++i) {
    Seat& seat = *seats_[i];
    if (!seat.lane || seat.leave_after == SteadyTime::duration{}) continue;
    seat.held -= std::min<SteadyTime::duration>(seat.held, between);
    if (watermark_->is_last(i)) seat.held += now - since;
    if (seat.held < seat.leave_after || fed_ < 2) continue;
    SLUICE_ASSIGN(may, may_change());
    if (may) return leave(i);
  }
  return {};
}

Result<void> Lanes::leave(size_t number) {
  Seat& seat = *seats_[number];
  SLUICE_TRY(options_.own_reading->keep(seat.name));
  seat.lane->leave();
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !seat.running || stop_.raised(); });
    if (stop_.raised()) return stopped();
  }
  LaneStatus last = seat.lane->status();
  log::warning(
      "sink {} has held the source for {:.1f} s{}{}: it is left behind at {}; the others go on, and it reads "
      "the log by itself until it has reached them",
      seat.name, std::chrono::duration<double>(seat.held).count(), last.last_error.empty() ? "" : " with ",
      last.last_error, describe(last.delivered));
  std::unique_ptr<Lane> gone;
  {
    std::lock_guard lock(mutex_);
    gone = std::move(seat.lane);
    seat.past = add_counts(std::move(last), seat.past);
    ++left_;
    --fed_;
  }
  gone.reset();
  seat.held = {};
  // One that has delivered nothing yet is where reading began.
  SLUICE_ASSIGN(saved, state_->lane(seat.name));
  if (!saved) SLUICE_TRY(state_->save({.lane = seat.name, .position = &began_}));
  watermark_->leave(number);
  SLUICE_ASSIGN(setup, seat.again());
  return read_alone(number, std::move(setup));
}

Result<void> Lanes::read_alone(size_t number, LaneSetup setup) {
  Seat& seat = *seats_[number];
  SLUICE_ASSIGN(saved, state_->lane(seat.name));
  CHECK(saved);
  SLUICE_ASSIGN(reading, options_.own_reading->begin(seat.name, saved->position));
  PipelineOptions own = options_;
  own.batches = std::max<size_t>(2, options_.batches / 2);
  own.own_reading = nullptr;
  auto behind = std::make_unique<CatchUp>(std::move(setup), std::move(reading), *state_, own);
  CatchUp* begins = behind.get();
  log::info("sink {}: reads the log by itself behind {}", seat.name, describe(saved->position));
  {
    std::lock_guard lock(mutex_);
    seat.behind = std::move(behind);
    seat.running = true;
    seat.left_us = unix_us();
    ++running_;
  }
  ++behind_;
  seat.goal = {};
  begins->start(saved->position, [this, number](Result<void> result) { ended(number, std::move(result)); });
  return {};
}

Result<void> Lanes::tend(const Position& read, uint64_t sequence, bool between) {
  if (behind_ == 0 || steady_now() - looked_ < options_.look) return {};
  looked_ = steady_now();
  for (size_t i = 0; i < seats_.size(); ++i) {
    if (seats_[i]->behind) SLUICE_TRY(look_at(i, read, sequence, between));
  }
  return {};
}

Result<void> Lanes::look_at(size_t number, const Position& read, uint64_t sequence, bool between) {
  Seat& seat = *seats_[number];
  bool running, failed;
  {
    std::lock_guard lock(mutex_);
    running = seat.running;
    failed = !seat.failure.empty();
  }
  if (stop_.raised()) return stopped();
  if (seat.reached) return running ? Result<void>() : join(number);
  if (failed) return seat.joining ? give_up_joining(number) : Result<void>();
  Position delivered = seat.behind->status().delivered;
  // It has ended by itself, with its log or because its target wants no more; then there is nobody to read
  // for.
  if (!running && fed_ == 0 && !covers(delivered, read)) {
    failed_({Fault::Stopped, ""});
    return stopped();
  }
  if (!seat.joining) SLUICE_TRY(approach(number, delivered, read, sequence, between));
  if (!seat.joining) return {};
  if (covers(delivered, seat.joins)) {
    seat.reached = true;
    seat.behind->stop();
  } else if (steady_now() - seat.goal_since > kJoining && fed_ > 0) {
    return give_up_joining(number);
  }
  return {};
}

// The goal is where the others are; when it is reached they are further, and that is the next goal, until the
// way is short.
Result<void> Lanes::approach(size_t number, const Position& delivered, const Position& read,
                             uint64_t sequence, bool between) {
  Seat& seat = *seats_[number];
  bool reached = !seat.goal.known() || covers(delivered, seat.goal);
  bool quickly = seat.goal.known() && reached && steady_now() - seat.goal_since < kNear;
  bool near = fed_ == 0 || quickly || covers(delivered, read);
  if (near && between && read.known()) {
    SLUICE_ASSIGN(may, may_change());
    if (!may) return {};
    watermark_->join(number, sequence);
    seat.joining = true;
    seat.joins = read;
    seat.joins_log_end = log_end_;
    seat.goal_since = steady_now();
  } else if (reached) {
    seat.goal = read;
    seat.goal_since = steady_now();
  }
  return {};
}

Result<void> Lanes::join(size_t number) {
  Seat& seat = *seats_[number];
  SLUICE_ASSIGN(setup, seat.again());
  SLUICE_ASSIGN(saved, state_->lane(seat.name));
  SLUICE_TRY(state_->set_value(absent_fact(seat.name), ""));
  options_.own_reading->end(seat.name);
  LaneStatus last = seat.behind->status();
  log::info("sink {}: has reached the others at {}, and is fed with them again", seat.name,
            describe(last.delivered));
  std::unique_ptr<CatchUp> gone;
  {
    std::lock_guard lock(mutex_);
    gone = std::move(seat.behind);
    seat.past = add_counts(std::move(last), seat.past);
    seat.left_us = 0;
  }
  gone.reset();
  --behind_;
  seat.joining = seat.reached = false;
  seat_lane(seat, make_lane(number, std::move(setup), std::move(saved)), seat.joins, seat.joins_log_end);
  for (const BatchPool::Shared& parcel : seat.kept) seat.lane->offer(parcel);
  seat.kept.clear();
  return {};
}

Result<void> Lanes::give_up_joining(size_t number) {
  Seat& seat = *seats_[number];
  Backoff backoff(options_.pauses);
  for (const BatchPool::Shared& parcel : seat.kept) {
    for (;;) {
      auto passed = watermark_->delivered(number, *parcel, nullptr, "", {});
      if (passed) break;
      if (passed.error().fault != Fault::Retryable) return passed;
      if (stop_.wait_for(backoff.next())) return stopped();
    }
  }
  seat.kept.clear();
  seat.joining = false;
  seat.goal = {};
  watermark_->leave(number);
  return {};
}

void Lanes::ended(size_t number, Result<void> result) {
  Seat& seat = *seats_[number];
  bool failed = !result;
  {
    std::lock_guard lock(mutex_);
    if (failed && seat.behind && seat.leave_after > SteadyTime::duration{} && fed_ > 0) {
      failed = false;
      seat.failure = result.error().what;
      seat.failure_us = unix_us();
      log::error("{}; the others go on, and this sink stays behind until a restart finds it mended",
                 seat.failure);
    }
  }
  if (failed) failed_(std::move(result).error());
  std::lock_guard lock(mutex_);
  seat.running = false;
  --running_;
  changed_.notify_all();
}

void Lanes::end(bool drain, bool read_all) {
  for (size_t i = 0; drain && i < seats_.size(); ++i) {
    Seat& seat = *seats_[i];
    // It is about to be ended, so that the others' last batches are its own.
    while (drain && seat.reached) {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return !seat.running || stop_.raised(); });
      lock.unlock();
      drain = !stop_.raised() && join(i);
    }
    if (drain && seat.joining) drain = give_up_joining(i).has_value();
  }
  std::unique_lock lock(mutex_);
  if (drain) {
    for (auto& seat : seats_) {
      if (seat->lane) seat->lane->finish();
      if (seat->behind && !read_all) seat->behind->stop();
    }
    changed_.wait(lock, [&] { return running_ == 0 || stop_.raised(); });
  }
  for (auto& seat : seats_) {
    if (seat->lane) seat->lane->stop();
    if (seat->behind) seat->behind->stop();
  }
  if (!changed_.wait_for(lock, options_.stop_patience, [&] { return running_ == 0 || hurry_; }) || hurry_) {
    for (auto& seat : seats_) {
      if (seat->lane) seat->lane->interrupt();
      if (seat->behind) seat->behind->stop();
    }
  }
  changed_.wait(lock, [&] { return running_ == 0; });
}

void Lanes::asked_to_stop(bool again) noexcept {
  std::lock_guard lock(mutex_);
  hurry_ |= again;
  changed_.notify_all();
}

void Lanes::look_at_parked() {
  std::lock_guard lock(mutex_);
  for (auto& seat : seats_) {
    if (seat->lane) seat->lane->look_at_parked();
    if (seat->behind) seat->behind->look_at_parked();
  }
}

std::vector<LaneStatus> Lanes::status() const {
  std::lock_guard lock(mutex_);
  std::vector<LaneStatus> all;
  for (const auto& seat : seats_) {
    LaneStatus now{.name = seat->name};
    if (seat->lane) now = seat->lane->status();
    if (seat->behind) now = seat->behind->status();
    now = add_counts(std::move(now), seat->past);
    now.left_us = seat->left_us;
    if (!seat->failure.empty()) {
      now.last_error = seat->failure;
      now.last_error_us = seat->failure_us;
    }
    all.push_back(std::move(now));
  }
  return all;
}

uint64_t Lanes::left() const {
  std::lock_guard lock(mutex_);
  return left_;
}

}  // namespace sluice
