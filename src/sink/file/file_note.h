// FileNote: what the file sink wants to know again after a restart.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice::file {

struct FileNote {
  uint64_t number = 1;      // of the active file; the first one is 1
  uint64_t size = 0;        // bytes of it that count
  bool frame_open = false;  // the bytes end inside a zstd frame
  uint64_t heading = 0;     // the mark of the line of names that stands above their end; 0: none
  int64_t started_us = 0;   // when it was begun, since 1970 UTC
  std::string path;

  std::string text() const;
  static Result<FileNote> parse(std::string_view text);
};

}  // namespace sluice::file
