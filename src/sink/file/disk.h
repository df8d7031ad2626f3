// What the file sinks ask of the disk.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice::file {

// What open(2), pwrite(2) and their like said (errno), with what to do about it.
Failure failure(std::string_view attempt, const std::string& path, int reason);

// The folder part of a path, with its slash; "." where it has none.
std::string folder_of(const std::string& path);

// A file's name is safe when its folder is.
Result<void> sync_folder(const std::string& folder);

// Creates the file where there is none, unless `must_be_new`, and has it for this process alone. Refused:
// what is no ordinary file, and what another process or sink writes.
struct Opened {
  int fd;
  uint64_t size;
};
Result<Opened> open_alone(const std::string& path, bool must_be_new);

// What open_alone() would find wrong with the place of the file, in its words, without making anything.
Result<void> look_at(const std::string& path);

// All of `bytes` at `offset`.
Result<void> write_at(int fd, const std::string& path, std::string_view bytes, uint64_t offset);

// Never over a file that is there.
Result<void> rename_to(const std::string& from, const std::string& to);

}  // namespace sluice::file
