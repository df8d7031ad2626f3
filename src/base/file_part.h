// FilePart: bytes that stay in a file, because they are too many to be held in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice {

// The file stays open and as it is while anybody reads.
class FilePart {
 public:
  FilePart(int file, uint64_t offset, uint64_t size) : file_(file), offset_(offset), size_(size) {}
  uint64_t size() const { return size_; }
  // Up to `n` bytes from `at` on: fewer only at the part's end.
  Result<size_t> read(uint64_t at, char* to, size_t n) const;

 private:
  int file_;
  uint64_t offset_, size_;
};

// A file without a name, which goes with its owner, whatever ends that.
class ScratchFile {
 public:
  ScratchFile() = default;
  ~ScratchFile();
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;

  // Empty, in the folder, which is made when it is missing; without one where temporary files go.
  Result<void> begin(const std::string& folder);
  Result<void> append(std::string_view bytes);
  uint64_t size() const { return size_; }
  FilePart from(uint64_t offset) const { return {file_, offset, size_ - offset}; }
  void close();

 private:
  int file_ = -1;
  uint64_t size_ = 0;
};

}  // namespace sluice
