// A delivery as bytes for a disk, and back. Of its batch it keeps what a sink may ask of a change: which one
// it is, of which table and transaction, and where it stands in the log. Of rows the
// primary key is kept, as plain text: the messages are what will be sent.
#pragma once

#include <optional>
#include <string_view>

#include "sink/sink.h"

namespace sluice {

void pack(const Delivery& delivery, Bytes& out);

// What pack() was given, without the messages.
struct PackedHead {
  bool whole = false;  // a checkpoint follows
  std::optional<Position> position;
};
Result<PackedHead> peek(std::string_view packed);

// Made of one packed delivery, or of several one behind the other.
class Unpacked {
 public:
  void clear();
  // A fault where the bytes are none of pack()'s. `whole` and `position` become those of the last one
  // appended.
  Result<void> append(std::string_view packed);
  size_t size() const { return out_.messages.size(); }
  // `sequence`: what the sink is to know this delivery by.
  Delivery delivery(uint64_t sequence);
  // All of it, in front of a checkpoint at `position`, whatever it was packed with.
  Delivery closed_delivery(uint64_t sequence, const Position& position);

 private:
  Batch batch_;
  Outbox out_{true};
  bool addressed_ = false, binary_ = false;
  size_t whole_ = Delivery::kInside;
  std::optional<Position> position_;
};

}  // namespace sluice
