// EventReader: the whole events of one log file, one after the other, read in big pieces straight into the
// batch that they will live in.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/file_part.h"
#include "base/result.h"
#include "source/binlog_file/log_files.h"

namespace sluice::binlog_file {

class EventReader {
 public:
  // `interrupted` outlives the reader.
  explicit EventReader(const std::atomic<bool>& interrupted) : interrupted_(interrupted) {}
  ~EventReader();
  EventReader(const EventReader&) = delete;
  EventReader& operator=(const EventReader&) = delete;

  // Goes to the file's first event.
  Result<void> open(const LogFile& file);
  // Of regular files. Valid between events.
  void seek(uint64_t offset);

  // The next event is at hand; the same, and it is the first of a file; the file ended behind a whole event;
  // or, of streams alone, nothing came for about a second.
  enum class State : uint8_t { Event, FirstEvent, End, Waiting };
  // `event` lives in `arena`, or in the reader until the next call where the decoder needs it no longer than
  // that. Where nothing points to the events before it any more, `reuse` takes their room.
  Result<State> next(Arena& arena, bool reuse, std::string_view& event);
  // Null, or where the event just taken is, of which next() then gave the header alone.
  const FilePart* stored() const { return was_apart_ && stored_ ? &*stored_ : nullptr; }
  // The event just taken comes again.
  void put_back();
  // Must be called before the arena of the events taken is handed over or reset.
  void leave_arena();

  // Of the next event, and of the one just taken.
  uint64_t offset() const { return offset_; }
  uint64_t begin() const { return offset_ - last_; }
  // Bytes read from the file, over all files.
  uint64_t bytes_read() const { return bytes_read_.load(std::memory_order_relaxed); }

 private:
  Result<bool> have(Arena& arena, bool reuse, size_t bytes);
  void make_room(Arena& arena, bool reuse, size_t bytes);
  Result<bool> read_more();
  Result<ssize_t> read_into(char* to, size_t room);
  Result<State> next_apart(uint32_t size, std::string_view& event);
  State taken_apart(uint32_t size, std::string_view& event);
  Result<bool> store(uint32_t size);
  Result<bool> wait_for_input();
  Result<bool> take_magic(Arena& arena, bool reuse);
  bool at_magic() const;
  uint64_t end_of_file() const;
  Failure cut(uint64_t end) const;
  size_t left() const { return static_cast<size_t>(filled_ - at_); }
  void close();

  const std::atomic<bool>& interrupted_;
  LogFile file_;
  int fd_ = -1;
  bool ended_ = false;   // the file has no more bytes than those at hand
  bool in_use_ = false;  // its server had not closed it
  uint64_t offset_ = 0;
  uint64_t known_end_ = 0;  // the file was at least so long when last asked
  std::atomic<uint64_t> bytes_read_{0};

  // What was read, in an arena or (between batches) in `stash_`.
  bool in_stash() const { return begin_ == stash_.data(); }
  char* begin_ = nullptr;
  char* at_ = nullptr;
  char* filled_ = nullptr;
  char* end_ = nullptr;
  std::string stash_;
  bool first_ = false;      // the next event is the first of a file
  bool was_first_ = false;  // the event just taken was
  size_t last_ = 0;         // its length
  Bytes apart_;             // an event that lives here, as far as it was read; or its header
  std::optional<FilePart> stored_;
  ScratchFile scratch_;     // the same of a stream's event that is too large to be held
  bool is_apart_ = false;   // the next event does
  bool was_apart_ = false;  // the event just taken does
};

}  // namespace sluice::binlog_file
