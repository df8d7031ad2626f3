// Journal: what many files were before they were written, so that a restart can take back what came after its
// checkpoint. It stands beside the files and is written ahead of them.
//
// It is kept in segments: each begins with the state of every file and goes on with what was done since. The
// one before the last stays, for a machine that lost its power may come up with an older checkpoint.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sluice::file {

struct Entry {
  enum Kind : char {
    State = 's',  // the file as it is where a segment begins
    Write = 'w',  // it grows from `before` to `after`
    Turn = 't',   // it is turned over: its name stands for nothing, then for an empty file
  };
  Kind kind = Write;
  uint64_t before = 0, after = 0;  // its bytes
  uint64_t heading = 0;            // the mark of the heading above the end; 0: none
  int64_t started_us = 0;          // when it was begun, since 1970 UTC
  std::string_view path;
};

void append_entry(const Entry& entry, std::string& out);

class Journal {
 public:
  // A segment is left for a new one when it is so long.
  static constexpr uint64_t kSegmentBytes = 16u << 20;

  struct Place {
    uint64_t segment = 0;  // 0: none
    uint64_t offset = 0;
    bool operator==(const Place&) const = default;
  };

  // `stem`: what the names of its files begin with. `sync`: the disk confirms what is appended.
  Journal(std::string stem, bool sync) : stem_(std::move(stem)), sync_(sync) {}
  ~Journal() { close(); }
  Journal(const Journal&) = delete;

  // Has it for this sink alone, until close().
  Result<void> lock();
  // What lock() would find wrong with its place, without making anything.
  Result<void> look() const;
  void close();

  // A new segment that begins with `states`, entries as append_entry() wrote them.
  Result<void> begin(std::string_view states);
  // Behind open() or begin().
  Result<void> append(std::string_view entries);
  // The end, where the next entry will stand.
  Place end() const { return end_; }
  // What stands behind `place`, of the segment in hand, was never there.
  void take_back(const Place& place);
  bool is_long() const { return end_.offset > kSegmentBytes + 2 * begun_; }

  // The entries before and behind `place`, in order; `text` is what their paths point into.
  struct Contents {
    std::vector<std::string> text;
    std::vector<Entry> before, behind;
  };
  Result<Contents> read(const Place& place) const;
  // Goes on at `place`: what stands behind it gives way to `entries`.
  Result<void> open(const Place& place, std::string_view entries);

 private:
  std::string lock_name() const { return stem_ + ".lock"; }
  std::string name(uint64_t segment) const;
  std::vector<uint64_t> segments() const;
  Result<void> sync_names() const;

  const std::string stem_;
  const bool sync_;
  int lock_ = -1, fd_ = -1;
  Place end_;
  uint64_t begun_ = 0;  // bytes of the states that the segment began with
};

}  // namespace sluice::file
