#include "source/binlog_file/event_reader.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "wire/mysql/decoder.h"
#include "wire/mysql/event.h"

namespace sluice::binlog_file {
namespace {

// One read(2). An arena hands it out from blocks that it keeps, so a warm batch allocates nothing; and it
// stays in the processor's cache until it is decoded.
constexpr size_t kChunkBytes = Arena::kBlockBytes / 4;
// max_allowed_packet is at most 1 GiB and bounds what the servers write as one event; the rest is room for
// headers. A larger size is not one.
constexpr uint32_t kMostEventBytes = (uint32_t{1} << 30) + (uint32_t{1} << 20);
// The same, of an event that is read to a place of its own, which grows as its bytes come.
constexpr size_t kApartBytes = 1 << 20;
// Of such an event that is held in memory.
constexpr size_t kMostHeldBytes = 4 << 20;
constexpr int kPollMilliseconds = 100;
constexpr int kWaitMilliseconds = 1000;

}  // namespace

EventReader::~EventReader() { close(); }

void EventReader::close() {
  if (fd_ > STDIN_FILENO) ::close(fd_);
  fd_ = -1;
}

Result<void> EventReader::open(const LogFile& file) {
  close();
  file_ = file;
  fd_ = file.is_stdin() ? STDIN_FILENO : ::open(file.path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd_ < 0) return fatal("cannot open the log file {}: {}", file.path, std::strerror(errno));
  // A hint, of which nothing depends.
  if (file.regular) (void)::posix_fadvise(fd_, 0, 0, POSIX_FADV_SEQUENTIAL);
  begin_ = at_ = filled_ = end_ = nullptr;
  stash_.clear();
  ended_ = in_use_ = first_ = is_apart_ = was_apart_ = false;
  apart_ = {};
  stored_.reset();
  scratch_.close();
  offset_ = last_ = known_end_ = 0;
  return {};
}

void EventReader::seek(uint64_t offset) {
  at_ = filled_;
  ended_ = false;
  offset_ = offset;
  last_ = 0;
  (void)::lseek(fd_, static_cast<off_t>(offset), SEEK_SET);
}

void EventReader::put_back() {
  is_apart_ = was_apart_;
  if (!is_apart_) at_ -= last_;
  offset_ -= last_;
  last_ = 0;
  first_ = was_first_;
}

void EventReader::leave_arena() {
  if (at_ != nullptr) stash_.assign(at_, left());
  begin_ = at_ = stash_.data();
  filled_ = end_ = at_ + stash_.size();
  last_ = 0;
}

// Makes room for `bytes` from at_ on, and for a whole chunk where that is more.
void EventReader::make_room(Arena& arena, bool reuse, size_t bytes) {
  size_t kept = left();
  size_t wanted = std::max({bytes, kept, kChunkBytes});
  if (reuse && !in_stash() && static_cast<size_t>(end_ - begin_) >= wanted) {
    std::memmove(begin_, at_, kept);
  } else {
    char* fresh = arena.allocate(wanted);
    if (kept > 0) std::memcpy(fresh, at_, kept);
    begin_ = fresh;
    end_ = fresh + wanted;
  }
  at_ = begin_;
  filled_ = at_ + kept;
}

// False: nothing came for about a second.
Result<bool> EventReader::wait_for_input() {
  for (int waited = 0; waited < kWaitMilliseconds; waited += kPollMilliseconds) {
    if (interrupted_.load(std::memory_order_relaxed)) return stopped();
    pollfd wanted{fd_, POLLIN, 0};
    if (::poll(&wanted, 1, kPollMilliseconds) > 0) return true;
  }
  return false;
}

// -1: nothing came for about a second. 0: the end, and `ended_` says so.
Result<ssize_t> EventReader::read_into(char* to, size_t room) {
  if (!file_.regular) {
    SLUICE_ASSIGN(ready, wait_for_input());
    if (!ready) return -1;
  }
  ssize_t got;
  do { got = ::read(fd_, to, room); } while (got < 0 && errno == EINTR);
  if (got < 0) {
    return fatal("cannot read the log file {} at byte {}: {}", file_.path, offset_ + left() + apart_.size(),
                 std::strerror(errno));
  }
  if (got == 0) ended_ = true;
  bytes_read_.fetch_add(static_cast<uint64_t>(got), std::memory_order_relaxed);
  return got;
}

// False: nothing came for about a second.
Result<bool> EventReader::read_more() {
  SLUICE_ASSIGN(got, read_into(filled_, static_cast<size_t>(end_ - filled_)));
  if (got < 0) return false;
  filled_ += got;
  return true;
}

// Reads an event to a place of its own, where it stays while batch after batch is filled from it.
Result<EventReader::State> EventReader::next_apart(uint32_t size, std::string_view& event) {
  is_apart_ = true;
  if (stored_) return taken_apart(size, event);
  if (size > kMostHeldBytes) {
    SLUICE_ASSIGN(whole, store(size));
    return whole ? Result<State>(taken_apart(size, event)) : State::Waiting;
  }
  size_t at_hand = std::min<size_t>(left(), size - apart_.size());
  apart_.append({at_, at_hand});
  at_ += at_hand;
  while (apart_.size() < size && !ended_) {
    char* to = apart_.reserve(std::min<size_t>(size - apart_.size(), kApartBytes));
    SLUICE_ASSIGN(got, read_into(to, std::min<size_t>(size - apart_.size(), kApartBytes)));
    if (got < 0) return State::Waiting;
    apart_.commit(to + got);
  }
  if (apart_.size() < size) return cut(offset_ + apart_.size());
  return taken_apart(size, event);
}

EventReader::State EventReader::taken_apart(uint32_t size, std::string_view& event) {
  event = apart_.view();
  is_apart_ = false;
  was_apart_ = true;
  offset_ += size;
  last_ = size;
  was_first_ = std::exchange(first_, false);
  return was_first_ ? State::FirstEvent : State::Event;
}

// An event that is too large to be held stays in its file; one of a stream goes to a file. False: nothing
// came for about a second.
Result<bool> EventReader::store(uint32_t size) {
  if (apart_.empty()) {
    apart_.append({at_, mysql::kHeaderBytes});
    if (!file_.regular) SLUICE_TRY(scratch_.begin(""));
  }
  size_t at_hand = std::min<size_t>(left(), size - scratch_.size());
  if (file_.regular) {
    stored_.emplace(fd_, offset_, size);
    at_ += at_hand;
    (void)::lseek(fd_, static_cast<off_t>(offset_ + size + left()), SEEK_SET);
    bytes_read_.fetch_add(size - at_hand, std::memory_order_relaxed);
    return true;
  }
  SLUICE_TRY(scratch_.append({at_, at_hand}));
  at_ += at_hand;
  std::string piece(kApartBytes, '\0');
  while (scratch_.size() < size) {
    SLUICE_ASSIGN(got, read_into(piece.data(), std::min<size_t>(size - scratch_.size(), piece.size())));
    if (got < 0) return false;
    if (ended_) return cut(offset_ + scratch_.size());
    SLUICE_TRY(scratch_.append({piece.data(), static_cast<size_t>(got)}));
  }
  stored_ = scratch_.from(0);
  return true;
}

// True: `bytes` are at hand, or all that the file still has (ended_). False: nothing came for about a second.
Result<bool> EventReader::have(Arena& arena, bool reuse, size_t bytes) {
  if (!in_stash() && (left() >= bytes || ended_)) return true;
  make_room(arena, reuse, bytes);
  while (left() < bytes && !ended_) {
    SLUICE_ASSIGN(came, read_more());
    if (!came) return false;
  }
  return true;
}

bool EventReader::at_magic() const {
  return left() >= kHeadBytes && std::memcmp(at_, kMagic.data(), kMagic.size()) == 0 &&
         static_cast<uint8_t>(at_[kMagic.size() + 4]) ==
             static_cast<uint8_t>(mysql::EventType::FormatDescription);
}

// A file begins with the magic number. In a stream of several files it stands between events too, where an
// event's time would be; with the type of a format description behind it, it is no event.
// False: nothing came for about a second.
Result<bool> EventReader::take_magic(Arena& arena, bool reuse) {
  SLUICE_ASSIGN(came, have(arena, reuse, kHeadBytes));
  if (!came) return false;
  if (offset_ == 0) SLUICE_TRY(check_head(file_, {at_, std::min(left(), kHeadBytes)}));
  if (!at_magic()) return true;
  at_ += kMagic.size();
  offset_ = kMagic.size();
  in_use_ = mysql::read_header({at_, left()}).flags & mysql::kFlagInUse;
  first_ = true;
  return true;
}

uint64_t EventReader::end_of_file() const {
  struct stat about;
  if (!file_.regular || ::fstat(fd_, &about) != 0) return UINT64_MAX;
  return static_cast<uint64_t>(about.st_size);
}

Failure EventReader::cut(uint64_t end) const {
  std::string event = "the header of the event";
  std::string_view begin = is_apart_ ? apart_.view() : std::string_view(at_, left());
  if (begin.size() >= mysql::kHeaderBytes) {
    mysql::EventHeader header = mysql::read_header(begin);
    event = fmt::format("the {} event of {} bytes", mysql::name(header.type), header.size);
  }
  return fatal("{} is cut at byte {}: {} that begins at byte {} is not whole. {}",
               file_.is_stdin() ? "stdin" : file_.path, end, event, offset_,
               in_use_
                   ? "Its server had not closed it: read it through the server, or copy it again after FLUSH "
                     "BINARY LOGS"
                   : "Copy it again from its server");
}

Result<EventReader::State> EventReader::next(Arena& arena, bool reuse, std::string_view& event) {
  last_ = 0;
  // It was put back, or the rest of it is still to come.
  if (is_apart_) return next_apart(mysql::read_header(apart_.view()).size, event);
  if (was_apart_) {
    apart_ = {};
    stored_.reset();
    scratch_.close();
  }
  was_apart_ = false;
  SLUICE_ASSIGN(begins, take_magic(arena, reuse));
  if (!begins) return State::Waiting;
  if (left() == 0) return State::End;
  if (left() < mysql::kHeaderBytes) return cut(offset_ + left());
  uint32_t size = mysql::read_header({at_, left()}).size;
  if (size < mysql::kHeaderBytes || size > kMostEventBytes) {
    return fatal(
        "{} is damaged at byte {}: what stands there says it is an event of {} bytes. Copy it again from "
        "its server",
        file_.is_stdin() ? "stdin" : file_.path, offset_, size);
  }
  // Asked only where it matters, before room for what a broken size claims is taken.
  if (left() < size && known_end_ < offset_ + size) {
    known_end_ = end_of_file();
    if (known_end_ < offset_ + size) return cut(known_end_);
  }
  if (!mysql::Decoder::needs_arena({at_, left()})) return next_apart(size, event);
  SLUICE_ASSIGN(came, have(arena, reuse, size));
  if (!came) return State::Waiting;
  if (left() < size) return cut(offset_ + left());
  event = {at_, size};
  at_ += size;
  offset_ += size;
  last_ = size;
  was_first_ = std::exchange(first_, false);
  return was_first_ ? State::FirstEvent : State::Event;
}

}  // namespace sluice::binlog_file
