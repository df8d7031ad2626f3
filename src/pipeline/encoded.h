// Encoded: one batch as a lane's sink gets it, and all that is needed to make it: the encoder, the view and
// the route. Each is filled by one thread at a time; a lane has as many as may be in the making.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/arena.h"
#include "format/encoder.h"
#include "pipeline/batch_pool.h"
#include "pipeline/route.h"
#include "pipeline/view.h"
#include "sink/sink.h"

namespace sluice {

// What a lane makes of changes.
struct Making {
  std::unique_ptr<Encoder> encoder;
  std::shared_ptr<const ViewSetup> view;    // null: all of every batch
  std::shared_ptr<const RouteSetup> route;  // null: a target of lines
  bool rows = false;                        // deliveries have the changes' rows as the view shows them

  Making clone() const { return {encoder->clone(), view, route, rows}; }
};

class Encoded {
 public:
  // Kept from one delivery to the next; what a huge row needed beyond that is given back.
  static constexpr size_t kKeepBytes = 8u << 20;
  static constexpr size_t kKeepMessages = 64u << 10;

  explicit Encoded(Making making);

  // `delivered`: the target has everything up to there, and it is passed over. Null: nothing of it.
  void make(BatchPool::Shared parcel, const Position* delivered);
  void clear();

  const Parcel& parcel() const { return *parcel_; }
  const Outbox& outbox() const { return outbox_; }
  // All of it was delivered before the restart: the lane's position lies behind the batch's end.
  bool passed() const { return passed_; }
  // Why the messages from here on could not be made; the ones before are whole.
  const std::optional<Error>& fault() const { return fault_; }
  Delivery delivery() const;

 private:
  bool plain() const {
    return !view_.narrows() && !route_.routes() && !making_.encoder->grouped() && !headed_ && !in_order_;
  }
  void make_plain(const Batch& batch);
  Result<void> make_each(const Batch& batch, const Position* delivered);
  Result<void> make_one(const Batch& batch, uint32_t index);
  Result<void> single(const Batch& batch, const Change& change, uint32_t index);
  Result<void> end_transaction(const Batch& batch, uint32_t index);
  // Of the messages of a change, from `first` on.
  Result<void> set_addresses(const Batch& batch, const Change& change, size_t first);
  // Changes of one event, table and operation, of which several may share a message.
  Result<void> group(const Batch& batch);
  bool joins_run(const Change& change) const;
  void set_headings(const Table& table, size_t first);

  Making making_;
  View view_;
  Route route_;
  Arena arena_;  // cells of narrowed rows
  BatchPool::Shared parcel_;
  Outbox outbox_;
  std::vector<Change> shown_;  // where rows are wanted and the view narrows them; as Delivery has it
  const bool in_order_;
  const bool headed_;                    // for targets that put lines one below the other
  std::vector<uint64_t> headed_tables_;  // by destination: the serial of the table whose heading it has
  size_t whole_ = Delivery::kInside;
  bool passed_ = false;
  std::optional<Error> fault_;

  // Of a grouped encoder: the run in hand, what of it goes to one place, and where.
  struct Bucket {
    Address address;
    std::string key;
    std::vector<Change> changes;
    size_t hash = 0;  // of address and key
  };
  Bucket& bucket_of(const Address& address);
  void spread_buckets(size_t slots);
  std::vector<Change> run_;
  std::vector<Bucket> buckets_;  // the first `used_` of them
  std::vector<uint32_t>
      bucket_slots_;  // by hash, a power of two: numbers from 1, 0 is free; half are, at least
  size_t used_ = 0;
  uint32_t run_end_ = 0;  // index of its last change
};

}  // namespace sluice
