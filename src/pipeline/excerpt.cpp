#include "pipeline/excerpt.h"

namespace sluice {

void Excerpt::clear() {
  out_.clear();
  headings_.clear();
}

// The one that stands last before it in its destination.
std::string_view Excerpt::heading_of(const Delivery& from, size_t number) const {
  for (auto heading = from.headings.rbegin(); heading != from.headings.rend(); ++heading) {
    bool same = !from.outbox || heading->message >= from.messages.size() ||
                from.address(heading->message).destination == from.address(number).destination;
    if (heading->message <= number && same) return from.text(*heading);
  }
  return {};
}

void Excerpt::add(const Delivery& from, size_t number) {
  Message message = from.messages[number];
  message.begin = out_.bytes.size();
  message.end = message.begin + from.value(number).size();
  out_.bytes.append(from.line(number));
  out_.messages.push_back(message);
  if (!from.headings.empty()) {
    size_t destination = from.outbox ? from.address(number).destination : 0;
    if (destination >= headings_.size()) headings_.resize(destination + 1);
    std::string_view heading = heading_of(from, number);
    if (heading != headings_[destination]) {
      headings_[destination] = heading;
      out_.headings.push_back({size() - 1, out_.words.size(), static_cast<uint32_t>(heading.size())});
      out_.words.append(heading);
    }
  }
  if (!from.outbox) return;
  const Address& old = from.address(number);
  Address address = old;
  address.destination = out_.find_destination(from.destination(old.destination));
  address.key = out_.words.size();
  out_.words.append(from.key(number));
  address.headers = out_.words.size();
  out_.words.append(from.outbox->word(old.headers, old.headers_size));
  out_.addresses.push_back(address);
}

Delivery Excerpt::delivery(const Delivery& from, size_t whole) const {
  Delivery part = from;
  part.messages = out_.messages;
  part.bytes = out_.bytes.view();
  part.whole = whole;
  part.outbox = from.outbox ? &out_ : nullptr;
  part.headings = out_.headings;
  part.words = out_.words.view();
  return part;
}

}  // namespace sluice
