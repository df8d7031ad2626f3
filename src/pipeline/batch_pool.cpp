#include "pipeline/batch_pool.h"

#include "base/check.h"

namespace sluice {

BatchPool::BatchPool(size_t count) {
  CHECK(count > 0);
  for (size_t i = 0; i < count; ++i) {
    parcels_.push_back(std::make_unique<Parcel>());
    free_.push_back(parcels_.back().get());
  }
}

BatchPool::Mine BatchPool::take() {
  std::unique_lock lock(mutex_);
  returned_.wait(lock, [&] { return closed_ || !free_.empty(); });
  return take_free();
}

BatchPool::Mine BatchPool::take_for(std::chrono::microseconds patience) {
  std::unique_lock lock(mutex_);
  returned_.wait_for(lock, patience, [&] { return closed_ || !free_.empty(); });
  return take_free();
}

BatchPool::Mine BatchPool::try_take() {
  std::lock_guard lock(mutex_);
  return take_free();
}

BatchPool::Mine BatchPool::take_free() {
  if (closed_ || free_.empty()) return {};
  Parcel* parcel = free_.back();
  free_.pop_back();
  return Mine(parcel, Return{this});
}

void BatchPool::close() {
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
  }
  returned_.notify_all();
}

size_t BatchPool::free() const {
  std::lock_guard lock(mutex_);
  return free_.size();
}

void BatchPool::give_back(Parcel* parcel) {
  parcel->batch.reset();
  parcel->moves = false;
  parcel->open = Parcel::kNone;
  {
    std::lock_guard lock(mutex_);
    free_.push_back(parcel);
  }
  returned_.notify_one();
}

}  // namespace sluice
