// Encoding: one lane's inbox. Batches come in in order and go out encoded in the same order. The lane's own
// thread encodes when it asks for the next one; other threads may help, each at a whole batch.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "pipeline/batch_pool.h"
#include "pipeline/encoded.h"

namespace sluice {

class Encoding {
 public:
  // `slots`: the pool's count, so that offer() never waits. `threads` 1: the lane's own; 2: the source's too,
  // by help(); those beyond are Encoding's. Of an encoder that is in_order() always the lane's own.
  Encoding(Making making, unsigned threads, size_t slots, const std::string& lane);
  ~Encoding();
  Encoding(const Encoding&) = delete;

  // Before the first next(), from any thread: reading began at `from`, and changes before `delivered` are
  // passed over. Until then nothing is encoded. Counts once.
  void begin(const Position& from, std::optional<Position> delivered);

  // The source thread.
  void offer(BatchPool::Shared parcel);
  // The source thread, when it has nothing else to do: encodes a batch that nobody is at. False: there is
  // none.
  bool help();
  // Nothing more will be offered; what waits is still to be taken.
  void finish();
  // What waits is dropped. Any thread.
  void close();

  // The lane thread: the next batch, to be given back by release() before the next call. Null: none came in
  // time, or ended().
  Encoded* next(std::chrono::microseconds patience);
  void release(Encoded* encoded);
  bool ended() const;

 private:
  struct Slot {
    BatchPool::Shared parcel;
    Encoded* encoded = nullptr;
    bool ready = false;
  };

  void work();
  Slot& slot(uint64_t number) { return slots_[number % slots_.size()]; }
  bool claimable() const { return begun_ && claimed_ < offered_ && !free_.empty(); }
  bool ready() { return taken_ < claimed_ && slot(taken_).ready; }
  // Encodes the first batch that nobody is at. `lock` is let go of meanwhile.
  void encode_next(std::unique_lock<std::mutex>& lock);

  std::optional<Position> delivered_;              // written once, by begin()
  std::vector<std::unique_ptr<Encoded>> outputs_;  // with one thread one, else one more than threads

  mutable std::mutex mutex_;
  std::condition_variable ready_;  // the lane waits
  std::condition_variable work_;   // Encoding's own threads wait
  std::vector<Slot> slots_;
  bool begun_ = false;
  bool passing_ = false;                            // the batches claimed have not yet reached delivered_
  uint64_t taken_ = 0, claimed_ = 0, offered_ = 0;  // slots are taken_ <= claimed_ <= offered_
  std::vector<Encoded*> free_;
  bool finished_ = false;
  bool closed_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace sluice
