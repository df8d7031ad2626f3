// Sink: where changes are delivered. One lane thread owns it and calls everything but nothing concurrently.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/option.h"
#include "format/encoder.h"
#include "format/message.h"
#include "model/batch.h"

namespace sluice {

class Judge;

// A batch as one lane sees it. `bytes` holds the messages' values one after the other, a line feed after
// each, or of a binary format nothing: a sink of lines writes it as a whole.
struct Delivery {
  // No checkpoint follows this delivery: it lies inside one transaction.
  static constexpr size_t kInside = SIZE_MAX;

  const Batch& batch;
  std::span<const Message> messages;
  std::string_view bytes;
  // The checkpoint that follows falls behind the first `whole` messages. The others belong to a transaction
  // that goes on in the next batch; they will come again after a restart that finds this checkpoint.
  size_t whole;
  // The place of that checkpoint, for sinks that keep it at the target; null: none follows.
  const Position* position = nullptr;
  // Where the messages go; null for sinks whose type has no addressing.
  const Outbox* outbox = nullptr;
  // The lines of names that stand above the values, where the format has them; in the order of the messages.
  std::span<const Heading> headings = {};
  // What `headings` point into.
  std::string_view words = {};
  // Nothing stands between two values, which are no lines.
  bool binary = false;
  // Who decides on refused messages; null: nobody need be asked.
  Judge* judge = nullptr;
  // For sinks that keep rows beside messages: the changes have theirs, which those from a disk have not.
  bool rows = false;
  // The batch's changes as the sink sees them, with rows; empty: as they stand there.
  std::span<const Change> shown = {};

  // Where in `bytes` the checkpoint falls. Not to be asked when `whole` is kInside.
  size_t whole_bytes() const { return whole == messages.size() ? bytes.size() : messages[whole].begin; }

  // Of message `i`, as the sink sees it where there are rows.
  const Change& change(size_t i) const {
    size_t change = messages[i].change;
    return shown.empty() ? batch.changes[change] : shown[change];
  }
  std::string_view value(size_t i) const {
    return bytes.substr(messages[i].begin, messages[i].end - messages[i].begin);
  }
  // The value with the line feed behind it, where there is one.
  std::string_view line(size_t i) const { return lines(i, i + 1); }
  std::string_view lines(size_t first, size_t end) const {
    size_t begin = first < messages.size() ? messages[first].begin : bytes.size();
    return bytes.substr(begin, (end < messages.size() ? messages[end].begin : bytes.size()) - begin);
  }
  std::string_view text(const Heading& heading) const { return words.substr(heading.begin, heading.size); }
  // These only where `outbox` is there.
  const Address& address(size_t i) const { return outbox->addresses[i]; }
  std::string_view key(size_t i) const { return outbox->word(address(i).key, address(i).key_size); }
  size_t destinations() const { return outbox->destinations.size(); }
  std::string_view destination(uint32_t number) const {
    return outbox->word(outbox->destinations[number].begin, outbox->destinations[number].size);
  }
  // Calls visit(name, value) for each header of message `i`.
  template <class Visit>
  void headers(size_t i, Visit visit) const {
    std::string_view rest = outbox->word(address(i).headers, address(i).headers_size);
    auto part = [&rest] {
      uint32_t size;
      std::memcpy(&size, rest.data(), sizeof size);
      std::string_view text = rest.substr(sizeof size, size);
      rest.remove_prefix(sizeof size + size);
      return text;
    };
    while (!rest.empty()) {
      std::string_view name = part();
      visit(name, part());
    }
  }
};

// A message that the target will never take: too large for it, or of a form that it refuses.
struct Refusal {
  size_t message;  // index into Delivery::messages
  std::string why;
};

// What becomes of refused messages. A sink that keeps the position at the target asks before that moves past
// them, and does not move it on a failure; the others are asked by their lane.
class Judge {
 public:
  virtual Result<void> judge(const Delivery& delivery, std::span<const Refusal> refused) = 0;

