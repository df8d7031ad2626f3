// Spill: a lane's deliveries on disk, between the source and a target that is slower or away. One thread
// appends, the lane's takes out in the same order. What is appended is durable before append() returns.
//
// Segment files hold records, numbered without a gap, each with a checksum. No progress is kept: the lane's
// own position tells where to go on. A record that was cut at the very end was never counted, and is taken
// off; any other damage is a fault, for nothing may be skipped.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/excerpt.h"
#include "pipeline/packed.h"

namespace sluice {

class Spill {
 public:
  static constexpr uint64_t kSegmentBytes = 64u << 20;
  // What is left free on the disk for the state, without whose saving nothing could be taken out of here
  // again: four times what its write-ahead log grows to. No transaction is begun without as much again, for
  // files go behind whole ones alone.
  static constexpr uint64_t kReserve = 16u << 20;

  // `folder` is made when it is missing. `most_bytes`: what may wait here; on the disk may lie a segment
  // more, and of a transaction that is not over what was delivered, too.
  Spill(std::string folder, uint64_t most_bytes, uint64_t segment_bytes = kSegmentBytes);
  ~Spill();
  Spill(const Spill&) = delete;
  // Whether an earlier run left anything.
  static bool exists(const std::string& folder);
  // A folder's name for a lane's.
  static std::string folder_of(std::string_view lane);

  // Once, before all others. `reached`: what the target has; it is passed over. What ends inside a
  // transaction comes again from the source, and is taken off.
  Result<void> open(const std::optional<Position>& reached);
  // Up to here all is in here or was; nothing: never.
  const std::optional<Position>& end() const { return end_; }

  // One thread. Retryable where the disk or the spill is full; then the same is to be appended again.
  Result<void> append(const Delivery& delivery);
  uint64_t appended() const { return next_number_ - 1; }  // the number of the last record; that thread alone
  // Nothing more will be appended, because of `fault` where there is one.
  void finish(std::optional<Error> fault);

  // The lane's thread. The next record's delivery, valid until the next call, before which remove() comes.
  // Null: none came in time, or ended(). Behind all records, the fault of finish().
  Result<Unpacked*> next(std::chrono::microseconds patience);
  uint64_t number() const { return number_; }  // of that record
  bool ended() const;
  // That record is safe at the target.
  void remove();
  // Files could go, once the position behind them is on disk, whatever the state does otherwise.
  bool frees() const { return !spent_.empty(); }
  // It is.
  void remove_files();
  // Waits end at once. Any thread.
  void close();

  uint64_t bytes() const;  // that are still to be delivered; 0 before open(). Any thread

 private:
  struct Segment {
    std::string path;
    uint64_t size = 0;
  };
  // A place between two records.
  struct Mark {
    size_t segment = 0;
    uint64_t at = 0;
    uint64_t number = 1;  // of the record that follows
  };

  Result<void> find_segments();
  Result<void> scan(size_t segment, const std::optional<Position>& reached);
  Result<void> cut_to(const Mark& mark);
  Result<void> write(std::string_view records);
  // So many bytes more, or the reason why not. `begins`: a transaction whose end is not among them.
  Result<void> find_room(uint64_t bytes, bool begins);
  Result<void> begin_segment();
  void put_record(const Delivery& delivery, uint64_t number);
  bool available() const { return segments_.size() > 1 || (!segments_.empty() && at_ < segments_[0].size); }

  const std::string folder_;
  const uint64_t most_bytes_, segment_bytes_;
  std::optional<Position> end_;

  // Of open().
  Mark scanned_, whole_, begin_;

  // The appending thread's.
  int file_ = -1;  // the last segment
  uint64_t next_number_ = 1;
  bool open_ = false;    // a transaction, whose end is still to come
  bool halved_ = false;  // of the delivery in hand, what belongs to whole transactions is in
  Bytes records_;
  Excerpt first_, rest_;

  // The lane's.
  int reading_ = -1;  // the first segment
  uint64_t record_bytes_ = 0;
  uint64_t number_ = 0;
  Unpacked unpacked_;
  std::string buffer_;
  std::vector<std::string> spent_;  // files

  mutable std::mutex mutex_;
  std::condition_variable more_;
  std::deque<Segment> segments_;
  uint64_t at_ = 0;     // in the first segment: what is before it was delivered
  uint64_t bytes_ = 0;  // of all segments
  // opened_: until then the rest is open()'s alone.
  bool opened_ = false, finished_ = false, closed_ = false;
  std::optional<Error> fault_;
};

}  // namespace sluice
