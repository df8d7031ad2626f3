#include "format/message.h"

#include <cstring>

namespace sluice {
namespace {

void put_size(Bytes& out, size_t size) {
  auto count = static_cast<uint32_t>(size);
  out.append({reinterpret_cast<const char*>(&count), sizeof count});
}

}  // namespace

Bytes& Outbox::key() {
  address_.keyed = in_key_ = true;
  address_.key = words.size();
  return words;
}

void Outbox::end_key() {
  if (!in_key_) return;
  in_key_ = false;
  address_.key_size = static_cast<uint32_t>(words.size() - address_.key);
}

// A header is its name and its value, each behind its size in four bytes of the machine's order.
void Outbox::header(std::string_view name, std::string_view value) {
  end_key();
  if (address_.headers_size == 0) address_.headers = words.size();
  for (std::string_view part : {name, value}) {
    put_size(words, part.size());
    words.append(part);
  }
  address_.headers_size = static_cast<uint32_t>(words.size() - address_.headers);
}

// A delivery seldom has more than a few; where it has thousands, twice the same does no harm.
uint32_t Outbox::find_destination(std::string_view name) {
  constexpr size_t kRecent = 16;
  for (size_t i = destinations.size(); i > 0 && destinations.size() - i < kRecent; --i) {
    if (word(destinations[i - 1].begin, destinations[i - 1].size) == name)
      return static_cast<uint32_t>(i - 1);
  }
  destinations.push_back({words.size(), static_cast<uint32_t>(name.size())});
  words.append(name);
  return static_cast<uint32_t>(destinations.size() - 1);
}

void Outbox::destination(std::string_view name) {
  end_key();
  address_.destination = find_destination(name);
}

void Outbox::clear() {
  bytes.clear();
  messages.clear();
  headings.clear();
  addresses.clear();
  words.clear();
  destinations.clear();
  begin_ = 0;
}

}  // namespace sluice
