#include "pipeline/lane.h"

#include <pthread.h>

#include <algorithm>

#include "base/log.h"
#include "pipeline/template.h"

namespace sluice {
namespace {

constexpr std::chrono::seconds kTick{1};
constexpr std::chrono::seconds kRateWindow{2};

double seconds(SteadyTime::duration span) { return std::chrono::duration<double>(span).count(); }

}  // namespace

std::string_view to_text(LaneDoing doing) {
  switch (doing) {
    case LaneDoing::Opening: return "opening the sink";
    case LaneDoing::Waiting: return "waiting for changes";
    case LaneDoing::Writing: return "writing";
    case LaneDoing::Retrying: return "waiting to try again";
    case LaneDoing::Saving: return "saving its position";
    case LaneDoing::Ended: return "ended";
  }
  return "";
}

Lane::Lane(LaneSetup setup, size_t number, std::optional<LaneCheckpoint> saved, Watermark& watermark,
           size_t slots, BackoffBounds pauses, Ended ended)
    : setup_(std::move(setup)),
      number_(number),
      saved_(std::move(saved)),
      watermark_(watermark),
      pauses_(pauses),
      ended_(std::move(ended)),
      encoding_({std::move(setup_.encoder), setup_.view, setup_.route}, setup_.encode_threads, slots,
                setup_.name) {
  status_.name = setup_.name;
  status_.since_us = unix_us();
  if (saved_) {
    position_ = saved_->position;
    note_ = saved_->note;
    status_.delivered = position_;
  }
}

Lane::~Lane() {
  stop();
  if (thread_.joinable()) thread_.join();
}

void Lane::start(const Position& from) {
  begin_ = from;
  ticked_ = window_begin_ = steady_now();
  thread_ = std::thread([this] { run(); });
  pthread_setname_np(thread_.native_handle(), ("lane " + setup_.name).substr(0, 15).c_str());
}

void Lane::stop() {
  stop_.raise();
  encoding_.close();
}

void Lane::run() {
  Result<void> result = work();
  setup_.sink->close();
  set(LaneDoing::Ended);
  if (!result && result.error().fault != Fault::Stopped) {
    result = while_doing("sink " + setup_.name, std::move(result).error());
  }
  ended_(std::move(result));
}

template <class Attempt>
Result<void> Lane::insist(std::string_view doing, bool mend, Attempt attempt) {
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
    if (trouble_.met(error.what, steady_now())) {
      log::warning("sink {}: {}: {}; trying again, next in {:.1f} s", setup_.name, doing, error.what,
                   std::chrono::duration<double>(pause).count());
    }
    {
      std::lock_guard lock(status_mutex_);
      status_.doing = LaneDoing::Retrying;
      status_.since_us = status_.last_error_us = unix_us();
      status_.last_error = error.what;
    }
    if (stop_.wait_for(pause)) return stopped();
  }
}

Result<void> Lane::work() {
  SLUICE_TRY(insist("cannot open", false, [&] { return setup_.sink->open(note_); }));
  std::optional<Position> reached = setup_.sink->position();
  if (!reached && saved_) reached = saved_->position;
  encoding_.begin(begin_, std::move(reached));
  SLUICE_TRY(save_beginning());
  set(LaneDoing::Waiting);
  for (;;) {
    Encoded* encoded = encoding_.next(kTick);
    if (encoded) {
      auto delivered = deliver(*encoded);
      encoding_.release(encoded);
      if (!delivered) return delivered;
    } else if (encoding_.ended()) {
      return {};
    }
    if (steady_now() - ticked_ >= kTick) SLUICE_TRY(tick());
  }
}

// A lane that is new begins here. Its first note goes with the place, so that a death before the first
// checkpoint is taken back like any other.
Result<void> Lane::save_beginning() {
  if (saved_ || !begin_.known()) return {};
  position_ = begin_;
  note_ = setup_.sink->note();
  return insist("cannot save the position", false,
                [&] { return watermark_.noted(number_, position_, note_); });
}

Result<void> Lane::deliver(const Encoded& encoded) {
  if (encoded.fault()) return tl::unexpected(*encoded.fault());
  const Parcel& parcel = encoded.parcel();
  set(LaneDoing::Writing);
  Delivery delivery = encoded.delivery();
  SLUICE_TRY(insist("cannot write", true, [&] { return setup_.sink->write(delivery); }));
  SLUICE_TRY(refusals(delivery));
  set(LaneDoing::Saving);
  bool moves = parcel.moves && !encoded.passed();
  // What was set aside is given up as soon as every lane has it, whatever place the lane has reached.
  bool saves = moves || (parcel.late() && position_.known());
  if (moves) position_ = parcel.batch.resume;
  if (saves) note_ = setup_.sink->note();
  SLUICE_TRY(insist("cannot save the position", false, [&] {
    return watermark_.delivered(number_, parcel, saves ? &position_ : nullptr, note_);
  }));
  count(encoded);
  return {};
}

Result<void> Lane::refusals(const Delivery& delivery) {
  std::span<const Refusal> refused = setup_.sink->refused();
  refused_ = refused.size();
  if (refused.empty()) return {};
  Bytes id;
  append_id(id, delivery.batch, delivery.batch.changes[delivery.messages[refused[0].message].change]);
  if (setup_.on_refusal == OnRefusal::Stop) {
    return fatal("the target refuses the change {}: {}; with on_refusal: drop it is left out and counted",
                 id.view(), refused[0].why);
  }
  log::warning("sink {}: left out {} changes that the target refuses, the first of them {}: {}", setup_.name,
               refused.size(), id.view(), refused[0].why);
  return {};
}

Result<void> Lane::tick() {
  ticked_ = steady_now();
  SLUICE_TRY(insist("cannot tend the target", true, [&] { return setup_.sink->tick(); }));
  if (std::string note = setup_.sink->note(); note != note_ && position_.known()) {
    note_ = std::move(note);
    SLUICE_TRY(insist("cannot save the position", false,
                      [&] { return watermark_.noted(number_, position_, note_); }));
  }
  std::lock_guard lock(status_mutex_);
  if (ticked_ - window_begin_ >= kRateWindow) {
    status_.changes_per_second = static_cast<double>(window_changes_) / seconds(ticked_ - window_begin_);
    window_changes_ = 0;
    window_begin_ = ticked_;
  }
  return {};
}

void Lane::set(LaneDoing doing) {
  std::lock_guard lock(status_mutex_);
  status_.doing = doing;
  status_.since_us = unix_us();
}

void Lane::count(const Encoded& encoded) {
  const Outbox& outbox = encoded.outbox();
  window_changes_ += outbox.messages.size();
  std::lock_guard lock(status_mutex_);
  status_.doing = LaneDoing::Waiting;
  status_.since_us = unix_us();
  ++status_.batches;
  status_.changes += outbox.messages.size() - refused_;
  status_.refused += refused_;
  status_.bytes += outbox.bytes.size();
  if (encoded.parcel().moves && !encoded.passed()) status_.delivered = position_;
}

LaneStatus Lane::status() const {
  std::lock_guard lock(status_mutex_);
  return status_;
}

}  // namespace sluice
