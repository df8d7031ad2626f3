// Bulk: what of a delivery goes over one connection to the server: which messages, in which order, and the
// request that takes the next of them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "sink/elasticsearch/bulk_answer.h"
#include "sink/sink.h"

namespace sluice::elasticsearch {

// The line of an action that names the document: what messages of one document have in common.
std::string_view id_line(std::string_view value);

class Bulk {
 public:
  // Begins a delivery, or a part of it.
  void clear();
  void add(uint32_t message) { messages_.push_back(message); }
  bool done() const { return next_ == messages_.size(); }
  bool under_way() const { return end_ != next_; }
  size_t count() const { return end_ - next_; }

  // Makes the request of the next messages, of so many and so large at most. `epoch`: over their versions.
  void make(const Delivery& delivery, uint64_t epoch, size_t most, size_t most_bytes);
  std::string_view body() const { return body_.view(); }

  // What becomes of the request under way:
  // It will be made again. `smaller`: of half as many messages, which tells at last which one it is about.
  void again(bool smaller = false);
  // The server took it, or refused all of it.
  void taken();
  // Item by item: tells which are settled, as indices into the request; those that `fails` says failed for
  // now are not, nor what comes behind one of them of the same document.
  std::span<const uint32_t> settle(const Delivery& delivery, std::span<const BulkAnswer::Item> items,
                                   bool (*fails)(const BulkAnswer::Item& item));
  // Behind that: the others come again. Returns how many they are.
  size_t keep_failed();

  // Of the request under way.
  uint32_t message(size_t i) const { return messages_[next_ + i]; }

 private:
  std::vector<uint32_t> messages_;
  size_t next_ = 0;                       // the first that was not answered
  size_t end_ = 0;                        // of the request under way; `next_` where there is none
  size_t most_ = SIZE_MAX, careful_ = 0;  // so many at most, up to there
  Bytes body_;
  std::vector<uint32_t> settled_, again_;
};

}  // namespace sluice::elasticsearch
