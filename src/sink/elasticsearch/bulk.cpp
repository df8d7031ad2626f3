#include "sink/elasticsearch/bulk.h"

#include <algorithm>
#include <string_view>
#include <unordered_set>

#include "format/put.h"
#include "format/spell.h"
#include "model/row_version.h"

namespace sluice::elasticsearch {
namespace {

constexpr size_t kKeepBytes = 8u << 20;  // of a body's room, from one delivery to the next
// What an action has beside its index's name and its message.
constexpr size_t kActionBytes = 128;

void append_action(Bytes& out, const Delivery& delivery, uint32_t message, uint64_t epoch) {
  std::string_view index = delivery.destination(delivery.address(message).destination);
  std::string_view line = delivery.line(message);
  const Change& change = delivery.batch.changes[delivery.messages[message].change];
  bool deletes = id_line(delivery.value(message)).size() == delivery.value(message).size();
  char* at = out.reserve(kActionBytes + index.size() + line.size());
  at = put(at, deletes ? R"({"delete":{"_index":")" : R"({"index":{"_index":")");
  at = put(put(at, index), R"(","version":)");
  at = spell_uint(at, epoch | row_version(delivery.batch, change));
  at = put(at, R"(,"version_type":"external_gte",)");
  out.commit(put(at, line));
}

}  // namespace

std::string_view id_line(std::string_view value) { return value.substr(0, value.find('\n')); }

void Bulk::clear() {
  messages_.clear();
  next_ = end_ = careful_ = 0;
  most_ = SIZE_MAX;
  body_.shrink(kKeepBytes);
}

void Bulk::make(const Delivery& delivery, uint64_t epoch, size_t most, size_t most_bytes) {
  body_.clear();
  if (next_ < careful_) most = std::min({most, most_, careful_ - next_});
  for (end_ = next_; end_ < messages_.size() && count() < most; ++end_) {
    uint32_t message = messages_[end_];
    size_t bytes = delivery.value(message).size() + kActionBytes;
    if (end_ != next_ && body_.size() + bytes > most_bytes) break;
    append_action(body_, delivery, message, epoch);
  }
}

void Bulk::again(bool smaller) {
  if (smaller) {
    most_ = std::max<size_t>(count() / 2, 1);
    careful_ = std::max(careful_, end_);
  }
  end_ = next_;
}

void Bulk::taken() {
  if (next_ < careful_) most_ = count() * 2;
  next_ = end_;
}

std::span<const uint32_t> Bulk::settle(const Delivery& delivery, std::span<const BulkAnswer::Item> items,
                                       bool (*fails)(const BulkAnswer::Item& item)) {
  settled_.clear();
  again_.clear();
  // A row may change twice under one version (see row_version): to repeat the first alone would put it over
  // the second.
  std::unordered_set<std::string_view> documents;
  for (uint32_t i = 0; i < items.size(); ++i) {
    std::string_view id = id_line(delivery.value(message(i)));
    bool repeats = fails(items[i]);
    if (repeats) documents.insert(id);
    if (repeats || (!documents.empty() && documents.contains(id))) {
      again_.push_back(message(i));
    } else {
      settled_.push_back(i);
    }
  }
  return settled_;
}

size_t Bulk::keep_failed() {
  next_ = end_ - again_.size();
  std::copy(again_.begin(), again_.end(), messages_.begin() + static_cast<ptrdiff_t>(next_));
  end_ = next_;
  return again_.size();
}

}  // namespace sluice::elasticsearch
