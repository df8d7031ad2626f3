// LogScan: finds the places between transactions in a stream of events, and the GTIDs before them, without
// decoding a row.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/gtid.h"

namespace sluice::mysql {

class LogScan {
 public:
  // The stream begins at the start of the file.
  explicit LogScan(std::string file) : file_(std::move(file)), event_file_(file_) {}

  Result<void> take(std::string_view event);

  // Of the event taken last: where it begins in its file, and whether a reader can begin with it: it stands
  // in no transaction.
  const std::string& file() const { return event_file_; }
  uint64_t begin() const { return begin_; }
  bool between() const { return between_; }
  // It begins a transaction, at this time (seconds since 1970 UTC).
  bool begins_transaction() const { return begins_transaction_; }
  uint32_t timestamp() const { return timestamp_; }
  // The transaction that began last has no GTID.
  bool anonymous() const { return anonymous_; }
  // Behind it.
  const std::string& end_file() const { return file_; }
  uint64_t end() const { return at_; }
  // MySQL: executed before it, whether before this file or in it.
  const GtidSet& gtids() const { return gtids_; }
  // Takes what was open as ended: the stream is over.
  void finish();

 private:
  Result<void> follow(std::string_view event, std::string_view body);
  void open(bool block);
  void close();

  std::string file_;
  std::string event_file_;
  uint64_t begin_ = 0;
  uint64_t at_ = 4;
  bool checksums_ = false;
  bool between_ = false;
  bool begins_transaction_ = false;
  uint32_t timestamp_ = 0;
  bool anonymous_ = false;
  bool open_ = false;
  bool block_ = false;  // ends with XID or COMMIT, not with its first statement
  GtidSet gtids_;
  GtidSet pending_;  // of the open transaction
};

}  // namespace sluice::mysql
