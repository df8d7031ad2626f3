// Ring: the newest messages, framed, for any number of readers at any place in them. One copy of each
// message, whoever reads it, and where clients choose by rules its row beside it.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/change.h"
#include "sink/subscribers/framing.h"
#include "sink/subscribers/rows.h"
#include "sink/subscribers/subscription.h"

namespace sluice::subscribers {

// One message on its way into the ring.
struct Post {
  Frame frame;
  std::string_view value;
  std::string_view topic;
  Op op = Op::Insert;
  uint64_t id = 0;                 // of the change, never 0
  const Change* change = nullptr;  // whose rows are kept; null: it has none
};

class Ring {
 public:
  // A part of the ring: its bytes never move, and what was written stays as it is. What lies behind what is
  // written is the ring's own.
  struct Segment {
    struct Entry {
      size_t end;  // in `bytes`
      uint64_t id;
      uint32_t topic;
      uint32_t row;  // in `rows`
      Op op;
    };
    std::unique_ptr<char[]> bytes;
    size_t capacity = 0, size = 0;
    std::vector<Entry> entries;      // has room for all that will come
    std::deque<std::string> topics;  // of its messages
    std::unique_ptr<Rows> rows;      // null: they are not kept
    size_t cost = 0;                 // bytes of memory, about, once it is full
  };

  // Where a reader is, and what it found out of the topics of that segment. One thread's own.
  struct Reader {
    uint64_t segment = 0;
    size_t entry = 0;
    uint64_t version = 0;          // of the subscription that `verdicts` speak of
    std::vector<int8_t> verdicts;  // by topic: 0 not asked yet, 1 wanted, -1 not
    size_t asked = 0;              // what its rule was asked since others had their turn
  };
  // Whole frames, one behind the other, that a reader wants.
  struct Run {
    std::shared_ptr<const Segment> holds;  // null: there is nothing
    std::string_view bytes;
    size_t messages = 0;
    bool lost = false;  // what the reader wants next has left the ring
    bool more = false;  // enough was asked for one turn, and there may be more
    std::optional<Error> misfit =
        std::nullopt;  // the reader's rule cannot tell whether it wants what is next
  };

  // `most`: bytes held, about; two segments always are. `last`: the id of the change before the first that
  // will come; 0: nobody knows. `rows`: they are kept, for rules.
  Ring(size_t most, uint64_t last, bool rows = false) : most_(most), rows_(rows), before_(last) {}

  // `batch`: of the changes; null where there are none.
  void add(std::span<const Post> posts, const Batch* batch = nullptr);

  // Behind all that is there.
  Reader end() const;
  // Before all that is there.
  Reader begin() const;
  // Behind the last message of that change. Nothing: it is not in the ring, nor right in front of it.
  std::optional<Reader> behind(uint64_t id) const;
  // Whether what the reader wants next is there, or will come.
  bool has(Reader& reader) const;
  // What comes next, and moves the reader behind it.
  Run next(Reader& reader, const Subscription& wanted) const;
  // Whether the rule of the subscription fits the tables that its topics had last.
  Result<void> fits(const Subscription& wanted) const;

 private:
  // What of a segment may be looked at while more is written.
  struct Part {
    std::shared_ptr<const Segment> segment;
    uint64_t number = 0;
    std::span<const Segment::Entry> entries;
    bool newest = false;
  };
  // Where the reader is; no segment: there is nothing. False: it lacks something.
  bool part_of(Reader& reader, Part& part) const;
  // Takes a reader that has all of a segment that is gone to the one behind it. False: it lacks something.
  bool reaches(Reader& reader) const;
  Segment& room_for(size_t bytes);
  uint32_t topic_of(Segment& segment, std::string_view topic);
  void drop_oldest();
  // Whether message `at` is wanted.
  Result<bool> wants(Reader& reader, const Subscription& wanted, const Part& part, size_t at) const;
  Run find(Reader& reader, const Subscription& wanted, const Part& part) const;
  const std::string& topic_name(const Segment& segment, uint32_t number) const;
  void keep_row(Segment& segment, const Post& post, const Batch* batch);

  const size_t most_;
  const bool rows_;
  mutable std::mutex mutex_;
  std::deque<std::shared_ptr<Segment>> segments_;
  uint64_t first_ = 0;  // number of the front one
  size_t gone_ = 0;     // entries of the one before it
  uint64_t before_;     // id of the last message that left, or of the one before all
  size_t cost_ = 0;     // of all but the last
  std::unordered_map<std::string_view, uint32_t> topics_;  // of the last
  std::map<std::string, TablePtr, std::less<>> tables_;    // that topics had last, where rows are kept
};

}  // namespace sluice::subscribers
