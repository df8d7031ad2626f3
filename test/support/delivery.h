// Lines: deliveries for tests of sinks, made of texts.
#pragma once

#include <string>
#include <vector>

#include "sink/sink.h"

namespace sluice::test {

class Lines {
 public:
  // `sequence` of the batch: the same one for the same delivery again.
  explicit Lines(uint64_t sequence) {
    batch_.sequence = sequence;
    batch_.transactions.push_back({.id = batch_.arena.copy("tx" + std::to_string(sequence))});
    batch_.events.push_back({.file = "bin.000001", .offset = 4, .next = 100});
  }
  Lines(uint64_t sequence, std::initializer_list<std::string> lines) : Lines(sequence) {
    for (const std::string& line : lines) add(line);
  }

  // Each is a change of its own.
  Lines& add(std::string_view line, std::string_view destination = "lines") {
    outbox_.addresses.push_back({.destination = outbox_.find_destination(destination)});
    auto number = static_cast<uint32_t>(messages_.size());
    batch_.changes.push_back({.index = number});
    messages_.push_back({.change = number, .begin = bytes_.size(), .end = bytes_.size() + line.size()});
    bytes_.append(line).push_back('\n');
    return *this;
  }
  // Of the message added last.
  void key(std::string_view key) {
    Address& address = outbox_.addresses.back();
    address.keyed = true;
    address.key = outbox_.words.size();
    address.key_size = static_cast<uint32_t>(key.size());
    outbox_.words.append(key);
  }
  void header(std::string_view name, std::string_view value) {
    Outbox spelt(true);
    spelt.header(name, value);
    spelt.begin(0);
    spelt.bytes.push('x');
    spelt.end_message();
    const Address& made = spelt.addresses.back();
    Address& address = outbox_.addresses.back();
    address.headers = outbox_.words.size();
    address.headers_size = made.headers_size;
    outbox_.words.append(spelt.word(made.headers, made.headers_size));
  }
  void no_value() { messages_.back().no_value = true; }
  // The message added last speaks of the same change as the one before it.
  void same_change() { messages_.back().change = messages_[messages_.size() - 2].change; }
  const std::string& bytes() const { return bytes_; }
  // From line `message` on, `heading` is the line of names.
  Lines& under(size_t message, std::string_view heading) {
    headings_.push_back({message, words_.size(), static_cast<uint32_t>(heading.size() + 1)});
    words_.append(heading).push_back('\n');
    return *this;
  }

  Delivery delivery() const { return delivery(messages_.size()); }
  Delivery delivery(size_t whole) const {
    return {batch_, messages_, bytes_, whole, nullptr, &outbox_, headings_, words_};
  }

 private:
  Batch batch_;
  std::vector<Message> messages_;
  std::string bytes_;
  Outbox outbox_{true};
  std::vector<Heading> headings_;
  std::string words_;
};

}  // namespace sluice::test