 protected:
  ~Judge() = default;
};

// Something that a sink counts beside what its lane does.
struct SinkCount {
  std::string_view name;  // in status; metrics have it too
  uint64_t value = 0;
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
  // Returns when every message is safe at the target or in refused(), or says why not. After a Retryable
  // failure the same delivery comes again, after reopen(). May be empty.
  virtual Result<void> write(const Delivery& delivery) = 0;
  // After a Retryable failure: how long the target asked to be left alone, at least.
  virtual std::chrono::microseconds pause() const { return {}; }
  // Of the write() that succeeded last, in the order of the messages.
  virtual std::span<const Refusal> refused() const { return {}; }
  // For a sink that keeps the checkpoint at the target, in one step with the messages: how far the target has
  // come. Asked once, behind open(); what lies before it is passed over. Nothing: the state's position holds.
  virtual std::optional<Position> position() const { return std::nullopt; }
  // What open() wants to see again after a restart: the target as it was behind the last `whole` message.
  // Saved with the checkpoint, so that position and note always belong together.
  virtual std::string note() const { return {}; }
  // Between deliveries, once a second: rotation by time and the like. What was delivered before is saved.
  virtual Result<void> tick() { return {}; }
  virtual void close() {}
  // Any thread.
  virtual std::vector<SinkCount> counts() const { return {}; }
  // Makes a call that waits, now or later, return with a Stopped fault. Any thread.
  virtual void interrupt() noexcept {}
};

// For a target with places of its own for messages, which have names and mostly keys: topics, streams, URLs.
struct Addressing {
  // Which of the sink's options is the template of a destination's name. Its fallback is the template's.
  std::string_view option;
  // Spells a name so that the target takes it; null: it takes every name. Two names that become the same one
  // are found out and stop the lane.
  void (*escape)(std::string_view name, std::string& out) = nullptr;
  // Spells what fills a place of the template, `out` from `begin` on, so that it stays within its place;
  // null: as it is.
  void (*escape_place)(Bytes& out, size_t begin) = nullptr;
  Places places = Places::Keys;
  // Of a target that may be a single place, whose name the template is as it stands: how the sink is made
  // that takes several. SinkType::make then makes the one of lines, whose messages have no addresses. Null:
  // there are always addresses.
  Result<std::unique_ptr<Sink>> (*make)(const Settings& settings) = nullptr;
  // The places are files, and no two sinks of a configuration may write to one.
  bool exclusive = false;
  // What their names end in where the template does not end in it; null: nothing.
  std::string_view (*ending)(const Settings& settings) = nullptr;
  // Its places have partitions, as topics of Kafka have, or what is like them.
  bool partitions = false;
};

// What a sink has for itself alone, beside its places: no other of a configuration may have the same.
struct Possession {
  std::string_view option;  // it comes from this one, which was given
  std::string text;         // as it is compared
  bool file = false;        // it is a path
};

// A sink as sinks.def knows it.
struct SinkType {
  std::string_view name;
  std::string_view summary;
  std::span<const Option> options;
  Result<std::unique_ptr<Sink>> (*make)(const Settings& settings);
  const Addressing* addressing = nullptr;  // null: a target of lines
  bool on_screen = false;                  // it writes to stdout, where a person may read
  // Of a target that keeps rows and so has messages of its own, in no format that could be chosen: makes what
  // writes them. Null: any format will do.
  Result<std::unique_ptr<Encoder>> (*encoder)(const Settings& settings) = nullptr;
  // Null: it has nothing.
  Possession (*possession)(const Settings& settings) = nullptr;
  // Of a target that may want each message's row beside it: the option by which it does, a Boolean.
  std::string_view rows_option = {};

  bool wants_rows(const Settings& settings) const {
    return !rows_option.empty() && settings.boolean(rows_option);
  }
  // `routed`: its messages have addresses.
  Result<std::unique_ptr<Sink>> make_for(const Settings& settings, bool routed) const {
    return routed && addressing->make ? addressing->make(settings) : make(settings);
  }
};

}  // namespace sluice
