// The file sink: lines appended to a file, safe on the disk before a position moves, turned over by size or
// time.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "sink/file/frame_writer.h"
#include "sink/sink.h"

namespace sluice {

extern const SinkType file_sink;

struct FileOptions {
  std::string path;                         // of the active file, or the template of many
  uint64_t rotate_bytes = 0;                // 0: never
  std::chrono::milliseconds rotate_age{0};  // 0: never
  file::Compression compression = file::Compression::None;
  bool sync = true;
  size_t open_files = 256;  // at most, of those of a template
  // Of those of a template, so many are known; the ones written longest ago are forgotten beyond that.
  size_t known_files = 65'536;
};

std::unique_ptr<Sink> make_file_sink(FileOptions options);

// What the start would find wrong with the place that `path` of `settings` names, in its words, without
// making anything. `many`: it is the template of many.
Result<void> look_at_place(const Settings& settings, bool many);

}  // namespace sluice
