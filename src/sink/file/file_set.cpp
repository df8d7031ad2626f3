#include "sink/file/file_set.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

#include "base/hash.h"
#include "base/log.h"
#include "sink/file/disk.h"
#include "sink/file/file_names.h"
#include "sink/file/file_path.h"
#include "sink/heading.h"

namespace sluice::file {
namespace {

constexpr size_t kNone = SIZE_MAX;
constexpr size_t kKeepBytes = 1u << 20;  // of one part, from one delivery to the next
constexpr size_t kKeepParts = 1024;

// `.sluice-` and a number of the template's own, in the folder that all its files are below.
std::string journal_stem(const std::string& path) {
  std::string folder = fixed_folder(path);
  return fmt::format("{}.sluice-{:08x}", folder.empty() ? "./" : folder,
                     static_cast<uint32_t>(murmur2(path)));
}

struct Note {
  Journal::Place place;
  std::string_view path;
};

std::string text_of(const Note& note) {
  return fmt::format("{}{} {} {}", FileSet::kNoteBegin, note.place.segment, note.place.offset, note.path);
}

std::optional<Note> parse_note(std::string_view text) {
  if (!text.starts_with(FileSet::kNoteBegin)) return std::nullopt;
  text.remove_prefix(FileSet::kNoteBegin.size());
  Note note;
  for (uint64_t* number : {&note.place.segment, &note.place.offset}) {
    auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), *number);
    if (fault != std::errc() || end == text.data() + text.size() || *end != ' ') return std::nullopt;
    text.remove_prefix(static_cast<size_t>(end - text.data()) + 1);
  }
  note.path = text;
  return note;
}

}  // namespace

FileSet::FileSet(FileOptions options)
    : options_(std::move(options)),
      journal_(journal_stem(options_.path), options_.sync),
      frames_(options_.compression) {}

Result<void> FileSet::open(std::string_view saved) {
  close();
  files_.clear();
  large_.clear();
  SLUICE_TRY(journal_.lock());
  std::optional<Note> note = parse_note(saved);
  if (note && note->path == options_.path) {
    SLUICE_ASSIGN(contents, journal_.read(note->place));
    std::string turned;
    SLUICE_TRY(restore(contents, turned));
    SLUICE_TRY(journal_.open(note->place, turned));
    checkpoint_ = journal_.end();
    forget();
    return {};
  }
  if (!saved.empty()) log::info("what was written before is left as it is; going on in {}", options_.path);
  SLUICE_TRY(begin_segment());
  checkpoint_ = journal_.end();
  return {};
}

// The files as they were at the checkpoint, but for those that were turned over since, which stay so:
// `turned` are the entries that say it.
Result<void> FileSet::restore(const Journal::Contents& contents, std::string& turned) {
  for (const Entry& entry : contents.before) learn(entry);
  SLUICE_TRY(take_back(contents.behind, turned));
  for (const auto& [path, file] : files_) SLUICE_TRY(compare(file));
  return {};
}

void FileSet::learn(const Entry& entry) {
  File& file = files_[std::string(entry.path)];
  file.path = entry.path;
  file.met = true;
  file.size = entry.kind == Entry::Turn ? 0 : entry.after;
  file.heading = entry.kind == Entry::Turn ? 0 : entry.heading;
  file.started_us = entry.started_us;
  // A file from the future was begun before the clock was set back.
  auto age = std::chrono::microseconds(std::max<int64_t>(unix_us() - entry.started_us, 0));
  file.began = steady_now() - age;
}

// Files that came to be after the checkpoint are removed, and so is what stands under the name of one that
// was turned over. Those that only grew are cut by compare().
Result<void> FileSet::take_back(const std::vector<Entry>& behind, std::string& turned) {
  struct Since {
    uint64_t first;  // its bytes before anything was done
    bool turned = false, written_since = false;
  };
  std::unordered_map<std::string, Since> touched;
  for (const Entry& entry : behind) {
    auto [found, fresh] = touched.emplace(std::string(entry.path), Since{entry.before});
    Since& since = found->second;
    if (entry.kind == Entry::Turn) since.turned = true;
    if (entry.kind == Entry::Write && since.turned) since.written_since = true;
  }
  for (const auto& [path, since] : touched) {
    auto known = files_.find(path);
    bool gone = false;
    if (known != files_.end() && since.turned) {
      // The journal is written before the file is renamed: it may still be there under its name, whole.
      gone = since.written_since || ::access(path.c_str(), F_OK) != 0;
      if (gone) {
        append_entry({Entry::Turn, known->second.size, 0, 0, unix_us(), path}, turned);
        known->second.size = known->second.heading = 0;
      }
    } else if (known == files_.end() || known->second.size == 0) {
      gone = since.first == 0 || since.turned;
      if (!gone && ::truncate(path.c_str(), static_cast<off_t>(since.first)) != 0 && errno != ENOENT) {
        return failure("cut", path, errno);
      }
    }
    if (gone && ::unlink(path.c_str()) != 0 && errno != ENOENT) return failure("remove", path, errno);
    if (gone) log::info("{}: removed, it came after the last checkpoint", path);
  }
  return {};
}

