// Excerpt: some of a delivery's messages as a delivery of their own, of the same batch.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sink/sink.h"

namespace sluice {

class Excerpt {
 public:
  void clear();
  // In the order of `from`, whose batch outlives this.
  void add(const Delivery& from, size_t message);
  size_t size() const { return out_.messages.size(); }
  // `whole`: as Delivery has it. Valid until the next add() or clear().
  Delivery delivery(const Delivery& from, size_t whole) const;

 private:
  std::string_view heading_of(const Delivery& from, size_t message) const;

  Outbox out_{true};
  std::vector<std::string> headings_;  // the last one, by destination
};

}  // namespace sluice
