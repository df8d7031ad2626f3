// FolderLock: one process at a time in a folder. The kernel drops the lock with the process, however it ends.
#pragma once

#include <string>
#include <utility>

#include "base/result.h"

namespace sluice::sqlite {

class FolderLock {
 public:
  // Takes `folder`/lock, which then holds the process's number. A fault names the process that has it.
  static Result<FolderLock> take(const std::string& folder);
  FolderLock(FolderLock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}
  FolderLock(const FolderLock&) = delete;
  ~FolderLock();

 private:
  explicit FolderLock(int file) : file_(file) {}
  int file_;
};

}  // namespace sluice::sqlite
