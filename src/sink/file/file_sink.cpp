#include "sink/file/file_sink.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "sink/file/file_names.h"
#include "sink/file/file_note.h"
#include "sink/file/frame_writer.h"

namespace sluice {
namespace {

using file::FileNote;

// What open(2), pwrite(2) and their like said, with what to do about it.
Failure failure(std::string_view attempt, const std::string& path, int reason) {
  switch (reason) {
    case ENOSPC:
    case EDQUOT:
      return retryable("cannot {} {}: the disk is full; make room and it goes on by itself", attempt, path);
    case ENOENT:
    case ENOTDIR:
      return usage("cannot {} {}: its folder does not exist; create it, or name another `path`", attempt,
                   path);
    case EISDIR: return usage("cannot {} {}: it is a folder; `path` names a file", attempt, path);
    case EACCES:
    case EPERM:
    case EROFS:
      return usage("cannot {} {}: {}; give this user the right to write there, or name another `path`",
                   attempt, path, std::strerror(reason));
    case EIO:
    case ESTALE:
    case EMFILE:
    case ENFILE:
    case ENOMEM: return retryable("cannot {} {}: {}", attempt, path, std::strerror(reason));
    default: return fatal("cannot {} {}: {}", attempt, path, std::strerror(reason));
  }
}

class FileSink : public Sink {
 public:
  explicit FileSink(FileOptions options) : options_(std::move(options)) {}
  ~FileSink() override { drop(); }

  Result<void> open(std::string_view saved) override;
  Result<void> reopen() override;
  Result<void> write(const Delivery& delivery) override;
  std::string note() const override;
  Result<void> tick() override;
  void close() override;

 private:
  void drop();
  Result<void> open_active(int flags);
  Result<void> begin_anew();
  Result<void> go_on(const FileNote& saved);
  Result<void> append(std::string_view bytes);
  Result<void> sync();
  Result<void> sync_folder() const;
  bool rotation_due() const;
  Result<void> rotate();
  void take_back();

  const FileOptions options_;
  int fd_ = -1;
  uint64_t size_ = 0;          // of the active file: everything before it is safe
  bool inside_frame_ = false;  // and ends inside a zstd frame
  FileNote active_;            // as of the last whole transaction
  SteadyTime began_;           // when the active file was, as far as anybody can tell whatever the clock did
  file::FrameWriter frames_;
  Bytes compressed_;
};

Result<void> FileSink::open_active(int flags) {
  const std::string& path = options_.path;
  int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | flags, 0644);
  if (fd < 0 && errno == EEXIST) {
    return fatal("cannot create {}: another program created it while it was turned over", path);
  }
  if (fd < 0) return failure("open", path, errno);
  drop();
  fd_ = fd;
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    drop();
    return fatal("cannot write {}: another process writes it; two pipelines need two files", path);
  }
  struct stat facts;
  if (fstat(fd, &facts) != 0) return failure("look at", path, errno);
  if (!S_ISREG(facts.st_mode)) {
    drop();
    return usage("cannot write {}: it is no ordinary file; for a pipe or terminal use the console sink",
                 path);
  }
  size_ = static_cast<uint64_t>(facts.st_size);
  return {};
}

Result<void> FileSink::open(std::string_view saved) {
  std::optional<FileNote> note;
  if (!saved.empty()) {
    SLUICE_ASSIGN(parsed, FileNote::parse(saved));
    if (parsed.path == options_.path) {
      note = std::move(parsed);
    } else {
      log::info("file {} is left as it is; going on in {}", parsed.path, options_.path);
    }
  }
  SLUICE_TRY(note ? go_on(*note) : begin_anew());
  return sync_folder();
}

// No note: what is there already stays, and the lines come behind it.
Result<void> FileSink::begin_anew() {
  const std::string& path = options_.path;
  SLUICE_TRY(open_active(0));
  active_ = {.number = file::newest_rotated(path) + 1, .size = size_, .started_us = unix_us(), .path = path};
  began_ = steady_now();
  inside_frame_ = false;
  frames_.resume(false);
  if (size_ == 0) return {};
  if (options_.zstd) {
    std::string aside = file::rotated_name(path, unix_us() / 1'000'000, active_.number);
    log::warning("{} is there already, and nothing is known of it: it is kept as {}", path, aside);
    if (::rename(path.c_str(), aside.c_str()) != 0) return failure("rename", path, errno);
    SLUICE_TRY(open_active(O_EXCL));
    ++active_.number;
    active_.size = 0;
    return {};
  }
  char last = 0;
  if (pread(fd_, &last, 1, static_cast<off_t>(size_ - 1)) != 1) return failure("read", path, errno);
  if (last != '\n') {
    drop();
    return fatal("cannot append to {}: it ends in the middle of a line; remove or rename it", path);
  }
  return {};
}

