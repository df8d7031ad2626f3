// Reads whole log files through the decoder and the JSON encoder, for tests.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "model/batch.h"

namespace sluice::test {

struct LogFile {
  std::string name;
  std::string bytes;
};

struct ReadOptions {
  std::string schema;  // CREATE TABLE statements that hold at the log's start
  size_t batch_bytes = 256 * 1024;
  bool each_event = false;  // hand a batch over after every single event
  bool verify_checksums = true;
  bool query = true;
  bool whole_events = false;
  bool keep_lines = true;
  std::string spool_folder;
  bool stored = false;  // compressed transactions are read from a file, however small
  bool whole = false;   // nothing of a transaction before its COMMIT
  bool live = false, skip_unknown = false, skip_lost = false;
  std::vector<std::string> with = {"source", "tx", "query"};
  std::function<void(const Batch&, const Change&)> each;  // sees every change beside
};

// A delivered change, as far as order and transactions go.
struct Delivered {
  std::string transaction;
  uint32_t index;
  bool last;
  bool operator==(const Delivered&) const = default;
};

struct ReadResult {
  std::vector<std::string> lines;  // one for each change
  std::vector<Delivered> changes;
  std::string error;  // why reading stopped; empty: it came to the end
  uint64_t skipped_events = 0;
  size_t most_held = 0;  // most bytes that a batch's arena held
};

std::string read_file(const std::string& path);
// The log files of a folder (`binlog.000001`, …), oldest first.
std::vector<LogFile> log_files(const std::string& folder);
// The events of a log file, without the four bytes of magic. The last one may be cut.
std::vector<std::string_view> events_of(std::string_view file);

ReadResult read_log(const std::vector<LogFile>& files, const ReadOptions& options);

}  // namespace sluice::test