Result<void> FileSet::compare(const File& file) const {
  struct stat facts;
  bool there = ::stat(file.path.c_str(), &facts) == 0;
  if (!there && errno != ENOENT) return failure("look at", file.path, errno);
  uint64_t size = there ? static_cast<uint64_t>(facts.st_size) : 0;
  if (size < file.size) {
    return fatal(
        "cannot go on in {}: it has {} bytes, but {} were written and reported safe; somebody cut, removed "
        "or replaced it. Put it back, or name another `path` to accept that those lines are gone",
        file.path, size, file.size);
  }
  if (size == file.size) return {};
  if (file.size == 0) {
    std::string aside = rotated_name(file.path, unix_us() / 1'000'000, newest_rotated(file.path) + 1);
    log::warning("{} should have been turned over: it is kept as {}", file.path, aside);
    return rename_to(file.path, aside);
  }
  log::info("{}: took back {} bytes that came after the last checkpoint", file.path, size - file.size);
  if (::truncate(file.path.c_str(), static_cast<off_t>(file.size)) != 0) {
    return failure("cut", file.path, errno);
  }
  return {};
}

Result<void> FileSet::begin_segment() {
  std::string states;
  for (const auto& [path, file] : files_) {
    if (file.size > 0)
      append_entry({Entry::State, 0, file.size, file.heading, file.started_us, path}, states);
  }
  return journal_.begin(states);
}

FileSet::Part& FileSet::part_of(const Delivery& delivery, uint32_t destination) {
  if (destination >= part_of_destination_.size()) part_of_destination_.resize(destination + 1, kNone);
  size_t& number = part_of_destination_[destination];
  if (number != kNone) return parts_[number];
  std::string path(delivery.destination(destination));
  std::string_view suffix = suffix_of(options_.compression);
  if (!path.ends_with(suffix)) path += suffix;
  File& file = files_[path];
  if (file.round != round_) {
    if (used_ == parts_.size()) parts_.emplace_back();
    Part& part = parts_[used_];
    part.bytes.clear();
    part.bytes.shrink(kKeepBytes);
    part.file = &file;
    part.whole = 0;
    part.heading = part.whole_heading = file.heading;
    file.path = std::move(path);
    file.round = round_;
    file.part = used_++;
  }
  number = file.part;
  return parts_[number];
}

void FileSet::mark_whole() {
  for (Part& part : std::span(parts_).first(used_)) {
    part.whole = part.bytes.size();
    part.whole_heading = part.heading;
  }
}

void FileSet::gather(const Delivery& delivery) {
  ++round_;
  used_ = 0;
  if (parts_.size() > kKeepParts) parts_.resize(kKeepParts);
  part_of_destination_.assign(delivery.destinations(), kNone);
  size_t count = delivery.messages.size();
  size_t whole = delivery.whole == Delivery::kInside ? 0 : delivery.whole;
  auto heading = delivery.headings.begin();
  for (size_t i = 0; i < count;) {
    if (i == whole) mark_whole();
    uint32_t destination = delivery.address(i).destination;
    Part& part = part_of(delivery, destination);
    if (heading != delivery.headings.end() && heading->message == i) {
      std::string_view text = delivery.text(*heading++);
      if (uint64_t mark = heading_mark(text); mark != part.heading) {
        part.bytes.append(text);
        part.heading = mark;
      }
    }
    size_t stop = heading == delivery.headings.end() ? count : heading->message;
    if (i < whole) stop = std::min(stop, whole);
    size_t end = i + 1;
    while (end < stop && delivery.address(end).destination == destination) ++end;
    part.bytes.append(delivery.lines(i, end));
    i = end;
  }
  if (whole == count) mark_whole();
}

// Compressed, the checkpoint falls between two frames.
void FileSet::pack(Part& part) {
  if (options_.compression == Compression::None) return;
  part.packed.clear();
  part.packed.shrink(kKeepBytes);
  std::string_view bytes = part.bytes.view();
  size_t whole = part.whole;
  frames_.append(bytes.substr(0, whole), part.packed);
  frames_.end(part.packed);
  part.whole = part.packed.size();
  frames_.append(bytes.substr(whole), part.packed);
  frames_.end(part.packed);
  part.bytes.swap(part.packed);
}

