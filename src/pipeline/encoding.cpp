#include "pipeline/encoding.h"

#include <pthread.h>

#include "base/check.h"

namespace sluice {

Encoding::Encoding(Making making, unsigned threads, size_t slots, const std::string& lane) : slots_(slots) {
  CHECK(threads > 0 && slots > 0);
  if (making.encoder->in_order()) threads = 1;
  // One is written while the others are filled.
  size_t outputs = threads == 1 ? 1 : threads + 1;
  for (size_t i = 1; i < outputs; ++i) outputs_.push_back(std::make_unique<Encoded>(making.clone()));
  outputs_.push_back(std::make_unique<Encoded>(std::move(making)));
  for (const auto& output : outputs_) free_.push_back(output.get());
  std::string name = ("enc " + lane).substr(0, 15);  // the kernel's bound
  for (unsigned i = 2; i < threads; ++i) {
    threads_.emplace_back([this] { work(); });
    pthread_setname_np(threads_.back().native_handle(), name.c_str());
  }
}

Encoding::~Encoding() {
  close();
  for (std::thread& thread : threads_) thread.join();
}

void Encoding::begin(const Position& from, std::optional<Position> delivered) {
  {
    std::lock_guard lock(mutex_);
    if (begun_) return;
    delivered_ = std::move(delivered);
    passing_ = delivered_ && !covers(from, *delivered_);
    begun_ = true;
  }
  ready_.notify_one();  // a spill's thread waits already
  if (!threads_.empty()) work_.notify_all();
}

void Encoding::offer(BatchPool::Shared parcel) {
  {
    std::lock_guard lock(mutex_);
    if (closed_) return;
    CHECK(offered_ - taken_ < slots_.size());
    Slot& next = slot(offered_++);
    next.parcel = std::move(parcel);
  }
  ready_.notify_one();
  if (!threads_.empty()) work_.notify_one();
}

bool Encoding::help() {
  if (outputs_.size() == 1) return false;
  std::unique_lock lock(mutex_);
  if (closed_ || !claimable()) return false;
  encode_next(lock);
  return true;
}

void Encoding::finish() {
  {
    std::lock_guard lock(mutex_);
    finished_ = true;
  }
  ready_.notify_all();
}

void Encoding::close() {
  std::vector<BatchPool::Shared> dropped;  // let go of outside the lock
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
    // What an encoding thread is busy with is dropped when it is done.
    for (uint64_t number = claimed_; number < offered_; ++number) {
      dropped.push_back(std::move(slot(number).parcel));
    }
    offered_ = claimed_;
  }
  ready_.notify_all();
  work_.notify_all();
}

bool Encoding::ended() const {
  std::lock_guard lock(mutex_);
  return closed_ || (finished_ && taken_ == offered_);
}

void Encoding::encode_next(std::unique_lock<std::mutex>& lock) {
  uint64_t number = claimed_++;
  Slot& mine = slot(number);
  Encoded* into = mine.encoded = free_.back();
  free_.pop_back();
  BatchPool::Shared parcel = std::move(mine.parcel);
  const Position* delivered = passing_ ? &*delivered_ : nullptr;
  if (passing_) passing_ = !covers(parcel->batch.resume, *delivered_);
  mine.ready = false;
  lock.unlock();
  into->make(std::move(parcel), delivered);
  lock.lock();
  mine.ready = true;
  if (number == taken_) ready_.notify_one();
}

Encoded* Encoding::next(std::chrono::microseconds patience) {
  std::unique_lock lock(mutex_);
  auto something = [&] { return closed_ || ready() || claimable() || (finished_ && taken_ == offered_); };
  for (;;) {
    if (!ready_.wait_for(lock, patience, something) || closed_) return nullptr;
    if (ready()) return slot(taken_++).encoded;
    if (!claimable()) return nullptr;
    encode_next(lock);
  }
}

void Encoding::release(Encoded* encoded) {
  encoded->clear();
  {
    std::lock_guard lock(mutex_);
    free_.push_back(encoded);
  }
  if (!threads_.empty()) work_.notify_one();
}

void Encoding::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    work_.wait(lock, [&] { return closed_ || claimable(); });
    if (closed_) return;
    encode_next(lock);
  }
}

}  // namespace sluice
