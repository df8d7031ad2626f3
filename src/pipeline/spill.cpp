#include "pipeline/spill.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/check.h"
#include "base/log.h"

namespace sluice {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSuffix = ".spill";
constexpr uint32_t kMagic = 0x4c4c5053;  // "SPLL"

// In front of each record, as it lies in memory: the files never leave their machine.
struct Header {
  uint32_t magic = kMagic;
  uint32_t size = 0;  // of what follows
  uint64_t number = 0;
  uint64_t sum = 0;
};
static_assert(sizeof(Header) == 24);

// Of the number and the bytes: eight at a time, mixed as splitmix64 does.
uint64_t checksum(uint64_t number, std::string_view bytes) {
  uint64_t sum = number ^ 0x9e3779b97f4a7c15u;
  auto mix = [&sum](uint64_t word) {
    sum = (sum ^ word) * 0xbf58476d1ce4e5b9u;
    sum ^= sum >> 29;
  };
  size_t at = 0;
  uint64_t word;
  for (; at + sizeof word <= bytes.size(); at += sizeof word) {
    std::memcpy(&word, bytes.data() + at, sizeof word);
    mix(word);
  }
  word = bytes.size();
  for (; at < bytes.size(); ++at) word = word << 8 | static_cast<uint8_t>(bytes[at]);
  mix(word);
  return sum;
}

// All `size` bytes, or false.
bool read_at(int file, uint64_t at, char* to, size_t size) {
  while (size > 0) {
    ssize_t n = ::pread(file, to, size, static_cast<off_t>(at));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    to += n;
    at += static_cast<uint64_t>(n);
    size -= static_cast<size_t>(n);
  }
  return true;
}

// The record at `at` of a file with `size` bytes. False: there is no such record, whole and unharmed.
bool read_record(int file, uint64_t at, uint64_t size, uint64_t number, std::string& record) {
  Header header;
  if (size - at < sizeof header || !read_at(file, at, reinterpret_cast<char*>(&header), sizeof header))
    return false;
  if (header.magic != kMagic || header.number != number || header.size > size - at - sizeof header)
    return false;
  record.resize(header.size);
  return read_at(file, at + sizeof header, record.data(), record.size()) &&
         checksum(number, record) == header.sum;
}

// Whether a whole record of a later number stands behind `at`: then what is there was not being written at
// the end.
bool record_behind(int file, uint64_t at, uint64_t size, uint64_t number) {
  std::string rest(size - at, '\0');
  if (!read_at(file, at, rest.data(), rest.size())) return true;
  std::string_view magic(reinterpret_cast<const char*>(&kMagic), sizeof kMagic);
  std::string record;
  for (size_t found = rest.find(magic); found != rest.npos; found = rest.find(magic, found + 1)) {
    Header header;
    if (rest.size() - found < sizeof header) return false;
    std::memcpy(&header, rest.data() + found, sizeof header);
    if (header.number > number && read_record(file, at + found, size, header.number, record)) return true;
  }
  return false;
}

Failure damaged(const std::string& path, uint64_t at) {
  return fatal(
      "{} is damaged at byte {}: what waits there for the target cannot be told any more. Put the file back "
      "from a "
      "copy, or give the sink another name, with which it begins anew",
      path, at);
}

Failure failed(std::string_view doing, const std::string& path, int reason) {
  bool full = reason == ENOSPC || reason == EDQUOT;
  std::string words = fmt::format("cannot {} {}: {}", doing, path,
                                  full ? "the disk is full; make room there" : std::strerror(reason));
  return Failure(Error{full ? Fault::Retryable : Fault::Fatal, words});
}

// Which files it has is safe once the folder is.
Result<void> sync_folder(const std::string& path) {
  int folder = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  bool good = folder >= 0 && ::fsync(folder) == 0;
  int reason = errno;
  if (folder >= 0) ::close(folder);
  return good ? Result<void>() : failed("write to the disk", path, reason);
}

void close_file(int& file) {
  if (file >= 0) ::close(file);
  file = -1;
}

}  // namespace

Spill::Spill(std::string folder, uint64_t most_bytes, uint64_t segment_bytes)
    : folder_(std::move(folder)), most_bytes_(most_bytes), segment_bytes_(segment_bytes) {}

Spill::~Spill() {
  close_file(file_);
  close_file(reading_);
}

bool Spill::exists(const std::string& folder) {
  std::error_code none;
  return fs::exists(folder, none) && !fs::is_empty(folder, none);
}

std::string Spill::folder_of(std::string_view lane) {
  std::string name;
  for (char c : lane) {
    bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    name +=
        plain ? std::string(1, c) : fmt::format("%{:02x}", static_cast<unsigned>(static_cast<uint8_t>(c)));
  }
  return name;
}

