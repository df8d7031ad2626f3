// The source that reads binlog files without a server: a list of them, a folder, an index file, or a stream.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "model/catalogue.h"
#include "model/position.h"
#include "model/selection.h"
#include "source/source.h"
#include "wire/mysql/decoder.h"

namespace sluice {

struct BinlogFileSetup {
  // Log files; `-` is stdin, as one file or several behind each other; a folder stands for the log files in
  // it; a `*.index` file for those that it lists. Files of one server are put in the order of their numbers.
  std::vector<std::string> paths;
  // Where Source::open is told no position. A file and an offset, where a transaction begins; or GTIDs alone:
  // the transactions among them are passed over.
  Position from;
  // Transactions that began before, in seconds since 1970 UTC, are passed over; 0: none.
  uint32_t from_time = 0;
  // Reading ends before the first transaction that begins at or behind this file and offset, behind all of
  // these GTIDs, or at or behind this time.
  Position until;
  uint32_t until_time = 0;
  mysql::DecoderOptions decoder;
  mysql::SchemaOracle* oracle = nullptr;  // outlives the source; may be null
};

struct BinlogFileProgress {
  uint64_t bytes = 0;  // read so far
  uint64_t total = 0;  // to be read; 0: not known (stdin)
  std::string file;    // the one in hand, as it was given
};

class BinlogFileSource : public Source {
 public:
  virtual BinlogFileProgress progress() const = 0;  // any thread
};

// `catalogue` and `selection` outlive the source. What is wrong with the files' names and first bytes is said
// by open(); what is wrong further on by read(), once everything before it was handed over.
std::unique_ptr<BinlogFileSource> make_binlog_file_source(BinlogFileSetup setup, Catalogue& catalogue,
                                                          const Selection& selection);

}  // namespace sluice
