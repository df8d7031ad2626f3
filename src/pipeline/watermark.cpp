#include "pipeline/watermark.h"

#include <algorithm>

namespace sluice {
namespace {

constexpr uint64_t kLeft = UINT64_MAX;

}  // namespace

Watermark::Watermark(Source& source, State* state, std::vector<std::string> lanes)
    : source_(source), state_(state), names_(std::move(lanes)), sequences_(names_.size(), 0) {}

bool Watermark::last_to_deliver(size_t lane, uint64_t sequence) const {
  for (size_t i = 0; i < sequences_.size(); ++i) {
    if (i != lane && sequences_[i] < sequence) return false;
  }
  return true;
}

Result<void> Watermark::delivered(size_t lane, const Parcel& parcel, const Position* position,
                                  std::string_view note, const ParkChanges& park) {
  std::lock_guard lock(mutex_);
  const Batch& batch = parcel.batch;
  bool lowest = last_to_deliver(lane, batch.sequence);
  if (state_) {
    Checkpoint checkpoint{.lane = names_[lane], .position = position, .note = note};
    if (lowest && (parcel.moves || !batch.catalogue.empty() || !batch.aside.empty())) {
      checkpoint.resume = &batch.resume;
      checkpoint.catalogue = batch.catalogue;
      checkpoint.aside = &batch.aside;
    }
    if (!park.empty()) checkpoint.park = &park;
    if (checkpoint.position || checkpoint.resume || checkpoint.park) SLUICE_TRY(state_->save(checkpoint));
  }
  sequences_[lane] = batch.sequence;
  if (lowest && parcel.moves) source_.confirm(batch.resume);
  return {};
}

Result<void> Watermark::noted(size_t lane, const Position& position, std::string_view note,
                              const ParkChanges& park, bool hard) {
  if (!state_) return {};
  std::lock_guard lock(mutex_);
  return state_->save({.lane = names_[lane],
                       .position = &position,
                       .note = note,
                       .park = park.empty() ? nullptr : &park,
                       .hard = hard});
}

Result<void> Watermark::parked(size_t lane, const ParkChanges& park) {
  if (!state_ || park.empty()) return {};
  std::lock_guard lock(mutex_);
  return state_->save({.lane = names_[lane], .park = &park});
}

Result<void> Watermark::began(const Batch& batch) {
  if (!state_) return {};
  std::lock_guard lock(mutex_);
  return state_->save({.resume = &batch.resume, .catalogue = batch.catalogue});
}

void Watermark::leave(size_t lane) { join(lane, kLeft); }

void Watermark::join(size_t lane, uint64_t sequence) {
  std::lock_guard lock(mutex_);
  sequences_[lane] = sequence;
}

bool Watermark::is_last(size_t lane) const {
  std::lock_guard lock(mutex_);
  return sequences_[lane] == *std::min_element(sequences_.begin(), sequences_.end());
}

}  // namespace sluice
