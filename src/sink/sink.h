// Sink: where changes are delivered. One lane thread owns it and calls everything but nothing concurrently.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/option.h"
#include "model/batch.h"

namespace sluice {

// One message: the encoded change. `begin`, `end` bound it in Delivery::bytes, without the line feed that
// follows it.
struct Message {
  uint32_t change;  // index into Batch::changes
  size_t begin;
  size_t end;
};

// A batch as one lane sees it. `bytes` holds the messages one after the other, a line feed after each: a sink
// of lines writes it as a whole.
struct Delivery {
  const Batch& batch;
  std::span<const Message> messages;
  std::string_view bytes;
};

class Sink {
 public:
  virtual ~Sink() = default;
  // Connects or creates; may be called again after a failure. `saved` is this lane's own note of its last
  // delivery (see note()), empty at the first start: a sink that can take back what came after it does so
  // here.
  virtual Result<void> open(std::string_view saved) = 0;
  // Returns when every message is safe at the target, or says why not. After a Retryable failure the same
  // delivery comes again, after open().
  virtual Result<void> write(const Delivery& delivery) = 0;
  // What open() wants to see again after a restart, as of the last successful write; saved with the
  // checkpoint.
  virtual std::string note() const { return {}; }
  // Between deliveries, at least once a second: rotation by time and the like.
  virtual Result<void> tick() { return {}; }
  virtual void close() {}
  // Makes a write that waits return with a Stopped fault. Any thread.
  virtual void interrupt() noexcept {}
};

// A sink as sinks.def knows it.
struct SinkType {
  std::string_view name;
  std::string_view summary;
  std::span<const Option> options;
  Result<std::unique_ptr<Sink>> (*make)(const Settings& settings);
};

}  // namespace sluice
