#include "sink/file/disk.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace sluice::file {

Failure failure(std::string_view attempt, const std::string& path, int reason) {
  switch (reason) {
    case ENOSPC:
    case EDQUOT:
      return retryable("cannot {} {}: the disk is full; make room and it goes on by itself", attempt, path);
    case ENOENT:
      return usage("cannot {} {}: its folder does not exist; create it, or name another `path`", attempt,
                   path);
    case ENOTDIR:
      return usage("cannot {} {}: a part of its path is a file where a folder should be; name another `path`",
                   attempt, path);
    case EISDIR: return usage("cannot {} {}: it is a folder; `path` names a file", attempt, path);
    case ELOOP:
      return usage(
          "cannot {} {}: it is a symbolic link, which would not be turned over with its file; name the "
          "file itself",
          attempt, path);
    case ENAMETOOLONG: return usage("cannot {} {}: the name is longer than the disk takes", attempt, path);
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

std::string folder_of(const std::string& path) {
  size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash + 1);
}

Result<void> sync_folder(const std::string& folder) {
  int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return failure("open", folder, errno);
  int result = fsync(fd);
  int reason = errno;
  ::close(fd);
  if (result != 0) return failure("make safe", folder, reason);
  return {};
}

namespace {

Failure no_ordinary_file(const std::string& path) {
  return usage("cannot write {}: it is no ordinary file; for a pipe or terminal use the console sink", path);
}

}  // namespace

Result<Opened> open_alone(const std::string& path, bool must_be_new) {
  int flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | (must_be_new ? O_EXCL : 0);
  int fd = ::open(path.c_str(), flags, 0644);
  if (fd < 0 && errno == EEXIST) {
    return fatal("cannot create {}: another program created it while it was turned over", path);
  }
  if (fd < 0) return failure("open", path, errno);
  auto refuse = [&](Failure fault) {
    ::close(fd);
    return fault;
  };
  struct stat facts;
  if (fstat(fd, &facts) != 0) return refuse(failure("look at", path, errno));
  if (!S_ISREG(facts.st_mode)) return refuse(no_ordinary_file(path));
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    return refuse(fatal(
        "cannot write {}: another process writes it, or another sink; two pipelines need two files", path));
  }
  return Opened{fd, static_cast<uint64_t>(facts.st_size)};
}

Result<void> look_at(const std::string& path) {
  struct stat facts;
  if (::lstat(path.c_str(), &facts) != 0) {
    if (errno != ENOENT) return failure("open", path, errno);
    if (::access(folder_of(path).c_str(), W_OK | X_OK) != 0) return failure("open", path, errno);
    return {};
  }
  if (S_ISDIR(facts.st_mode)) return failure("open", path, EISDIR);
  if (S_ISLNK(facts.st_mode)) return failure("open", path, ELOOP);
  if (!S_ISREG(facts.st_mode)) return no_ordinary_file(path);
  if (::access(path.c_str(), R_OK | W_OK) != 0) return failure("open", path, errno);
  return {};
}

Result<void> write_at(int fd, const std::string& path, std::string_view bytes, uint64_t offset) {
  for (size_t done = 0; done < bytes.size();) {
    ssize_t n = pwrite(fd, bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failure("write", path, errno);
    done += static_cast<size_t>(n);
  }
  return {};
}

Result<void> rename_to(const std::string& from, const std::string& to) {
  int result = ::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE);
  // Not every file system knows the flag.
  if (result != 0 && errno == EINVAL && ::access(to.c_str(), F_OK) != 0) {
    result = ::rename(from.c_str(), to.c_str());
  }
  if (result != 0 && errno == EEXIST) {
    return fatal("cannot rename {} to {}: there is such a file already", from, to);
  }
  if (result != 0) return failure("rename", from, errno);
  return {};
}

}  // namespace sluice::file
