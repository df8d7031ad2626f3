#include "base/spool.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>

namespace sluice {
namespace {

namespace fs = std::filesystem;

// Has no name of its own yet.
const std::string kBegun = "begun";

// What the last call said of the path (errno).
Failure cannot_write(const std::string& path) {
  if (errno == ENOSPC || errno == EDQUOT)
    return retryable("cannot write {}: the disk is full; make room and it goes on by itself", path);
  return fatal("cannot write {}: {}", path, std::strerror(errno));
}

// That a file has a name is safe once its folder is.
bool sync_folder(const std::string& path) {
  int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  bool good = fd >= 0 && ::fsync(fd) == 0;
  if (fd >= 0) ::close(fd);
  return good;
}

}  // namespace

Spool::~Spool() {
  std::error_code ignored;
  if (temporary_) fs::remove_all(folder_, ignored);
}

Result<void> Spool::make_folder() {
  if (made_) return {};
  std::error_code error;
  if (folder_.empty()) {
    std::string pattern = (fs::temp_directory_path(error) / "sluice-spool-XXXXXX").string();
    if (error || !::mkdtemp(pattern.data()))
      return fatal("cannot make a temporary folder {}: {}. TMPDIR names another place for it", pattern,
                   error ? error.message() : std::strerror(errno));
    folder_ = pattern;
    temporary_ = true;
  } else if (fs::create_directories(folder_, error); error) {
    return fatal("cannot make the folder {}: {}", folder_, error.message());
  }
  made_ = true;
  return {};
}

Result<void> Spool::begin() {
  SLUICE_TRY(make_folder());
  writing_.reset(std::fopen(path(kBegun).c_str(), "wbe"));
  if (!writing_) return cannot_write(path(kBegun));
  return {};
}

Result<void> Spool::append(std::string_view bytes) {
  if (std::fwrite(bytes.data(), 1, bytes.size(), writing_.get()) != bytes.size())
    return cannot_write(path(kBegun));
  return {};
}

Result<void> Spool::keep(const std::string& name, bool over_power_loss) {
  bool sync = over_power_loss && !temporary_;
  bool good = std::fflush(writing_.get()) == 0 && (!sync || ::fsync(::fileno(writing_.get())) == 0);
  writing_.reset();
  good = good && ::rename(path(kBegun).c_str(), path(name).c_str()) == 0;
  good = good && (!sync || sync_folder(folder_));
  if (!good) return cannot_write(path(name));
  return {};
}

void Spool::drop() {
  if (!writing_) return;
  writing_.reset();
  remove(kBegun);
}

bool Spool::has(const std::string& name) const {
  std::error_code ignored;
  return !folder_.empty() && fs::exists(path(name), ignored);
}

Result<void> Spool::open(const std::string& name) {
  reading_.reset(std::fopen(path(name).c_str(), "rbe"));
  if (!reading_) return fatal("cannot read {}: {}", path(name), std::strerror(errno));
  return {};
}

Result<size_t> Spool::read(char* to, size_t n) {
  size_t got = std::fread(to, 1, n, reading_.get());
  if (got < n && std::ferror(reading_.get()))
    return fatal("cannot read what was set aside in {}: {}", folder_, std::strerror(errno));
  return got;
}

std::vector<std::string> Spool::names() const {
  std::vector<std::string> names;
  std::error_code ignored;
  if (folder_.empty()) return names;
  if (!writing_) remove(kBegun);
  for (const auto& entry : fs::directory_iterator(folder_, ignored)) names.push_back(entry.path().filename());
  return names;
}

void Spool::remove(const std::string& name) const {
  std::error_code ignored;
  fs::remove(path(name), ignored);
}

}  // namespace sluice
