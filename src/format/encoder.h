// Encoder: changes to messages. Pure: it never waits, never fails and needs nothing but the batch. What can
// be decided per table version is decided once and kept under the table's serial.
#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <string_view>

#include "base/option.h"
#include "format/message.h"
#include "model/batch.h"

namespace sluice {

// How an encoder's values are written.
enum class Notation : uint8_t {
  Json,    // one JSON object
  Text,    // other text without a line feed
  Quoted,  // other text, with line feeds between quotes
  Binary,  // any bytes: nothing stands between two values, which tell themselves where they end
};

class Encoder {
 public:
  virtual ~Encoder() = default;
  // Appends the messages of a change, or none where this format does not show such a change. `changes` holds
  // that one; where grouped(), all those of one event, table and operation that go to the same place.
  virtual void encode(const Batch& batch, std::span<const Change> changes, Outbox& out) = 0;
  virtual bool grouped() const { return false; }
  virtual Notation notation() const { return Notation::Json; }
  bool binary() const { return notation() == Notation::Binary; }
  // For formats whose rows are read by a line of names above them: whether there is such a line, and the line
  // of this version of a table, its line feed included. Not for formats that are grouped().
  virtual bool headed() const { return false; }
  virtual void heading(const Table&, Bytes&) {}
  // For formats that count over a transaction: one encoder gets every change, in the order of the log. Not
  // for formats that are grouped().
  virtual bool in_order() const { return false; }
  // Of a format that is in_order(), behind the last change of each transaction that there is, whether
  // encode() was given that one or not: appends what closes the transaction.
  virtual void end_transaction(const Batch&, const Change& /*last*/, Outbox&) {}
  // How often the format wants to say that its sink still hears of changes, though there may be none; 0:
  // never. Such a message is made by heartbeat(), of nothing but the time, microseconds since 1970 UTC.
  virtual std::chrono::milliseconds heartbeat_interval() const { return {}; }
  virtual void heartbeat(int64_t /*now_us*/, Outbox&) {}
  // An encoder with the same settings, for another thread.
  virtual std::unique_ptr<Encoder> clone() const = 0;
};

// A format as formats.def knows it. `options` are named in YAML beside `format:` and on the command line by
// --set.
struct FormatType {
  std::string_view name;
  std::string_view summary;
  std::span<const Option> options;
  Result<std::unique_ptr<Encoder>> (*make)(const Settings& settings);
};

}  // namespace sluice