Result<void> Spill::find_segments() {
  std::error_code reason;
  fs::create_directories(folder_, reason);
  if (reason) return fatal("cannot make the folder {}: {}", folder_, reason.message());
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder_, reason)) {
    std::string name = entry.path().filename().string();
    if (name.ends_with(kSuffix)) names.push_back(std::move(name));
  }
  if (reason) return fatal("cannot read the folder {}: {}", folder_, reason.message());
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    Segment segment{folder_ + "/" + name};
    segment.size = fs::file_size(segment.path, reason);
    if (reason) return fatal("cannot read {}: {}", segment.path, reason.message());
    bytes_ += segment.size;
    segments_.push_back(std::move(segment));
  }
  if (!names.empty()) next_number_ = std::strtoull(names[0].c_str(), nullptr, 10);
  return {};
}

Result<void> Spill::scan(size_t number, const std::optional<Position>& reached) {
  const Segment& segment = segments_[number];
  int file = ::open(segment.path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return failed("open", segment.path, errno);
  Result<void> result;
  for (uint64_t at = 0; at < segment.size;) {
    if (!read_record(file, at, segment.size, next_number_, buffer_)) {
      // It was being written when the process or the machine died. Should it have been counted, the lane will
      // find that it is missing.
      bool cut = number + 1 == segments_.size() && !record_behind(file, at, segment.size, next_number_);
      if (!cut) result = damaged(segment.path, at);
      break;
    }
    at += sizeof(Header) + buffer_.size();
    scanned_ = {number, at, ++next_number_};
    auto head = peek(buffer_);
    if (!head) {
      result = while_doing("cannot read " + segment.path, std::move(head).error());
      break;
    }
    if (!head->whole) continue;
    whole_ = scanned_;
    if (!head->position) continue;
    end_ = head->position;
    if (reached && covers(*reached, *head->position)) begin_ = scanned_;
  }
  ::close(file);
  return result;
}

// Takes off what stands behind it.
Result<void> Spill::cut_to(const Mark& mark) {
  while (segments_.size() > mark.segment + (mark.at > 0 ? 1 : 0)) {
    ::unlink(segments_.back().path.c_str());
    bytes_ -= segments_.back().size;
    segments_.pop_back();
  }
  SLUICE_TRY(sync_folder(folder_));
  next_number_ = mark.number;
  if (segments_.empty()) return {};
  Segment& last = segments_.back();
  if (::truncate(last.path.c_str(), static_cast<off_t>(mark.at)) != 0)
    return failed("shorten", last.path, errno);
  bytes_ -= last.size - mark.at;
  last.size = mark.at;
  file_ = ::open(last.path.c_str(), O_WRONLY | O_CLOEXEC);
  return file_ < 0 ? failed("open", last.path, errno) : Result<void>();
}

Result<void> Spill::open(const std::optional<Position>& reached) {
  SLUICE_TRY(find_segments());
  whole_.number = begin_.number = next_number_;
  for (size_t i = 0; i < segments_.size(); ++i) SLUICE_TRY(scan(i, reached));
  SLUICE_TRY(cut_to(whole_));
  for (; begin_.segment > 0; --begin_.segment) {
    bytes_ -= segments_.front().size;
    spent_.push_back(segments_.front().path);
    segments_.pop_front();
  }
  at_ = begin_.at;
  number_ = begin_.number - 1;
  std::lock_guard lock(mutex_);
  opened_ = true;
  return {};
}

void Spill::put_record(const Delivery& delivery, uint64_t number) {
  size_t begin = records_.size();
  Header header;
  records_.append({reinterpret_cast<const char*>(&header), sizeof header});
  pack(delivery, records_);
  std::string_view payload = records_.view().substr(begin + sizeof header);
  CHECK(payload.size() <= UINT32_MAX);
  header.size = static_cast<uint32_t>(payload.size());
  header.number = number;
  header.sum = checksum(number, payload);
  std::memcpy(records_.data() + begin, &header, sizeof header);
}

// What belongs to the transaction that goes on is a record of its own, so that it can be taken off; and where
// there is no room to begin it, the one before is ended by itself.
Result<void> Spill::append(const Delivery& delivery) {
  records_.clear();
  const bool whole = delivery.whole == delivery.messages.size();
  const bool splits = !whole && delivery.whole != Delivery::kInside;
  uint64_t number = next_number_;
  size_t first = 0;  // so many bytes belong to whole transactions
  if (!splits) {
    put_record(delivery, number++);
  } else {
    first_.clear();
    rest_.clear();
    for (size_t i = 0; i < delivery.messages.size(); ++i)
      (i < delivery.whole ? first_ : rest_).add(delivery, i);
    if (!halved_) put_record(first_.delivery(delivery, delivery.whole), number++);
    first = records_.size();
    Delivery inside = rest_.delivery(delivery, Delivery::kInside);
    inside.position = nullptr;
    put_record(inside, number++);
  }
  auto room = find_room(records_.size(), splits || !open_);
  if (!room && splits && open_ && find_room(first, false)) {
    SLUICE_TRY(write(records_.view().substr(0, first)));
    ++next_number_;
    open_ = false;
    halved_ = true;
  } else if (room) {
    SLUICE_TRY(write(records_.view()));
    next_number_ = number;
    open_ = !whole;
    halved_ = false;
  }
  records_.shrink(kSegmentBytes);
  if (!room && !halved_) return room;
  if (delivery.position) end_ = *delivery.position;
  more_.notify_one();
  return room;
}

Result<void> Spill::begin_segment() {
  std::string path = fmt::format("{}/{:020}{}", folder_, next_number_, kSuffix);
  int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return failed("make", path, errno);
  if (auto synced = sync_folder(folder_); !synced) {
    ::close(file);
    return synced;
  }
  close_file(file_);
  file_ = file;
  std::lock_guard lock(mutex_);
  segments_.push_back({std::move(path), 0});
  return {};
}

Result<void> Spill::find_room(uint64_t bytes, bool begins) {
  uint64_t waiting = this->bytes();
  if (waiting > 0 && waiting + bytes > most_bytes_) {
    return retryable("the spill in {} is full: what comes next finds no room, and `spill` allows {}", folder_,
                     most_bytes_);
  }
  struct statvfs disk;
  if (::statvfs(folder_.c_str(), &disk) != 0)
    return fatal("cannot learn how much room is left for {}: {}", folder_, std::strerror(errno));
  uint64_t free = uint64_t{disk.f_bavail} * disk.f_frsize;
  uint64_t reserve = begins ? 2 * kReserve : kReserve;
  if (free >= reserve + bytes) return {};
  // What was delivered of the last segment can go when another one follows.
  bool spent;
  {
    std::lock_guard lock(mutex_);
    spent = segments_.size() == 1 && segments_[0].size > 0 && at_ == segments_[0].size;
  }
  if (spent) {
    SLUICE_TRY(begin_segment());
    more_.notify_one();
  }
  return retryable(
      "the disk of {} is full: {} bytes are free, of which {} are kept for the positions of the state; make "
      "room "
      "there, or wait for the target to take the {} bytes that wait",
      folder_, free, reserve, waiting);
}

Result<void> Spill::write(std::string_view records) {
  bool fresh;
  {
    std::lock_guard lock(mutex_);
    fresh = segments_.empty() || segments_.back().size >= segment_bytes_;
  }
  if (fresh) SLUICE_TRY(begin_segment());
  Segment* last;  // nobody else removes the last one
  {
    std::lock_guard lock(mutex_);
    last = &segments_.back();
  }
  uint64_t size = last->size;  // only this thread changes it
  for (std::string_view rest = records; !rest.empty();) {
    ssize_t n =
        ::pwrite(file_, rest.data(), rest.size(), static_cast<off_t>(size + records.size() - rest.size()));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      int reason = n < 0 ? errno : ENOSPC;
      if (::ftruncate(file_, static_cast<off_t>(size)) != 0)
        return fatal("cannot shorten {}: {}", last->path, std::strerror(errno));
      return failed("write", last->path, reason);
    }
    rest.remove_prefix(static_cast<size_t>(n));
  }
  // After a failure nobody can tell what is on the disk: a start looks.
  if (::fdatasync(file_) != 0)
    return fatal("cannot write {} to the disk: {}", last->path, std::strerror(errno));
  std::lock_guard lock(mutex_);
  last->size += records.size();
  bytes_ += records.size();
  return {};
}

