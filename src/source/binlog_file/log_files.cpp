#include "source/binlog_file/log_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>

#include "wire/mysql/event.h"

namespace sluice::binlog_file {
namespace {

namespace fs = std::filesystem;

// MySQL sql/rpl_log_encryption.h.
constexpr std::string_view kEncryptedMagic = "\xfd\x62\x69\x6e";

Result<std::string> read_head(const std::string& path) {
  int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return usage("cannot open the log file {}: {}", path, std::strerror(errno));
  char head[kHeadBytes];
  ssize_t got = ::pread(fd, head, sizeof head, 0);
  int error = errno;
  ::close(fd);
  if (got < 0) return usage("cannot read the log file {}: {}", path, std::strerror(error));
  return std::string(head, static_cast<size_t>(got));
}

Result<LogFile> find_file(const std::string& path) {
  LogFile file{path, fs::path(path).filename().string()};
  if (file.is_stdin()) return file;
  struct stat about;
  if (::stat(path.c_str(), &about) != 0) {
    return usage("cannot find the log file {}: {}", path, std::strerror(errno));
  }
  file.regular = S_ISREG(about.st_mode);
  if (!file.regular) return file;
  file.size = static_cast<uint64_t>(about.st_size);
  SLUICE_ASSIGN(head, read_head(path));
  SLUICE_TRY(check_head(file, head));
  return file;
}

Result<std::vector<std::string>> list_folder(const std::string& path) {
  std::error_code error;
  std::vector<std::string> found;
  std::set<std::string> bases;
  for (fs::directory_iterator it(path, error), end; !error && it != end; it.increment(error)) {
    std::string name = it->path().filename().string();
    LogName parts = split(name);
    if (parts.number.empty() || !it->is_regular_file(error)) continue;
    bases.emplace(parts.base);
    found.push_back(it->path().string());
  }
  if (error) return usage("cannot list the folder {}: {}", path, error.message());
  if (found.empty()) {
    return usage("the folder {} holds no log files; they are called base.000001 and so on", path);
  }
  if (bases.size() > 1) {
    return usage(
        "the folder {} holds the logs of more than one series, {} and {}: name the files of one ({}/{}.*)",
        path, *bases.begin(), *std::next(bases.begin()), path, *bases.begin());
  }
  std::sort(found.begin(), found.end(), comes_before);
  return found;
}

// One path a line, relative to the server's data folder, which is the index file's own unless it was moved.
Result<std::vector<std::string>> list_index(const std::string& path) {
  std::ifstream index(path);
  if (!index) return usage("cannot open the index file {}: {}", path, std::strerror(errno));
  std::vector<std::string> found;
  for (std::string line; std::getline(index, line);) {
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.pop_back();
    if (line.empty()) continue;
    fs::path file = line;
    fs::path folder = fs::path(path).parent_path();
    std::error_code error;
    if (file.is_relative()) file = folder / file;
    // Copied together with its logs, the index still names the old folder.
    if (!fs::exists(file, error)) file = folder / file.filename();
    found.push_back(file.lexically_normal().string());
  }
  if (found.empty()) return usage("the index file {} lists no log files", path);
  return found;
}

// Files of one series are read in the order of their numbers, in whatever order a shell listed them.
void sort_series(std::vector<std::string>& paths) {
  std::set<std::string> series;
  for (const std::string& path : paths) {
    LogName parts = split(path);
    series.emplace(parts.number.empty() ? path : parts.base);
  }
  if (series.size() == 1) std::stable_sort(paths.begin(), paths.end(), comes_before);
}

}  // namespace

LogName split(std::string_view name) {
  size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || dot == 0) return {name, {}};
  std::string_view number = name.substr(dot + 1);
  // The servers write at least six digits (MySQL sql/binlog.cc, find_uniq_filename).
  bool digits = number.size() >= 6 &&
                std::all_of(number.begin(), number.end(), [](char c) { return c >= '0' && c <= '9'; });
  return digits ? LogName{name.substr(0, dot), number} : LogName{name, {}};
}

bool comes_before(std::string_view a, std::string_view b) {
  LogName x = split(a), y = split(b);
  if (x.base != y.base) return x.base < y.base;
  for (std::string_view* number : {&x.number, &y.number}) {
    number->remove_prefix(std::min(number->find_first_not_of('0'), number->size()));
  }
  if (x.number.size() != y.number.size()) return x.number.size() < y.number.size();
  return x.number < y.number;
}

Result<std::vector<LogFile>> find_log_files(const std::vector<std::string>& paths) {
  std::vector<std::string> files, plain;
  for (const std::string& path : paths) {
    std::error_code error;
    if (path != "-" && fs::is_directory(path, error)) {
      SLUICE_ASSIGN(found, list_folder(path));
      files.insert(files.end(), found.begin(), found.end());
    } else if (path.ends_with(".index")) {
      SLUICE_ASSIGN(found, list_index(path));
      files.insert(files.end(), found.begin(), found.end());
    } else {
      files.push_back(path);
    }
  }
  if (files.empty()) return usage("no log file is named");
  sort_series(files);
  std::vector<LogFile> found;
  for (const std::string& path : files) {
    SLUICE_ASSIGN(file, find_file(path));
    found.push_back(std::move(file));
  }
  return found;
}

Result<void> check_head(const LogFile& file, std::string_view head) {
  std::string what = file.is_stdin() ? "stdin" : file.path;
  if (head.empty()) {
    return usage("{} is empty; a binlog begins with the 4 bytes fe 62 69 6e. Copy it again from its server",
                 what);
  }
  if (head.starts_with(kEncryptedMagic)) {
    return usage(
        "{} is encrypted (binlog_encryption). Read the log through its server, which decrypts it: sluice "
        "tail URL "
        "--from start",
        what);
  }
  if (!head.starts_with(kMagic.substr(0, std::min(head.size(), kMagic.size())))) {
    std::string bytes;
    for (unsigned char c : head.substr(0, kMagic.size()))
      bytes += fmt::format("{}{:02x}", bytes.empty() ? "" : " ", c);
    return usage("{} is not a binlog: it begins with the bytes {}, a binlog with fe 62 69 6e", what, bytes);
  }
  if (head.size() < kHeadBytes) {
    return usage("{} is cut at byte {}, before its first event ends. Copy it again from its server", what,
                 head.size());
  }
  auto type = static_cast<mysql::EventType>(static_cast<unsigned char>(head[kMagic.size() + 4]));
  if (type != mysql::EventType::FormatDescription) {
    return usage(
        "{} begins with a {} event and not with a format description: it was written before MySQL 5.0, or it "
        "is damaged",
        what, mysql::name(type));
  }
  return {};
}

}  // namespace sluice::binlog_file
