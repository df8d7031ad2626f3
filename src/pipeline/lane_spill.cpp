// The parts of Lane that have to do with a spill.
#include <pthread.h>

#include "base/log.h"
#include "pipeline/lane.h"

namespace sluice {

Result<void> Lane::open_spill(const std::optional<Position>& reached) {
  auto opened = spill_->open(reached);
  if (!opened) return opened;
  const std::optional<Position>& end = spill_->end();
  const Position* has = end ? &*end : reached ? &*reached : nullptr;
  if (end && reached && covers(*reached, *end)) has = &*reached;
  if (saved_ && has && !covers(*has, begin_)) {
    return fatal(
        "the target has everything up to {}, the spill in {} reaches up to {}, and the pipeline has read up "
        "to {}: "
        "what lies between is lost. Put the spill back from a copy, or give the sink another name, with "
        "which it "
        "begins anew",
        describe(saved_->position), setup_.spill_folder, describe(*has), describe(begin_));
  }
  begun_ = saved_ || begin_.known() || end;
  first_note_ = setup_.sink->note();
  if (spill_->bytes() > 0) log::info("sink {}: {} bytes wait in the spill", setup_.name, spill_->bytes());
  filler_ = std::thread([this] { fill_spill(); });
  pthread_setname_np(filler_.native_handle(), ("spill " + setup_.name).substr(0, 15).c_str());
  return {};
}

void Lane::fill_spill() {
  std::optional<Error> fault;
  while (!fault) {
    Encoded* encoded = encoding_.next(std::chrono::seconds(1));
    if (!encoded && encoding_.ended()) break;
    if (!encoded) continue;
    auto spilled = encoded->fault() ? Result<void>(tl::unexpected(*encoded->fault())) : spill(*encoded);
    encoding_.release(encoded);
    if (!spilled) fault = std::move(spilled).error();
  }
  spill_->finish(std::move(fault));
}

// The source goes on behind it as soon as it is on disk; the lane's own position waits for the target.
Result<void> Lane::spill(const Encoded& encoded) {
  Delivery delivery = encoded.delivery();
  Backoff backoff(pauses_);
  bool appended = delivery.messages.empty() && !delivery.position;
  // Where everything begins, with the target as it was then: of what is spilled behind it that has nothing,
  // and a death before it says so must be taken back like any other.
  bool first = !begun_ && delivery.position && delivery.messages.empty();
  begun_ = true;
  await_record(!appended, encoded.parcel().log_end);
  for (;;) {
    Result<void> result;
    if (first) result = watermark_.noted(number_, *delivery.position, first_note_, {});
    first = first && !result;
    if (result && !appended) result = spill_->append(delivery);
    appended = appended || result;
    if (result) result = watermark_.delivered(number_, encoded.parcel(), nullptr, "", {});
    {
      std::lock_guard lock(status_mutex_);
      status_.spill_error = result ? "" : result.error().what;
    }
    // A full spill that the target empties record by record is one trouble until half of it is free.
    bool roomy = spill_->bytes() <= setup_.spill_bytes / 2;
    if (result && roomy && spill_trouble_.over()) log::info("sink {}: spills again", setup_.name);
    if (result || result.error().fault != Fault::Retryable) return result;
    auto pause = backoff.next();
    if (spill_trouble_.met(result.error().what, steady_now())) {
      log::warning("sink {}: cannot spill: {}; the source waits, next try in {:.1f} s", setup_.name,
                   result.error().what, std::chrono::duration<double>(pause).count());
    }
    if (stop_.wait_for(pause)) return stopped();
  }
}

// The target is done with the log up to log_end once it has the record that is appended next, or, where none
// is, the one before it. Told first: it may have the record before append() is back.
void Lane::await_record(bool appends, uint64_t log_end) {
  std::lock_guard lock(status_mutex_);
  if (appends) {
    spilled_.push_back({spill_->appended() + 1, log_end});
  } else if (!spilled_.empty()) {
    spilled_.back().log_end = log_end;
  } else {
    status_.log_bytes = log_end;
  }
}

// Up to where the log was read that the record was made of; of an earlier process's, nothing is known of it.
uint64_t Lane::log_end_of(uint64_t record) {
  std::lock_guard lock(status_mutex_);
  uint64_t log_end = status_.log_bytes;
  for (; !spilled_.empty() && spilled_.front().number <= record; spilled_.pop_front()) {
    log_end = spilled_.front().log_end;
  }
  return log_end;
}

Result<void> Lane::deliver_spilled(Unpacked& spilled) {
  Delivery all = spilled.delivery(spill_->number());
  SLUICE_TRY(send(all));
  bool whole = all.whole != Delivery::kInside;
  if (all.position) position_ = *all.position;
  if (whole && position_.known()) {
    note_ = setup_.sink->note();
    SLUICE_TRY(insist("cannot save the position", false, [&] {
      return watermark_.noted(number_, position_, note_, park_.changes(), spill_->frees());
    }));
  } else {
    SLUICE_TRY(insist("cannot save what is parked", false,
                      [&] { return watermark_.parked(number_, park_.changes()); }));
  }
  // Files go only behind a position that is on disk.
  if (whole && position_.known()) spill_->remove_files();
  spill_->remove();
  between_ = whole;
  count(log_end_of(spill_->number()));
  return {};
}

// While nothing follows what was delivered.
Result<void> Lane::free_spill() {
  if (!spill_->frees() || !between_ || !position_.known()) return {};
  SLUICE_TRY(insist("cannot save the position", false,
                    [&] { return watermark_.noted(number_, position_, note_, {}, true); }));
  spill_->remove_files();
  return {};
}

}  // namespace sluice
