#include "sink/file/journal.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

#include "base/hash.h"
#include "sink/file/disk.h"

namespace sluice::file {
namespace {

// Nothing: the line is not whole. A power failure leaves such a one at the end.
std::optional<Entry> parse(std::string_view line) {
  constexpr size_t kHash = 9;  // with its space
  if (line.size() < kHash) return std::nullopt;
  if (fmt::format("{:08x} ", static_cast<uint32_t>(murmur2(line.substr(kHash)))) != line.substr(0, kHash)) {
    return std::nullopt;
  }
  line.remove_prefix(kHash);
  Entry entry;
  entry.kind = static_cast<Entry::Kind>(line.empty() ? 0 : line[0]);
  line.remove_prefix(std::min<size_t>(2, line.size()));
  auto number = [&](auto& value) {
    auto [end, fault] = std::from_chars(line.data(), line.data() + line.size(), value);
    bool good = fault == std::errc() && end != line.data() + line.size() && *end == ' ';
    if (good) line.remove_prefix(static_cast<size_t>(end - line.data()) + 1);
    return good;
  };
  if (!number(entry.before) || !number(entry.after) || !number(entry.heading) || !number(entry.started_us)) {
    return std::nullopt;
  }
  entry.path = line;
  return entry;
}

}  // namespace

void append_entry(const Entry& entry, std::string& out) {
  std::string facts = fmt::format("{} {} {} {} {} {}", static_cast<char>(entry.kind), entry.before,
                                  entry.after, entry.heading, entry.started_us, entry.path);
  out += fmt::format("{:08x} {}\n", static_cast<uint32_t>(murmur2(facts)), facts);
}

std::string Journal::name(uint64_t segment) const { return fmt::format("{}.{:06}", stem_, segment); }

// In their order.
std::vector<uint64_t> Journal::segments() const {
  std::vector<uint64_t> numbers;
  std::string begin = std::filesystem::path(stem_).filename().string() + ".";
  std::error_code reason;
  std::filesystem::directory_iterator it(folder_of(stem_), reason), end;
  for (; !reason && it != end; it.increment(reason)) {
    std::string file = it->path().filename().string();
    uint64_t number = 0;
    if (!file.starts_with(begin)) continue;
    auto [last, fault] = std::from_chars(file.data() + begin.size(), file.data() + file.size(), number);
    if (fault == std::errc() && last == file.data() + file.size()) numbers.push_back(number);
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

Result<void> Journal::sync_names() const { return sync_ ? sync_folder(folder_of(stem_)) : Result<void>(); }

Result<void> Journal::lock() {
  if (lock_ >= 0) return {};
  SLUICE_ASSIGN(opened, open_alone(lock_name(), false));
  lock_ = opened.fd;
  return {};
}

Result<void> Journal::look() const { return look_at(lock_name()); }

void Journal::close() {
  for (int* fd : {&fd_, &lock_}) {
    if (*fd >= 0) ::close(*fd);
    *fd = -1;
  }
}

Result<void> Journal::begin(std::string_view states) {
  std::vector<uint64_t> old = segments();
  uint64_t number = old.empty() ? 1 : old.back() + 1;
  SLUICE_ASSIGN(opened, open_alone(name(number), true));
  Result<void> written = write_at(opened.fd, name(number), states, 0);
  if (written && sync_ && fdatasync(opened.fd) != 0) { written = failure("make safe", name(number), errno); }
  if (written) written = sync_names();
  if (!written) {
    ::close(opened.fd);
    ::unlink(name(number).c_str());
    return written;
  }
  if (fd_ >= 0) ::close(fd_);
  fd_ = opened.fd;
  for (uint64_t each : old) {
    if (each + 1 < number) ::unlink(name(each).c_str());
  }
  begun_ = states.size();
  end_ = {number, begun_};
  return {};
}

Result<void> Journal::append(std::string_view entries) {
  if (entries.empty()) return {};
  Result<void> written = write_at(fd_, name(end_.segment), entries, end_.offset);
  if (written && sync_ && fdatasync(fd_) != 0) { written = failure("make safe", name(end_.segment), errno); }
  if (!written) {
    take_back(end_);
    return written;
  }
  end_.offset += entries.size();
  return {};
}

void Journal::take_back(const Place& place) {
  end_ = place;
  // A failure is no worse than the one before: the next entries are written over these.
  [[maybe_unused]] int result = ftruncate(fd_, static_cast<off_t>(place.offset));
}

Result<Journal::Contents> Journal::read(const Place& place) const {
  Contents contents;
  std::vector<uint64_t> there = segments();
  if (std::find(there.begin(), there.end(), place.segment) == there.end()) {
    return fatal(
        "{} is gone, which tells what was written after the checkpoint; put it back, or name another `path`",
        name(place.segment));
  }
  contents.text.reserve(there.size());  // entries point into them
  for (uint64_t segment : there) {
    if (segment < place.segment) continue;
    std::ifstream in(name(segment), std::ios::binary);
    contents.text.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
    std::string_view text = contents.text.back();
    uint64_t at = 0;
    while (at < text.size()) {
      size_t end = text.find('\n', at);
      auto entry = end == text.npos ? std::nullopt : parse(text.substr(at, end - at));
      if (!entry) break;
      bool before = segment == place.segment && at < place.offset;
      if (before) contents.before.push_back(*entry);
      // The states that a later segment begins with were reached after the place.
      if (!before && entry->kind != Entry::State) contents.behind.push_back(*entry);
      at = end + 1;
    }
    if (segment == place.segment && at < place.offset) {
      return fatal(
          "{} is damaged at byte {}, before the checkpoint; put it back as it was, or name another `path`",
          name(segment), at);
    }
  }
  return contents;
}

Result<void> Journal::open(const Place& place, std::string_view entries) {
  SLUICE_ASSIGN(opened, open_alone(name(place.segment), false));
  if (fd_ >= 0) ::close(fd_);
  fd_ = opened.fd;
  end_ = place;
  // Written over what stands there, so that a death in between leaves no time without them.
  SLUICE_TRY(append(entries));
  if (ftruncate(fd_, static_cast<off_t>(end_.offset)) != 0) {
    return failure("cut", name(place.segment), errno);
  }
  for (uint64_t each : segments()) {
    if (each > place.segment) ::unlink(name(each).c_str());
  }
  if (sync_ && fsync(fd_) != 0) return failure("make safe", name(place.segment), errno);
  return sync_names();
}

}  // namespace sluice::file