// A file of which nothing is known: what is there already stays, and the lines come behind it.
Result<void> FileSet::meet(File& file, bool binary) {
  if (file.met) return {};
  struct stat facts;
  bool there = ::lstat(file.path.c_str(), &facts) == 0 && S_ISREG(facts.st_mode) && facts.st_size > 0;
  if (there && options_.compression != Compression::None) {
    // Whether its last frame is whole, nobody knows.
    std::string aside = rotated_name(file.path, unix_us() / 1'000'000, newest_rotated(file.path) + 1);
    log::warning("{} is there already, and nothing is known of it (any more): it is kept as {}", file.path,
                 aside);
    SLUICE_TRY(rename_to(file.path, aside));
    there = false;
  }
  file.size = there ? static_cast<uint64_t>(facts.st_size) : 0;
  if (there) {
    // Its age is not known; it is not less than this.
    file.started_us = int64_t{facts.st_mtim.tv_sec} * 1'000'000;
    file.began = steady_now() - std::chrono::microseconds(std::max<int64_t>(unix_us() - file.started_us, 0));
  }
  if (there && !binary) {
    SLUICE_TRY(ensure_open(file));
    char last = 0;
    if (pread(file.fd, &last, 1, static_cast<off_t>(file.size - 1)) != 1) {
      return failure("read", file.path, errno);
    }
    if (last != '\n') {
      return fatal("cannot append to {}: it ends in the middle of a line; remove or rename it", file.path);
    }
  }
  file.met = true;
  return {};
}

Result<void> FileSet::write(const Delivery& delivery) {
  bool whole_before = journal_.end() == checkpoint_;
  if (whole_before) {
    SLUICE_TRY(turn_over(large_));
    forget();
  }
  if (whole_before && journal_.is_long()) {
    SLUICE_TRY(begin_segment());
    checkpoint_ = journal_.end();
  }
  gather(delivery);
  std::string until_checkpoint, behind;
  int64_t now = unix_us();
  for (Part& part : std::span(parts_).first(used_)) {
    File& file = *part.file;
    SLUICE_TRY(meet(file, delivery.binary));
    pack(part);
    if (file.size == 0) {
      file.started_us = now;
      file.began = steady_now();
    }
    uint64_t cut = file.size + part.whole, end = file.size + part.bytes.size();
    if (part.whole > 0) {
      append_entry({Entry::Write, file.size, cut, part.whole_heading, file.started_us, file.path},
                   until_checkpoint);
    }
    if (end > cut) append_entry({Entry::Write, cut, end, part.heading, file.started_us, file.path}, behind);
  }
  Journal::Place before = journal_.end();
  Journal::Place checkpoint{before.segment, before.offset + until_checkpoint.size()};
  SLUICE_TRY(journal_.append(until_checkpoint + behind));
  if (auto written = append_parts(); !written) {
    take_back_parts();
    journal_.take_back(before);
    return written;
  }
  for (Part& part : std::span(parts_).first(used_)) {
    File& file = *part.file;
    file.size += part.bytes.size();
    file.heading = part.heading;
    if (options_.rotate_bytes > 0 && file.size >= options_.rotate_bytes) large_.push_back(&file);
  }
  if (delivery.whole != Delivery::kInside) checkpoint_ = checkpoint;
  return {};
}

Result<void> FileSet::append_parts() {
  for (Part& part : std::span(parts_).first(used_)) SLUICE_TRY(append(part));
  return sync_names();
}

Result<void> FileSet::append(Part& part) {
  File& file = *part.file;
  SLUICE_TRY(ensure_open(file));
  SLUICE_TRY(write_at(file.fd, file.path, part.bytes.view(), file.size));
  if (options_.sync && fdatasync(file.fd) != 0) return failure("make safe", file.path, errno);
  if (file.size == 0) fresh_folders_.push_back(folder_of(file.path));
  return {};
}

Result<void> FileSet::sync_names() {
  std::sort(fresh_folders_.begin(), fresh_folders_.end());
  fresh_folders_.erase(std::unique(fresh_folders_.begin(), fresh_folders_.end()), fresh_folders_.end());
  if (options_.sync) {
    for (const std::string& folder : fresh_folders_) SLUICE_TRY(sync_folder(folder));
  }
  fresh_folders_.clear();
  return {};
}

void FileSet::take_back_parts() {
  for (Part& part : std::span(parts_).first(used_)) {
    // A failure is no worse than the one before: the bytes are overwritten by the retry, or cut at the
    // restart.
    const File& file = *part.file;
    if (::truncate(file.path.c_str(), static_cast<off_t>(file.size)) != 0) {
      log::debug("cannot cut {}", file.path);
    }
  }
}

