// Insert: the rows of a delivery that go into one table, all of one shape.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "sink/sink.h"

namespace sluice::clickhouse {

class Insert {
 public:
  Insert(uint32_t destination, std::string shape) : destination_(destination), shape_(std::move(shape)) {}

  uint32_t destination() const { return destination_; }
  const std::string& shape() const { return shape_; }
  void add(uint32_t message) { messages_.push_back(message); }
  size_t rows() const { return messages_.size(); }
  bool done() const { return next_ == messages_.size(); }
  bool under_way() const { return end_ != next_; }

  // The rows of the next request, with `epoch` over their versions. They are sent from where they stand,
  // where they stand side by side and need no epoch. Valid while the delivery is and until the next call.
  std::string_view make(const Delivery& delivery, uint64_t epoch);
  // What becomes of the request under way: it will be made again, or again of half as many rows. False: it
  // was of one row.
  void again() { end_ = next_; }
  bool halve();
  void taken();
  // Of the request under way.
  const uint32_t* begin() const { return messages_.data() + next_; }
  const uint32_t* end() const { return messages_.data() + end_; }
  // None of it can be sent.
  void give_up() { next_ = end_ = messages_.size(); }
  const std::vector<uint32_t>& messages() const { return messages_; }

 private:
  uint32_t destination_;
  std::string shape_;
  std::vector<uint32_t> messages_;
  size_t next_ = 0, end_ = 0;
  size_t most_ = SIZE_MAX, careful_ = 0;  // so many rows at most, up to there
  Bytes gathered_;
};

}  // namespace sluice::clickhouse
