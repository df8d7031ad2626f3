#include "sink/clickhouse/insert.h"

#include <algorithm>
#include <cstring>

#include "sink/clickhouse/row_binary.h"

namespace sluice::clickhouse {

std::string_view Insert::make(const Delivery& delivery, uint64_t epoch) {
  size_t most = next_ < careful_ ? std::min(most_, careful_ - next_) : messages_.size();
  end_ = std::min(messages_.size(), next_ + most);
  size_t first = messages_[next_], last = messages_[end_ - 1];
  if (epoch == 0 && last - first + 1 == end_ - next_) return delivery.lines(first, last + 1);
  gathered_.clear();
  for (const uint32_t* message = begin(); message != end(); ++message) {
    std::string_view row = delivery.line(*message);
    gathered_.append(row);
    if (epoch == 0 || row.size() < kVersionBytes) continue;
    char* at = gathered_.data() + gathered_.size() - kVersionBytes;
    uint64_t version;
    std::memcpy(&version, at, sizeof version);
    version |= epoch;
    std::memcpy(at, &version, sizeof version);
  }
  return gathered_.view();
}

bool Insert::halve() {
  size_t count = end_ - next_;
  if (count == 1) return false;
  most_ = count / 2;
  careful_ = std::max(careful_, end_);
  end_ = next_;
  return true;
}

void Insert::taken() {
  if (next_ < careful_) most_ = (end_ - next_) * 2;
  next_ = end_;
}

}  // namespace sluice::clickhouse
