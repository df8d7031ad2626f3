#include "base/file_part.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>

namespace sluice {

Result<size_t> FilePart::read(uint64_t at, char* to, size_t n) const {
  size_t wanted = at < size_ ? static_cast<size_t>(std::min<uint64_t>(n, size_ - at)) : 0;
  size_t got = 0;
  while (got < wanted) {
    ssize_t came = ::pread(file_, to + got, wanted - got, static_cast<off_t>(offset_ + at + got));
    if (came < 0 && errno == EINTR) continue;
    if (came < 0) return fatal("cannot read a part of a file: {}", std::strerror(errno));
    if (came == 0) return fatal("cannot read a part of a file: it was cut short meanwhile");
    got += static_cast<size_t>(came);
  }
  return got;
}

ScratchFile::~ScratchFile() { close(); }

void ScratchFile::close() {
  if (file_ >= 0) ::close(file_);
  file_ = -1;
  size_ = 0;
}

Result<void> ScratchFile::begin(const std::string& folder) {
  close();
  std::error_code error;
  std::string place = folder.empty() ? std::filesystem::temp_directory_path(error).string() : folder;
  if (!folder.empty()) std::filesystem::create_directories(folder, error);
  if (error) return fatal("cannot make a file in {}: {}", place, error.message());
  // Not O_TMPFILE, which some file systems lack.
  std::string name = place + "/sluice-XXXXXX";
  file_ = ::mkostemp(name.data(), O_CLOEXEC);
  if (file_ < 0) return fatal("cannot make a file in {}: {}", place, std::strerror(errno));
  ::unlink(name.c_str());
  return {};
}

Result<void> ScratchFile::append(std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t done = ::write(file_, bytes.data(), bytes.size());
    if (done < 0 && errno == EINTR) continue;
    if (done < 0 && (errno == ENOSPC || errno == EDQUOT)) {
      return retryable(
          "cannot set aside {} bytes on disk: it is full; make room where the state folder is, for tail and "
          "decode where TMPDIR is, and it goes on by itself",
          size_ + bytes.size());
    }
    if (done < 0)
      return fatal("cannot set aside {} bytes on disk: {}", size_ + bytes.size(), std::strerror(errno));
    bytes.remove_prefix(static_cast<size_t>(done));
    size_ += static_cast<uint64_t>(done);
  }
  return {};
}

}  // namespace sluice
