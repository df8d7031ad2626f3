// FrameReader: what a NATS server says (docs.nats.io, "Client Protocol"), from bytes that come in any
// portions.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace sluice::nats {

struct Frame {
  enum class What : uint8_t { Info, Message, Ping, Pong, Ok, Error };

  What what;
  std::string_view text;           // of Info: JSON; of Error: its words
  std::string_view subject;        // these of Message
  std::string_view headers, body;  // headers: the status line and all up to the empty line; empty: none
};

class FrameReader {
 public:
  // `most_message`: bytes of a message, with its headers. Answers of JetStream have a few hundred thousand at
  // most.
  explicit FrameReader(size_t most_message = 8 << 20) : most_message_(most_message) {}

  // What next() returned before is of no use any more.
  void feed(std::string_view bytes);
  // The next frame, once it is whole. A Retryable fault: this is no NATS; then there is nothing more to read.
  Result<std::optional<Frame>> next();
  // Bytes that belong to no frame yet.
  size_t pending() const { return in_.size() - at_; }

 private:
  Result<std::optional<Frame>> message(std::string_view line, size_t begin, bool with_headers);

  const size_t most_message_;
  Bytes in_;
  size_t at_ = 0;    // of in_: where the next frame begins
  size_t seen_ = 0;  // of in_: no line ends before
};

}  // namespace sluice::nats
