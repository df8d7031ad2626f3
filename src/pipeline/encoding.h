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

#include "base/bytes.h"
#include "format/encoder.h"
#include "pipeline/batch_pool.h"
#include "sink/sink.h"

namespace sluice {

struct Encoded {
  std::unique_ptr<Encoder> encoder;  // of whoever fills this
  BatchPool::Shared parcel;
  std::vector<Message> messages;
  Bytes bytes;
  size_t whole = Delivery::kInside;
  // The lane's saved position lies behind this batch's end: what it holds was delivered before the restart.
  bool passed = false;

  Delivery delivery() const { return {parcel->batch, messages, bytes.view(), whole}; }
};

class Encoding {
 public:
  // Kept from one delivery to the next; what a huge row needed beyond that is given back.
  static constexpr size_t kKeepBytes = 8u << 20;
  static constexpr size_t kKeepMessages = 64u << 10;

  // `slots`: the pool's count, so that offer() never waits. `threads` 1: the lane's own; 2: the source's too,
  // by help(); those beyond are Encoding's. Changes before `delivered` are passed over.
  Encoding(std::unique_ptr<Encoder> encoder, unsigned threads, size_t slots,
           std::optional<Position> delivered, const std::string& lane);
  ~Encoding();
  Encoding(const Encoding&) = delete;

  // The source thread: `from` is where reading began.
  void begin(const Position& from);
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
    bool passing = false;  // some of it may have been delivered before
    Encoded* encoded = nullptr;
    bool ready = false;
  };

  void work();
  void encode(Encoded& into, bool passing) const;
  Slot& slot(uint64_t number) { return slots_[number % slots_.size()]; }
  bool claimable() const { return claimed_ < offered_ && !free_.empty(); }
  bool ready() { return taken_ < claimed_ && slot(taken_).ready; }
  // Encodes the first batch that nobody is at. `lock` is let go of meanwhile.
  void encode_next(std::unique_lock<std::mutex>& lock);

  const std::optional<Position> delivered_;
  bool passing_ = false;  // source thread: the batches have not yet reached delivered_
  std::vector<std::unique_ptr<Encoded>> outputs_;  // with one thread one, else one more than threads

  mutable std::mutex mutex_;
  std::condition_variable ready_;  // the lane waits
  std::condition_variable work_;   // Encoding's own threads wait
  std::vector<Slot> slots_;
  uint64_t taken_ = 0, claimed_ = 0, offered_ = 0;  // slots are taken_ <= claimed_ <= offered_
  std::vector<Encoded*> free_;
  bool finished_ = false;
  bool closed_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace sluice
