// Sink: where changes are delivered. One lane thread owns it and calls everything but nothing concurrently.
#pragma once

#include <cstdint>
#include <memory>
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
  // No checkpoint follows this delivery: it lies inside one transaction.
  static constexpr size_t kInside = SIZE_MAX;

  const Batch& batch;
  std::span<const Message> messages;
  std::string_view bytes;
  // The checkpoint that follows falls behind the first `whole` messages. The others belong to a transaction
  // that goes on in the next batch; they will come again after a restart that finds this checkpoint.
  size_t whole;

  // Where in `bytes` the checkpoint falls. Not to be asked when `whole` is kInside.
  size_t whole_bytes() const { return whole == messages.size() ? bytes.size() : messages[whole].begin; }
};

class Sink {
 public:
  virtual ~Sink() = default;
  // Connects or creates; called until it succeeds once. `saved` is this lane's own note of its last
  // checkpoint (see note()), empty at the first start: a sink that can take back what came after it does so
  // here.
  virtual Result<void> open(std::string_view saved) = 0;
  // Mends what a Retryable failure of write() or tick() has broken, before the same call comes again. What
  // was delivered before stays.
  virtual Result<void> reopen() { return {}; }
  // Returns when every message is safe at the target, or says why not. After a Retryable failure the same
  // delivery comes again, after reopen(). May be empty.
  virtual Result<void> write(const Delivery& delivery) = 0;
  // What open() wants to see again after a restart: the target as it was behind the last `whole` message.
  // Saved with the checkpoint, so that position and note always belong together.
  virtual std::string note() const { return {}; }
  // Between deliveries, once a second: rotation by time and the like. What was delivered before is saved.
  virtual Result<void> tick() { return {}; }
  virtual void close() {}
  // Makes a call that waits, now or later, return with a Stopped fault. Any thread.
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
