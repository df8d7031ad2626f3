#include "sink/postgresql/columns.h"

#include <cstring>

#include "sink/postgresql/spelling.h"

namespace sluice::postgresql {
namespace {

// Dimensions, whether there are NULLs (which the server finds out by itself), element type; of the one
// dimension, its size and the number of its first element.
constexpr size_t kHead = 20, kRowsAt = 12;

void put(char* at, uint32_t value) {
  for (int i = 0; i < 4; ++i) at[i] = static_cast<char>(value >> (24 - 8 * i) & 0xff);
}

}  // namespace

void Columns::begin(const std::vector<uint32_t>& types) {
  count_ = types.size();
  rows_ = bytes_ = 0;
  if (arrays_.size() < count_) arrays_.resize(count_);
  for (size_t i = 0; i < count_; ++i) {
    Bytes& array = arrays_[i];
    array.clear();
    char* head = array.reserve(kHead);
    uint32_t words[] = {1, 1, types[i], 0, 1};
    for (uint32_t word : words) {
      put(head, word);
      head += 4;
    }
    array.commit(head);
  }
}

void Columns::add(std::string_view values) {
  size_t column = 0;
  bytes_ += values.size();
  ++rows_;
  each_field(values, [&](std::string_view field) { arrays_[column++].append(field); });
}

std::vector<Parameter> Columns::parameters() {
  std::vector<Parameter> all;
  for (size_t i = 0; i < count_; ++i) {
    put(arrays_[i].data() + kRowsAt, static_cast<uint32_t>(rows_));
    all.push_back({arrays_[i].view(), true});
  }
  return all;
}

void Columns::shrink(size_t most) {
  for (Bytes& array : arrays_) {
    array.clear();
    array.shrink(most);
  }
}

}  // namespace sluice::postgresql
