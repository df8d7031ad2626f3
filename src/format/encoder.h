// Encoder: changes to messages. Pure: it never waits, never fails and needs nothing but the batch. What can
// be decided per table version is decided once and kept under the table's serial.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "base/option.h"
#include "model/batch.h"

namespace sluice {

class Encoder {
 public:
  virtual ~Encoder() = default;
  // Appends one message, without a line end, or nothing where this format does not show such a change.
  virtual void encode(const Batch& batch, const Change& change, Bytes& out) = 0;
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