void Spill::finish(std::optional<Error> fault) {
  {
    std::lock_guard lock(mutex_);
    finished_ = true;
    fault_ = std::move(fault);
  }
  more_.notify_one();
}

Result<Unpacked*> Spill::next(std::chrono::microseconds patience) {
  std::string path;
  uint64_t size = 0;
  {
    std::unique_lock lock(mutex_);
    more_.wait_for(lock, patience, [&] { return closed_ || finished_ || available(); });
    if (closed_) return nullptr;
    while (segments_.size() > 1 && at_ == segments_[0].size) {
      spent_.push_back(segments_[0].path);
      bytes_ -= segments_[0].size;
      segments_.pop_front();
      at_ = 0;
      close_file(reading_);
    }
    if (!available()) {
      if (fault_) return tl::unexpected(*fault_);
      return nullptr;
    }
    path = segments_[0].path;
    size = segments_[0].size;
  }
  if (reading_ < 0) reading_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (reading_ < 0) return failed("open", path, errno);
  if (!read_record(reading_, at_, size, number_ + 1, buffer_)) return damaged(path, at_);
  record_bytes_ = sizeof(Header) + buffer_.size();
  unpacked_.clear();
  if (auto read = unpacked_.append(buffer_); !read) return while_doing("cannot read " + path, read.error());
  if (buffer_.capacity() > kSegmentBytes) buffer_ = std::string();
  ++number_;
  return &unpacked_;
}

bool Spill::ended() const {
  std::lock_guard lock(mutex_);
  return closed_ || (finished_ && !fault_ && !available());
}

void Spill::remove() {
  std::lock_guard lock(mutex_);
  at_ += record_bytes_;
}

void Spill::remove_files() {
  for (const std::string& path : spent_) ::unlink(path.c_str());
  spent_.clear();
}

void Spill::close() {
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
  }
  more_.notify_one();
}

uint64_t Spill::bytes() const {
  std::lock_guard lock(mutex_);
  return opened_ ? bytes_ - at_ : 0;
}

}  // namespace sluice
