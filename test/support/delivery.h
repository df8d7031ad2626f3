// Lines: deliveries for tests of sinks, made of texts.
#pragma once

#include <string>
#include <vector>

#include "sink/sink.h"

namespace sluice::test {

class Lines {
 public:
  // `sequence` of the batch: the same one for the same delivery again.
  explicit Lines(uint64_t sequence) { batch_.sequence = sequence; }
  Lines(uint64_t sequence, std::initializer_list<std::string> lines) : Lines(sequence) {
    for (const std::string& line : lines) add(line);
  }

  // All of them go to the destination `lines`.
  void add(std::string_view line) {
    outbox_.addresses.push_back({.destination = outbox_.find_destination("lines")});
    messages_.push_back({.change = static_cast<uint32_t>(messages_.size()),
                         .begin = bytes_.size(),
                         .end = bytes_.size() + line.size()});
    bytes_.append(line).push_back('\n');
  }
  const std::string& bytes() const { return bytes_; }

  Delivery delivery() const { return delivery(messages_.size()); }
  Delivery delivery(size_t whole) const { return {batch_, messages_, bytes_, whole, nullptr, &outbox_}; }

 private:
  Batch batch_;
  std::vector<Message> messages_;
  std::string bytes_;
  Outbox outbox_{true};
};

}  // namespace sluice::test