// What came behind the note is taken back: it will be delivered again.
Result<void> FileSink::go_on(const FileNote& saved) {
  const std::string& path = options_.path;
  active_ = saved;
  // A file from the future was begun before the clock was set back.
  began_ = steady_now() - std::chrono::microseconds(std::max<int64_t>(unix_us() - saved.started_us, 0));
  // Turned over since, before anything else was noted: the active file holds nothing that counts.
  if (auto rotated = file::find_rotated(path, saved.number)) {
    active_ = {.number = file::newest_rotated(path) + 1, .started_us = unix_us(), .path = path};
    began_ = steady_now();
    std::error_code reason;
    uint64_t size = std::filesystem::file_size(*rotated, reason);
    // Only a machine that lost its power forgets what was saved before the file was turned over.
    if (!reason && size > saved.size + file::FrameWriter::kEndBytes) {
      log::warning("{} has {} bytes behind the last checkpoint that is known; these lines come again in {}",
                   *rotated, size - saved.size, path);
    }
  }
  SLUICE_TRY(open_active(0));
  if (size_ < active_.size) {
    uint64_t found = size_;
    drop();
    return fatal(
        "cannot go on in {}: it has {} bytes, but {} were written and reported safe; somebody cut, removed "
        "or "
        "replaced it. Put it back, or name another `path` to accept that those lines are gone",
        path, found, active_.size);
  }
  if (size_ > active_.size) {
    log::info("{}: took back {} bytes that came after the last checkpoint", path, size_ - active_.size);
    if (ftruncate(fd_, static_cast<off_t>(active_.size)) != 0) return failure("cut", path, errno);
    size_ = active_.size;
  }
  inside_frame_ = active_.frame_open;
  frames_.resume(inside_frame_);
  return {};
}

Result<void> FileSink::reopen() {
  if (fd_ < 0) SLUICE_TRY(open_active(O_EXCL));
  return sync_folder();
}

void FileSink::take_back() {
  // A failure is no worse than the one before: the bytes are overwritten by the retry, or cut at the restart.
  if (ftruncate(fd_, static_cast<off_t>(size_)) != 0) log::debug("cannot cut {}", options_.path);
  frames_.resume(inside_frame_);
}

