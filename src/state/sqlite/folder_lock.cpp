#include "state/sqlite/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace sluice::sqlite {

Result<FolderLock> FolderLock::take(const std::string& folder) {
  std::string path = folder + "/lock";
  int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (file < 0) {
    int reason = errno;
    if (reason == ENOSPC || reason == EDQUOT) {
      return retryable("cannot create {}: the disk is full; make room there", path);
    }
    return fatal("cannot write in the state folder {}: {}; give this user the right to write there", folder,
                 std::strerror(reason));
  }
  FolderLock lock(file);
  if (flock(file, LOCK_EX | LOCK_NB) != 0) {
    char holder[32] = {};
    ssize_t length = pread(file, holder, sizeof holder - 1, 0);
    while (length > 0 && holder[length - 1] == '\n') holder[--length] = '\0';
    return fatal("the state folder {} is in use by process {}; stop that one first, or name another folder",
                 folder, length > 0 ? holder : "(unknown)");
  }
  std::string pid = std::to_string(getpid()) + "\n";
  // Only for the message above: the lock holds without it, on a full disk, too.
  if (ftruncate(file, 0) != 0 || pwrite(file, pid.data(), pid.size(), 0) < 0) errno = 0;
  return lock;
}

FolderLock::~FolderLock() {
  if (file_ >= 0) ::close(file_);
}

}  // namespace sluice::sqlite