Result<void> FileSet::ensure_open(File& file) {
  file.used = ++uses_;
  if (file.fd >= 0) return {};
  if (open_.size() >= options_.open_files) {
    shut(**std::min_element(open_.begin(), open_.end(),
                            [](const File* a, const File* b) { return a->used < b->used; }));
  }
  auto opened = open_alone(file.path, false);
  if (!opened && ::access(folder_of(file.path).c_str(), F_OK) != 0) {
    SLUICE_TRY(make_folders(file.path));
    opened = open_alone(file.path, false);
  }
  if (!opened) return tl::unexpected(std::move(opened).error());
  file.fd = opened->fd;
  open_.push_back(&file);
  if (opened->size != file.size) {
    return fatal(
        "cannot go on in {}: it has {} bytes, but {} were written and reported safe; somebody else wrote, "
        "cut or "
        "removed it",
        file.path, opened->size, file.size);
  }
  return {};
}

// Those in front of the first place must be there. A rule may lead elsewhere.
Result<void> FileSet::make_folders(const std::string& path) {
  std::string fixed = fixed_folder(options_.path);
  size_t begin = path.starts_with(fixed) ? fixed.size() : 0;
  for (size_t slash = path.find('/', begin + 1); slash != path.npos; slash = path.find('/', slash + 1)) {
    std::string folder = path.substr(0, slash);
    if (::mkdir(folder.c_str(), 0755) == 0) {
      fresh_folders_.push_back(folder_of(folder));
    } else if (errno != EEXIST) {
      return failure("create the folder", folder, errno);
    }
  }
  return {};
}

// Only where all that the files hold is saved, so that a restart need not know of them: what it finds behind
// the checkpoint says by itself where it began. A file that is written again is met as one that is there
// already.
void FileSet::forget() {
  if (files_.size() <= options_.known_files) return;
  std::vector<File*> all;
  all.reserve(files_.size());
  for (auto& [path, file] : files_) all.push_back(&file);
  // A quarter at once, so that the search is seldom.
  auto last = all.begin() + static_cast<ptrdiff_t>(files_.size() - options_.known_files * 3 / 4);
  std::nth_element(all.begin(), last, all.end(),
                   [](const File* a, const File* b) { return a->used < b->used; });
  for (auto each = all.begin(); each != last; ++each) {
    shut(**each);
    files_.erase(files_.find((*each)->path));
  }
  log::debug("{}: {} files are known, {} were forgotten", options_.path, files_.size(), last - all.begin());
}

void FileSet::shut(File& file) {
  if (file.fd < 0) return;
  ::close(file.fd);
  file.fd = -1;
  std::erase(open_, &file);
}

std::string FileSet::note() const { return text_of({checkpoint_, options_.path}); }

// Only where all that the files hold is saved: a file that was turned over is never touched again. Those that
// were are taken from `due`.
Result<void> FileSet::turn_over(std::vector<File*>& due) {
  int64_t now = unix_us();
  for (; !due.empty(); due.pop_back()) {
    File& file = *due.back();
    if (file.size == 0) continue;
    std::string entry;
    append_entry({Entry::Turn, file.size, 0, 0, now, file.path}, entry);
    SLUICE_TRY(journal_.append(entry));
    shut(file);
    uint64_t number = newest_rotated(file.path) + 1;
    if (auto renamed = rename_to(file.path, rotated_name(file.path, now / 1'000'000, number)); !renamed) {
      journal_.take_back(checkpoint_);
      return renamed;
    }
    file.size = file.heading = 0;
    checkpoint_ = journal_.end();
    fresh_folders_.push_back(folder_of(file.path));
  }
  return sync_names();
}

Result<void> FileSet::tick() {
  for (const File* file : open_) {
    struct stat ours, named;
    if (fstat(file->fd, &ours) != 0) return failure("look at", file->path, errno);
    if (::stat(file->path.c_str(), &named) != 0 || named.st_ino != ours.st_ino) {
      return fatal(
          "{} was moved, replaced or removed while it was being written; use `rotate.size` or `rotate.time` "
          "to have it turned over",
          file->path);
    }
  }
  if (journal_.end() != checkpoint_) return {};
  SLUICE_TRY(turn_over(large_));
  if (options_.rotate_age.count() == 0) return {};
  std::vector<File*> old;
  SteadyTime now = steady_now();
  for (auto& [path, file] : files_) {
    if (file.size > 0 && now - file.began >= options_.rotate_age) old.push_back(&file);
  }
  return turn_over(old);
}

void FileSet::close() {
  while (!open_.empty()) shut(*open_.back());
  journal_.close();
}

}  // namespace sluice::file
