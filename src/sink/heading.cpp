#include "sink/heading.h"

#include <algorithm>

namespace sluice {

// FNV-1a.
uint64_t heading_mark(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325;
  for (char c : text) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3;
  return hash == 0 ? 1 : hash;
}

void append_headed(const Delivery& delivery, size_t first, size_t end, uint64_t& mark, Bytes& out) {
  auto heading = std::lower_bound(delivery.headings.begin(), delivery.headings.end(), first,
                                  [](const Heading& each, size_t message) { return each.message < message; });
  while (first < end) {
    if (heading != delivery.headings.end() && heading->message == first) {
      std::string_view text = delivery.text(*heading++);
      if (uint64_t its = heading_mark(text); its != mark) {
        out.append(text);
        mark = its;
      }
    }
    size_t next = end;
    if (heading != delivery.headings.end()) next = std::min(end, heading->message);
    out.append(delivery.lines(first, next));
    first = next;
  }
}

}  // namespace sluice