Result<void> FileSink::append(std::string_view bytes) {
  for (size_t done = 0; done < bytes.size();) {
    ssize_t n = pwrite(fd_, bytes.data() + done, bytes.size() - done, static_cast<off_t>(size_ + done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      auto fault = failure("write", options_.path, errno);
      take_back();
      return fault;
    }
    done += static_cast<size_t>(n);
  }
  if (auto synced = sync(); !synced) {
    take_back();
    return synced;
  }
  size_ += bytes.size();
  inside_frame_ = frames_.inside_frame();
  return {};
}

Result<void> FileSink::sync() {
  if (options_.sync && fdatasync(fd_) != 0) return failure("make safe", options_.path, errno);
  return {};
}

// A file's name is safe when its folder is.
Result<void> FileSink::sync_folder() const {
  if (!options_.sync) return {};
  size_t slash = options_.path.rfind('/');
  std::string folder = slash == std::string::npos ? "." : options_.path.substr(0, slash + 1);
  int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return failure("open", folder, errno);
  int result = fsync(fd);
  int reason = errno;
  ::close(fd);
  if (result != 0) return failure("make safe", folder, reason);
  return {};
}

Result<void> FileSink::write(const Delivery& delivery) {
  if (rotation_due()) SLUICE_TRY(rotate());
  bool checkpoint = delivery.whole != Delivery::kInside;
  size_t cut = checkpoint ? delivery.whole_bytes() : 0;
  uint64_t whole_size = size_ + cut;
  bool frame_open = false;
  std::string_view bytes = delivery.bytes;
  if (options_.zstd) {
    // The checkpoint must fall between two blocks.
    compressed_.clear();
    compressed_.shrink(8u << 20);
    frames_.append(bytes.substr(0, cut), compressed_);
    whole_size = size_ + compressed_.size();
    frame_open = frames_.inside_frame();
    frames_.append(bytes.substr(cut), compressed_);
    bytes = compressed_.view();
  }
  if (!bytes.empty()) SLUICE_TRY(append(bytes));
  if (checkpoint) {
    active_.size = whole_size;
    active_.frame_open = frame_open;
  }
  return {};
}

std::string FileSink::note() const { return active_.text(); }

// Only where the file ends with a whole transaction, all of which is saved: a file that was turned over is
// never touched again.
bool FileSink::rotation_due() const {
  if (size_ == 0 || size_ != active_.size) return false;
  if (options_.rotate_bytes > 0 && size_ >= options_.rotate_bytes) return true;
  return options_.rotate_age.count() > 0 && steady_now() - began_ >= options_.rotate_age;
}

Result<void> FileSink::rotate() {
  compressed_.clear();
  frames_.end(compressed_);
  if (!compressed_.empty()) SLUICE_TRY(append(compressed_.view()));
  int64_t now = unix_us();
  std::string name = file::rotated_name(options_.path, now / 1'000'000, active_.number);
  if (::rename(options_.path.c_str(), name.c_str()) != 0) return failure("rename", options_.path, errno);
  drop();
  active_ = {.number = active_.number + 1, .started_us = now, .path = options_.path};
  began_ = steady_now();
  size_ = 0;
  return reopen();
}

Result<void> FileSink::tick() {
  struct stat ours, named;
  if (fstat(fd_, &ours) != 0) return failure("look at", options_.path, errno);
  if (::stat(options_.path.c_str(), &named) != 0 || named.st_ino != ours.st_ino) {
    return fatal(
        "{} was moved, replaced or removed while it was being written; use `rotate.size` or "
        "`rotate.time` to have it turned over",
        options_.path);
  }
  return rotation_due() ? rotate() : Result<void>();
}

void FileSink::drop() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

void FileSink::close() {
  if (fd_ >= 0 && inside_frame_) {
    // For whoever reads it meanwhile; open() takes these bytes back.
    compressed_.clear();
    frames_.end(compressed_);
    if (auto ended = append(compressed_.view()); !ended) log::debug("{}", ended.error().what);
  }
  drop();
}

constexpr Option kOptions[] = {
    {.name = "path",
     .kind = OptionKind::Text,
     .help = "the file that lines are appended to; its folder must exist",
     .required = true},
    {.name = "rotate.size",
     .kind = OptionKind::Size,
     .fallback = "0",
     .help = "turn the file over once it has this size; 0: never"},
    {.name = "rotate.time",
     .kind = OptionKind::Duration,
     .fallback = "0s",
     .help = "turn the file over once it is this old; 0s: never"},
    {.name = "compress",
     .kind = OptionKind::Choice,
     .fallback = "none",
     .help = "compress the file as it is written; the name then ends in .zst",
     .choices = "none|zstd"},
    {.name = "fsync",
     .kind = OptionKind::Boolean,
     .fallback = "true",
     .help =
         "have the disk confirm every write before a position moves; without it, a power failure may lose "
         "lines"},
};

}  // namespace

std::unique_ptr<Sink> make_file_sink(FileOptions options) {
  if (options.zstd && !options.path.ends_with(".zst")) options.path += ".zst";
  return std::make_unique<FileSink>(std::move(options));
}

const SinkType file_sink = {
    .name = "file",
    .summary = "lines in a file, with rotation and compression",
    .options = kOptions,
    .make = [](const Settings& settings) -> Result<std::unique_ptr<Sink>> {
      FileOptions options{.path = settings.text("path"),
                          .rotate_bytes = settings.size("rotate.size"),
                          .rotate_age = settings.duration("rotate.time"),
                          .zstd = settings.text("compress") == "zstd",
                          .sync = settings.boolean("fsync")};
      if (options.path.empty() || options.path.ends_with('/')) {
        return usage("{}: `path` must name a file, not `{}`", settings.where("path"), options.path);
      }
      return make_file_sink(std::move(options));
    },
};

}  // namespace sluice
