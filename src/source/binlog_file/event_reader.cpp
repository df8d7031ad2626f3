#include "source/binlog_file/event_reader.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "wire/mysql/event.h"

namespace sluice::binlog_file {
namespace {

// One read(2). An arena hands it out from blocks that it keeps, so a warm batch allocates nothing; and it
// stays in the processor's cache until it is decoded.
constexpr size_t kChunkBytes = Arena::kBlockBytes / 4;
// max_allowed_packet is at most 1 GiB and bounds what the servers write as one event; the rest is room for
// headers. A larger size is not one.
constexpr uint32_t kMostEventBytes = (uint32_t{1} << 30) + (uint32_t{1} << 20);
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
  ended_ = in_use_ = first_ = false;
  offset_ = last_ = 0;
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
  at_ -= last_;
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

// False: nothing came for about a second.
Result<bool> EventReader::read_more() {
  if (!file_.regular) {
    SLUICE_ASSIGN(ready, wait_for_input());
    if (!ready) return false;
  }
  ssize_t got;
  do { got = ::read(fd_, filled_, static_cast<size_t>(end_ - filled_)); } while (got < 0 && errno == EINTR);
  if (got < 0) {
    return fatal("cannot read the log file {} at byte {}: {}", file_.path, offset_ + left(),
                 std::strerror(errno));
  }
  if (got == 0) ended_ = true;
  filled_ += got;
  bytes_read_.fetch_add(static_cast<uint64_t>(got), std::memory_order_relaxed);
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
  if (left() >= mysql::kHeaderBytes) {
    mysql::EventHeader header = mysql::read_header({at_, left()});
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
  if (left() < size && end_of_file() < offset_ + size) return cut(end_of_file());
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
