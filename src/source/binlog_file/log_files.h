// Which log files are meant, and in which order.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sluice::binlog_file {

// MySQL sql/binlog.cc, MariaDB sql/log.cc: every binlog and relay log begins so.
constexpr std::string_view kMagic = "\xfe\x62\x69\x6e";
// Bytes that tell whether a file is one: the magic number and a header with something behind it.
constexpr size_t kHeadBytes = 24;

struct LogFile {
  std::string path;  // "-": stdin
  std::string name;  // without folders: what positions call it
  uint64_t size = 0;
  bool regular = false;  // else a stream: no size, no seeking

  bool is_stdin() const { return path == "-"; }
};

// A log's name is `base.number`; the number is empty where it is not.
struct LogName {
  std::string_view base;
  std::string_view number;
};
LogName split(std::string_view name);
// By number, which outgrows its six digits: bin.999999 comes before bin.1000000.
bool comes_before(std::string_view a, std::string_view b);

// The files behind the paths, each of them there and readable, in order. Faults are the operator's.
Result<std::vector<LogFile>> find_log_files(const std::vector<std::string>& paths);
// Faults unless the file begins as a binlog does. `head` is its first bytes, up to kHeadBytes.
Result<void> check_head(const LogFile& file, std::string_view head);

}  // namespace sluice::binlog_file
