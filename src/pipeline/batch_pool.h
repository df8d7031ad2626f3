// BatchPool: a fixed number of batches, and so the whole of back-pressure: while none is free, the source
// does not read. A batch comes back by itself when the last lane lets go of it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "model/batch.h"

namespace sluice {

// A batch on its way through the pipeline.
struct Parcel {
  static constexpr uint32_t kNone = UINT32_MAX;

  Batch batch;
  // A checkpoint follows: `batch.resume` is further than that of the parcel before, or what was set aside is
  // less.
  bool moves = false;
  // Index of the transaction that goes on in the next batch; its changes are the batch's last ones.
  uint32_t open = kNone;

  uint64_t log_end = 0;  // bytes of the log that were read, up to this batch's end

  // Its changes were set aside. They stand further back in the log than what was delivered before them, so
  // that no lane's position tells whether it has them.
  bool late() const { return !batch.aside.released.empty(); }
};

class BatchPool {
 public:
  struct Return {
    BatchPool* pool = nullptr;
    void operator()(Parcel* parcel) const { pool->give_back(parcel); }
  };
  using Mine = std::unique_ptr<Parcel, Return>;  // to edit
  using Shared = std::shared_ptr<const Parcel>;  // to read; made from a Mine

  explicit BatchPool(size_t count);

  // An empty one; waits until one is free. Null: closed.
  Mine take();
  // Waits so long at most. Null: none is free, or closed.
  Mine take_for(std::chrono::microseconds patience);
  // Null: none is free, or closed.
  Mine try_take();
  // Ends the waiting for good. Batches still come back.
  void close();
  size_t count() const { return parcels_.size(); }
  size_t free() const;

 private:
  Mine take_free();
  void give_back(Parcel* parcel);

  std::vector<std::unique_ptr<Parcel>> parcels_;
  mutable std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<Parcel*> free_;  // the one used last on top: its memory is warm
  bool closed_ = false;
};

}  // namespace sluice
