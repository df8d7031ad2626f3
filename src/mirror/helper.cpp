#include "mirror/helper.h"

#include <pthread.h>

namespace sluice::mirror {

Helper::~Helper() {
  {
    std::lock_guard lock(mutex_);
    state_ = State::Ended;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Helper::begin(std::span<TableAt* const> tables) {
  if (!thread_.joinable()) {
    thread_ = std::thread([this] { run(); });
    pthread_setname_np(thread_.native_handle(), fmt::format("mirror {}", number_ + 1).c_str());
  }
  {
    std::lock_guard lock(mutex_);
    tables_ = tables;
    state_ = State::Busy;
  }
  changed_.notify_all();
}

Result<void> Helper::end() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return state_ != State::Busy; });
  return std::move(done_);
}

void Helper::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return state_ != State::Idle; });
    if (state_ == State::Ended) return;
    lock.unlock();
    Result<void> done = work();
    lock.lock();
    done_ = std::move(done);
    state_ = State::Idle;
    changed_.notify_all();
  }
}

Result<void> Helper::work() {
  auto done = target_->begin();
  for (TableAt* table : tables_) {
    if (done && !table->parts[number_].empty()) done = target_->apply(*table, table->parts[number_]);
  }
  if (done) done = target_->commit();
  if (!done) target_->roll_back();
  return done;
}

}  // namespace sluice::mirror
