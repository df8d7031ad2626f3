#include "pipeline/lane.h"

#include <pthread.h>

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "pipeline/template.h"

namespace sluice {
namespace {

constexpr std::chrono::seconds kTick{1};
constexpr std::chrono::seconds kRateWindow{2};
// Tries of what was parked and heartbeats are numbered from here on: no batch comes so far.
constexpr uint64_t kFirstTry = uint64_t{1} << 63;

double seconds(SteadyTime::duration span) { return std::chrono::duration<double>(span).count(); }

std::unique_ptr<Heartbeat> heartbeat_of(const LaneSetup& setup) {
  bool keys = setup.route && setup.route->places == Places::Keys;
  if (!keys || setup.encoder->heartbeat_interval().count() == 0) return nullptr;
  return std::make_unique<Heartbeat>(setup.encoder->clone(), setup.route);
}

}  // namespace

Lane::Lane(LaneSetup setup, size_t number, std::optional<LaneCheckpoint> saved, Watermark& watermark,
           ParkStore* parked, size_t slots, BackoffBounds pauses, Ended ended)
    : setup_(std::move(setup)),
      number_(number),
      saved_(std::move(saved)),
      watermark_(watermark),
      pauses_(pauses),
      ended_(std::move(ended)),
      heartbeat_(heartbeat_of(setup_)),
      park_(parked, setup_.name, setup_.park_bytes, setup_.encoder->grouped()),
      encoding_({std::move(setup_.encoder), setup_.view, setup_.route, setup_.rows}, setup_.encode_threads,
                slots, setup_.name) {
  if (!setup_.spill_folder.empty() && (setup_.spill_bytes > 0 || Spill::exists(setup_.spill_folder))) {
    spill_ = std::make_unique<Spill>(setup_.spill_folder, setup_.spill_bytes);
  }
  status_.name = setup_.name;
  status_.since_us = unix_us();
  if (saved_) {
    position_ = saved_->position;
    placed_ = true;
    note_ = saved_->note;
    status_.delivered = position_;
  }
}

Lane::~Lane() {
  stop();
  if (thread_.joinable()) thread_.join();
}

void Lane::start(const Position& from, uint64_t log_end) {
  begin_ = from;
  {
    std::lock_guard lock(status_mutex_);  // it can be asked for already
    status_.log_bytes = log_end;
  }
  ticked_ = window_begin_ = steady_now();
  thread_ = std::thread([this] { run(); });
  pthread_setname_np(thread_.native_handle(), ("lane " + setup_.name).substr(0, 15).c_str());
}

void Lane::stop() {
  stop_.raise();
  end_.raise();
  encoding_.close();
  if (spill_) spill_->close();
}

void Lane::leave() {
  leaving_ = true;
  stop_.raise();
  encoding_.finish();
  setup_.sink->interrupt();
}

void Lane::run() {
  Result<void> result = work();
  bool left = leaving_ && (result || result.error().fault == Fault::Stopped);
  if (left) result = pass_over();
  if (filler_.joinable()) {
    stop();  // it may wait for room that nobody makes any more
    filler_.join();
  }
  setup_.sink->close();
  set(LaneDoing::Ended);
  if (!result && result.error().fault != Fault::Stopped) {
    result = while_doing("sink " + setup_.name, std::move(result).error());
  }
  ended_(std::move(result));
}

Result<void> Lane::insist(std::string_view doing, bool mend, const std::function<Result<void>()>& attempt) {
  Backoff backoff(pauses_);
  for (bool again = false;; again = true) {
    Result<void> result;
    if (again && mend) result = setup_.sink->reopen();
    if (result) result = attempt();
    if (result) {
      if (trouble_.over()) log::info("sink {}: goes on", setup_.name);
      return result;
    }
    const Error& error = result.error();
    if (error.fault != Fault::Retryable) return result;
    auto pause = std::max(backoff.next(), setup_.sink->pause());
    complain(doing, error, pause);
    if (pauses_end_->wait_for(pause)) return stopped();
  }
}

void Lane::complain(std::string_view doing, const Error& error, std::chrono::microseconds pause) {
  if (trouble_.met(error.what, steady_now())) {
    log::warning("sink {}: {}: {}; trying again, next in {:.1f} s", setup_.name, doing, error.what,
                 std::chrono::duration<double>(pause).count());
  }
  std::lock_guard lock(status_mutex_);
  status_.doing = LaneDoing::Retrying;
  status_.since_us = status_.last_error_us = unix_us();
  status_.last_error = error.what;
  ++status_.retries;
}

Result<void> Lane::work() {
  SLUICE_TRY(insist("cannot open", false, [&] { return setup_.sink->open(note_); }));
  std::optional<Position> reached = setup_.sink->position();
  if (reached) position_ = *reached;
  if (!reached && saved_) reached = saved_->position;
  SLUICE_TRY(insist("cannot learn what is parked", false, [&] { return park_.open(reached); }));
  look_at_parked_ = true;
  if (spill_) {
    SLUICE_TRY(open_spill(reached));
    if (spill_->end() && (!reached || !covers(*reached, *spill_->end()))) reached = spill_->end();
  }
  // Before anything is spilled.
  SLUICE_TRY(save_beginning());
  encoding_.begin(begin_, std::move(reached));
  set(LaneDoing::Waiting);
  for (;;) {
    if (between_) SLUICE_TRY(tend_parked());
    bool ended = false;
    if (spill_) {
      SLUICE_ASSIGN(spilled, spill_->next(kTick));
      SLUICE_TRY(spilled ? deliver_spilled(*spilled) : free_spill());
      ended = !spilled && spill_->ended();
    } else if ((in_hand_ = encoding_.next(kTick))) {
      SLUICE_TRY(deliver(*in_hand_));
      encoding_.release(std::exchange(in_hand_, nullptr));
    } else {
      ended = encoding_.ended();
    }
    if (ended || leaving_) return {};
    SLUICE_TRY(beat());
    if (steady_now() - ticked_ >= kTick) SLUICE_TRY(tick());
  }
}

// A lane that is new begins here. Its first note goes with the place, so that a death before the first
// checkpoint is taken back like any other.
Result<void> Lane::save_beginning() {
  // Of what lies in a spill the target has nothing.
  if (saved_ || !begin_.known() || (spill_ && spill_->end())) return {};
  position_ = begin_;
  note_ = setup_.sink->note();
  SLUICE_TRY(insist("cannot save the position", false,
                    [&] { return watermark_.noted(number_, position_, note_, {}); }));
  placed_ = true;
  return {};
}

Result<void> Lane::deliver(const Encoded& encoded) {
  if (encoded.fault()) return tl::unexpected(*encoded.fault());
  const Parcel& parcel = encoded.parcel();
  Delivery delivery = encoded.delivery();
  SLUICE_TRY(send(delivery));
  bool moves = parcel.moves && !encoded.passed();
  // What was set aside is given up as soon as every lane has it, whatever place the lane has reached.
  bool saves = moves || (parcel.late() && position_.known());
  if (moves) position_ = parcel.batch.resume;
  if (saves) note_ = setup_.sink->note();
  SLUICE_TRY(insist("cannot save the position", false, [&] {
    return watermark_.delivered(number_, parcel, saves ? &position_ : nullptr, note_, park_.changes());
  }));
  placed_ |= saves;
  if (parcel.moves || parcel.open != Parcel::kNone) between_ = parcel.open == Parcel::kNone;
  count(parcel.log_end);
  return {};
}

Result<void> Lane::pass_over() {
  pauses_end_ = &end_;
  encoding_.begin(begin_, std::nullopt);  // should it not have come so far
  // Before the others go on without it: a start would take one without a place for new.
  if (!placed_ && begin_.known()) {
    position_ = begin_;
    SLUICE_TRY(insist("cannot save the position", false,
                      [&] { return watermark_.noted(number_, position_, "", {}); }));
    placed_ = true;
  }
  while (in_hand_ || !encoding_.ended()) {
    if (!in_hand_) in_hand_ = encoding_.next(kTick);
    if (!in_hand_) continue;
    const Parcel& parcel = in_hand_->parcel();
    // Where everything began: from there it will read.
    bool first = !placed_ && parcel.moves && parcel.batch.changes.empty();
    if (first) position_ = parcel.batch.resume;
    SLUICE_TRY(insist("cannot save the position", false, [&] {
      return watermark_.delivered(number_, parcel, first ? &position_ : nullptr, "", {});
    }));
    placed_ |= first;
    encoding_.release(std::exchange(in_hand_, nullptr));
  }
  return {};
}

Result<void> Lane::send(const Delivery& all) {
  begin_writing(all.batch);
  Delivery delivery = park_.hold_back(all);
  delivery.judge = this;
  SLUICE_TRY(insist("cannot write", true, [&] { return setup_.sink->write(delivery); }));
  sent_ = {delivery.messages.size(), delivery.bytes.size(), setup_.sink->refused().size(), {}};
  if (sent_.messages > 0) sent_.delays = delays_of(all.batch);
  if (sent_.refused > 0) SLUICE_TRY(decide(delivery, setup_.sink->refused()));
  set(LaneDoing::Saving);
  return {};
}

Result<void> Lane::judge(const Delivery& delivery, std::span<const Refusal> refused) {
  SLUICE_TRY(decide(delivery, refused));
  SLUICE_TRY(watermark_.parked(number_, park_.changes()));
  park_.saved();
  return {};
}

Result<void> Lane::decide(const Delivery& delivery, std::span<const Refusal> refused) {
  Bytes id;
  append_id(id, delivery.batch, delivery.batch.changes[delivery.messages[refused[0].message].change]);
  switch (setup_.on_refusal) {
    case OnRefusal::Stop:
      return fatal(
          "the target refuses the change {}: {}; with on_refusal: park it is kept and its row's later "
          "changes "
          "wait behind it, with on_refusal: drop it is left out and counted",
          id.view(), refused[0].why);
    case OnRefusal::Drop:
      log::warning("sink {}: left out {} changes that the target refuses, the first of them {}: {}",
                   setup_.name, refused.size(), id.view(), refused[0].why);
      return {};
    case OnRefusal::Park: break;
  }
  size_t before = park_.changes().added.size();
  park_.refuse(delivery, refused);
  if (park_.changes().added.size() == before) return {};
  log::warning("sink {}: parked {} changes that the target refuses, the first of them {}: {}", setup_.name,
               refused.size(), id.view(), refused[0].why);
  return {};
}

Result<void> Lane::tend_parked() {
  if (look_at_parked_.exchange(false)) SLUICE_TRY(retry_parked());
  return park_.full() && !park_.empty() ? wait_for_room() : Result<void>();
}

Result<void> Lane::retry_parked() {
  uint64_t delivered = 0, refused = 0;
  for (bool more = true; more;) {
    SLUICE_TRY(insist("cannot read what is parked", false, [&]() -> Result<void> {
      SLUICE_ASSIGN(next, park_.next_try());
      more = next;
      return {};
    }));
    if (more) {
      set(LaneDoing::Writing);
      Delivery delivery = park_.trial(kFirstTry + tries_++, position_);
      SLUICE_TRY(insist("cannot write", true, [&] { return setup_.sink->write(delivery); }));
      park_.tried(setup_.sink->refused());
      refused += setup_.sink->refused().size();
      delivered += park_.changes().removed.size();
      note_ = setup_.sink->note();
    }
    if (park_.changes().empty()) continue;
    SLUICE_TRY(insist("cannot save what is parked", false, [&] {
      return position_.known() ? watermark_.noted(number_, position_, note_, park_.changes())
                               : watermark_.parked(number_, park_.changes());
    }));
    park_.saved();
  }
  count_parked();
  if (delivered + refused == 0) return {};
  log::info("sink {}: of what was parked, {} messages are delivered, {} are refused again, {} are left",
            setup_.name, delivered, refused, park_.size());
  set(LaneDoing::Waiting);
  return {};
}

Result<void> Lane::wait_for_room() {
  while (park_.full() && !park_.empty()) {
    Error full{Fault::Retryable,
               fmt::format("{} messages with {} bytes are parked, and `park` allows {} bytes; see 'sluice "
                           "dead list', then retry or drop them",
                           park_.size(), park_.bytes(), park_.most_bytes())};
    complain("cannot go on", full, kTick);
    if (stop_.wait_for(kTick)) return stopped();
    if (look_at_parked_.exchange(false)) SLUICE_TRY(retry_parked());
  }
  if (trouble_.over()) log::info("sink {}: goes on", setup_.name);
  set(LaneDoing::Waiting);
  return {};
}

void Lane::count_parked() {
  std::lock_guard lock(status_mutex_);
  status_.parked = park_.size();
  status_.parked_bytes = park_.bytes();
}

Result<void> Lane::tick() {
  ticked_ = steady_now();
  SLUICE_TRY(insist("cannot tend the target", true, [&] { return setup_.sink->tick(); }));
  if (std::string note = setup_.sink->note(); note != note_ && position_.known()) {
    note_ = std::move(note);
    SLUICE_TRY(insist("cannot save the position", false,
                      [&] { return watermark_.noted(number_, position_, note_, {}); }));
  }
  std::lock_guard lock(status_mutex_);
  if (ticked_ - window_begin_ >= kRateWindow) {
    status_.changes_per_second = static_cast<double>(window_changes_) / seconds(ticked_ - window_begin_);
    window_changes_ = 0;
    window_begin_ = ticked_;
  }
  return {};
}

Delays Lane::delays_of(const Batch& batch) {
  Delays delays;
  int64_t now = unix_us();
  for (const Change& change : batch.changes) {
    if (!change.last || change.transaction >= batch.transactions.size()) continue;
    auto committed = static_cast<int64_t>(batch.transactions[change.transaction].commit_us);
    if (int64_t since = committed != 0 ? committed : batch.read_us) delays.add(now - since);
  }
  return delays;
}

Result<void> Lane::beat() {
  if (!heartbeat_ || !between_ || !position_.known() || !heartbeat_->due()) return {};
  set(LaneDoing::Writing);
  SLUICE_ASSIGN(delivery, heartbeat_->next(kFirstTry + tries_++, position_));
  SLUICE_TRY(insist("cannot write", true, [&] { return setup_.sink->write(delivery); }));
  set(LaneDoing::Waiting);
  if (setup_.sink->refused().empty()) return {};
  const std::string& why = setup_.sink->refused()[0].why;
  if (setup_.on_refusal == OnRefusal::Stop) return fatal("the target refuses a heartbeat: {}", why);
  log::warning("sink {}: left out a heartbeat that the target refuses: {}", setup_.name, why);
  return {};
}

void Lane::begin_writing(const Batch& batch) {
  written_since_ = steady_now();
  std::lock_guard lock(status_mutex_);
  status_.doing = LaneDoing::Writing;
  status_.since_us = unix_us();
  if (!batch.changes.empty()) status_.pending_since = batch.events[batch.changes.front().event].timestamp;
}

void Lane::set(LaneDoing doing) {
  std::lock_guard lock(status_mutex_);
  status_.doing = doing;
  status_.since_us = unix_us();
}

void Lane::count(uint64_t log_end) {
  if (!park_.changes().empty()) count_parked();
  park_.saved();
  window_changes_ += sent_.messages;
  std::lock_guard lock(status_mutex_);
  status_.doing = LaneDoing::Waiting;
  status_.since_us = unix_us();
  ++status_.batches;
  status_.changes += sent_.messages - sent_.refused;
  status_.refused += sent_.refused;
  status_.bytes += sent_.bytes;
  status_.delays.add(sent_.delays);
  status_.pending_since = 0;
  status_.log_bytes = std::max(status_.log_bytes, log_end);
  status_.write_us += static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(steady_now() - written_since_).count());
  status_.delivered = position_;
}

LaneStatus Lane::status() const {
  uint64_t spilled = spill_ ? spill_->bytes() : 0;
  std::lock_guard lock(status_mutex_);
  LaneStatus status = status_;
  status.spilled_bytes = spilled;
  status.counts = setup_.sink->counts();
  return status;
}

}  // namespace sluice
