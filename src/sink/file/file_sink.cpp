#include "sink/file/file_sink.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "sink/file/disk.h"
#include "sink/file/file_names.h"
#include "sink/file/file_note.h"
#include "sink/file/file_path.h"
#include "sink/file/file_set.h"
#include "sink/heading.h"

namespace sluice {
namespace {

using file::Compression;
using file::FileNote;

using file::failure;

constexpr size_t kKeepBytes = 8u << 20;  // what a huge row needed beyond that is given back

class FileSink : public Sink {
 public:
  explicit FileSink(FileOptions options) : options_(std::move(options)), frames_(options_.compression) {}
  ~FileSink() override { drop(); }

  Result<void> open(std::string_view saved) override;
  Result<void> reopen() override;
  Result<void> write(const Delivery& delivery) override;
  std::string note() const override;
  Result<void> tick() override;
  void close() override;

 private:
  void drop();
  Result<void> open_active(bool must_be_new);
  Result<void> begin_anew();
  Result<void> go_on(const FileNote& saved);
  Result<void> look_at_end();
  std::string_view shaped(const Delivery& delivery, size_t& cut, bool& frame_open);
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
  bool ends_inside_line_ = false;  // what stood there at the start
  uint64_t heading_ = 0;           // the mark of the heading above what is appended next
  uint64_t whole_heading_ = 0;     // and where the checkpoint falls
  file::FrameWriter frames_;
  Bytes headed_, compressed_;
};

Result<void> FileSink::open_active(bool must_be_new) {
  SLUICE_ASSIGN(opened, file::open_alone(options_.path, must_be_new));
  drop();
  fd_ = opened.fd;
  size_ = opened.size;
  return {};
}

Result<void> FileSink::open(std::string_view saved) {
  std::optional<FileNote> note;
  if (saved.starts_with(file::FileSet::kNoteBegin)) {
    log::info("the files that were written before are left as they are; going on in {}", options_.path);
  } else if (!saved.empty()) {
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
  SLUICE_TRY(open_active(false));
  active_ = {.number = file::newest_rotated(path) + 1, .size = size_, .started_us = unix_us(), .path = path};
  began_ = steady_now();
  inside_frame_ = false;
  frames_.resume(false);
  heading_ = 0;
  if (size_ == 0) return {};
  if (options_.compression != Compression::None) {
    std::string aside = file::rotated_name(path, unix_us() / 1'000'000, active_.number);
    log::warning("{} is there already, and nothing is known of it: it is kept as {}", path, aside);
    SLUICE_TRY(file::rename_to(path, aside));
    SLUICE_TRY(open_active(true));
    ++active_.number;
    active_.size = 0;
    return {};
  }
  return look_at_end();
}

Result<void> FileSink::look_at_end() {
  char last = '\n';
  bool whole = size_ == 0 || options_.compression != Compression::None;
  if (!whole && pread(fd_, &last, 1, static_cast<off_t>(size_ - 1)) != 1) {
    return failure("read", options_.path, errno);
  }
  ends_inside_line_ = last != '\n';
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
  SLUICE_TRY(open_active(false));
  if (size_ < active_.size) {
    uint64_t found = size_;
    drop();
    return fatal(
        "cannot go on in {}: it has {} bytes, but {} were written and reported safe; somebody cut, removed "
        "or replaced it. Put it back, or name another `path` to accept that those lines are gone",
        path, found, active_.size);
  }
  if (size_ > active_.size) {
    log::info("{}: took back {} bytes that came after the last checkpoint", path, size_ - active_.size);
    if (ftruncate(fd_, static_cast<off_t>(active_.size)) != 0) return failure("cut", path, errno);
    size_ = active_.size;
  }
  inside_frame_ = active_.frame_open;
  frames_.resume(inside_frame_);
  heading_ = active_.heading;
  return look_at_end();
}

Result<void> FileSink::reopen() {
  if (fd_ < 0) SLUICE_TRY(open_active(true));
  return sync_folder();
}

void FileSink::take_back() {
  // A failure is no worse than the one before: the bytes are overwritten by the retry, or cut at the restart.
  if (ftruncate(fd_, static_cast<off_t>(size_)) != 0) log::debug("cannot cut {}", options_.path);
  frames_.resume(inside_frame_);
}

Result<void> FileSink::append(std::string_view bytes) {
  auto written = file::write_at(fd_, options_.path, bytes, size_);
  if (written) written = sync();
  if (!written) {
    take_back();
    return written;
  }
  size_ += bytes.size();
  inside_frame_ = frames_.inside_frame();
  return {};
}

Result<void> FileSink::sync() {
  if (options_.sync && fdatasync(fd_) != 0) return failure("make safe", options_.path, errno);
  return {};
}

Result<void> FileSink::sync_folder() const {
  return options_.sync ? file::sync_folder(file::folder_of(options_.path)) : Result<void>();
}

// What is to be appended: with headings and compressed, where that is so. `cut` is moved to where the
// checkpoint falls in it.
std::string_view FileSink::shaped(const Delivery& delivery, size_t& cut, bool& frame_open) {
  std::string_view bytes = delivery.bytes;
  if (!delivery.headings.empty()) {
    headed_.clear();
    headed_.shrink(kKeepBytes);
    size_t whole = std::min(delivery.whole, delivery.messages.size());
    append_headed(delivery, 0, whole, heading_, headed_);
    cut = headed_.size();
    whole_heading_ = heading_;
    append_headed(delivery, whole, delivery.messages.size(), heading_, headed_);
    bytes = headed_.view();
  }
  if (options_.compression == Compression::None) return bytes;
  // The checkpoint must fall between two blocks.
  compressed_.clear();
  compressed_.shrink(kKeepBytes);
  frames_.append(bytes.substr(0, cut), compressed_);
  frame_open = frames_.inside_frame();
  size_t whole = compressed_.size();
  frames_.append(bytes.substr(cut), compressed_);
  cut = whole;
  return compressed_.view();
}

Result<void> FileSink::write(const Delivery& delivery) {
  if (ends_inside_line_ && !delivery.binary && !delivery.bytes.empty()) {
    return fatal("cannot append to {}: it ends in the middle of a line; remove or rename it", options_.path);
  }
  if (!delivery.bytes.empty()) ends_inside_line_ = false;
  if (rotation_due()) SLUICE_TRY(rotate());
  bool checkpoint = delivery.whole != Delivery::kInside;
  size_t cut = checkpoint ? delivery.whole_bytes() : 0;
  bool frame_open = false;
  uint64_t heading = heading_;
  whole_heading_ = heading_;
  std::string_view bytes = shaped(delivery, cut, frame_open);
  uint64_t whole_size = size_ + cut;
  if (!bytes.empty()) {
    if (auto appended = append(bytes); !appended) {
      heading_ = heading;
      return appended;
    }
  }
  if (checkpoint) {
    active_.size = whole_size;
    active_.frame_open = frame_open;
    active_.heading = whole_heading_;
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
  SLUICE_TRY(file::rename_to(options_.path, name));
  drop();
  active_ = {.number = active_.number + 1, .started_us = now, .path = options_.path};
  began_ = steady_now();
  size_ = 0;
  heading_ = 0;
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

Compression compression_of(std::string_view name) {
  return name == "zstd" ? Compression::Zstd : name == "gzip" ? Compression::Gzip : Compression::None;
}

constexpr Option kOptions[] = {
    {.name = "path",
     .kind = OptionKind::Text,
     .help = "the file that lines are appended to, whose folder must exist; or a template of many",
     .required = true,
     .value = "TEMPLATE"},
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
     .help = "compress the file as it is written; the name then ends in .zst or .gz",
     .choices = "none|zstd|gzip"},
    {.name = "fsync",
     .kind = OptionKind::Boolean,
     .fallback = "true",
     .help =
         "have the disk confirm every write before a position moves; without it, a power failure may lose "
         "lines"},
};

FileOptions with_ending(FileOptions options) {
  std::string_view suffix = file::suffix_of(options.compression);
  if (!options.path.ends_with(suffix)) options.path += suffix;
  return options;
}

}  // namespace

std::unique_ptr<Sink> make_file_sink(FileOptions options) {
  return std::make_unique<FileSink>(with_ending(std::move(options)));
}

namespace {

Result<FileOptions> options_of(const Settings& settings) {
  FileOptions options{.path = settings.text("path"),
                      .rotate_bytes = settings.size("rotate.size"),
                      .rotate_age = settings.duration("rotate.time"),
                      .compression = compression_of(settings.text("compress")),
                      .sync = settings.boolean("fsync")};
  if (options.path.empty() || options.path.ends_with('/')) {
    return usage("{}: `path` must name a file, not `{}`", settings.where("path"), options.path);
  }
  return options;
}

Result<FileOptions> one_file(const Settings& settings) {
  SLUICE_ASSIGN(options, options_of(settings));
  options.path = file::without_braces(options.path);
  return options;
}

constexpr Addressing kAddressing = {
    .option = "path",
    .escape = file::escape_path,
    .escape_place = file::escape_place,
    .places = Places::Names,
    .make = [](const Settings& settings) -> Result<std::unique_ptr<Sink>> {
      SLUICE_ASSIGN(options, options_of(settings));
      return std::make_unique<file::FileSet>(std::move(options));
    },
    .exclusive = true,
    .ending =
        [](const Settings& settings) { return file::suffix_of(compression_of(settings.text("compress"))); },
};

}  // namespace

Result<void> look_at_place(const Settings& settings, bool many) {
  if (many) {
    SLUICE_ASSIGN(options, options_of(settings));
    return file::FileSet(std::move(options)).look();
  }
  SLUICE_ASSIGN(options, one_file(settings));
  return file::look_at(with_ending(std::move(options)).path);
}

const SinkType file_sink = {
    .name = "file",
    .summary = "lines in files, with rotation and compression",
    .options = kOptions,
    .make = [](const Settings& settings) -> Result<std::unique_ptr<Sink>> {
      SLUICE_ASSIGN(options, one_file(settings));
      return make_file_sink(std::move(options));
    },
    .addressing = &kAddressing,
};

}  // namespace sluice
