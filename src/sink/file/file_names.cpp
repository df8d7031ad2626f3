#include "sink/file/file_names.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <string_view>

#include "base/clock.h"

namespace sluice::file {
namespace {

namespace fs = std::filesystem;

struct Parts {
  std::string folder;     // with its slash, or empty
  std::string stem;       // `changes`
  std::string extension;  // `.jsonl`, `.jsonl.zst`, `.jsonl.gz`, or empty
};

Parts split(const std::string& path) {
  Parts parts;
  size_t slash = path.rfind('/');
  size_t begin = slash == std::string::npos ? 0 : slash + 1;
  parts.folder = path.substr(0, begin);
  parts.stem = path.substr(begin);
  for (int i = 0; i < 2; ++i) {
    size_t dot = parts.stem.rfind('.');
    if (dot == std::string::npos || dot == 0) break;
    std::string last = parts.stem.substr(dot);
    bool compressed = last == ".zst" || last == ".gz";
    parts.extension.insert(0, parts.stem.substr(dot));
    parts.stem.resize(dot);
    if (!compressed) break;
  }
  return parts;
}

// The number of a rotated file's name; nothing: it is another name.
std::optional<uint64_t> number_of(const Parts& parts, std::string_view name) {
  if (!name.starts_with(parts.stem + "-") || !name.ends_with(parts.extension)) return std::nullopt;
  name.remove_suffix(parts.extension.size());
  name.remove_prefix(parts.stem.size() + 1);
  constexpr size_t kTime = 16;  // 20260115T103000Z
  if (name.size() < kTime + 2 || name[8] != 'T' || name[kTime - 1] != 'Z' || name[kTime] != '-') {
    return std::nullopt;
  }
  uint64_t number = 0;
  auto [end, error] = std::from_chars(name.data() + kTime + 1, name.data() + name.size(), number);
  if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
  return number;
}

template <class Visit>
void for_each_rotated(const std::string& path, Visit visit) {
  Parts parts = split(path);
  std::error_code reason;
  fs::directory_iterator it(parts.folder.empty() ? "." : parts.folder, reason), end;
  for (; !reason && it != end; it.increment(reason)) {
    std::string name = it->path().filename().string();
    if (auto number = number_of(parts, name)) visit(*number, parts.folder + name);
  }
}

}  // namespace

std::string rotated_name(const std::string& path, int64_t unix_seconds, uint64_t number) {
  Parts parts = split(path);
  return fmt::format("{}{}-{}-{:06}{}", parts.folder, parts.stem, compact_utc(unix_seconds), number,
                     parts.extension);
}

std::optional<std::string> find_rotated(const std::string& path, uint64_t number) {
  std::optional<std::string> found;
  for_each_rotated(path, [&](uint64_t each, std::string name) {
    if (each == number) found = std::move(name);
  });
  return found;
}

uint64_t newest_rotated(const std::string& path) {
  uint64_t newest = 0;
  for_each_rotated(path, [&](uint64_t each, const std::string&) { newest = std::max(newest, each); });
  return newest;
}

}  // namespace sluice::file
