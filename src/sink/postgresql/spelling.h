// How PostgreSQL is told types and values: each value as a field of its binary protocol: the size as 32 bits,
// the highest byte first, -1 for NULL, and so many bytes in the binary form of its type
// (src/backend/utils/adt, the functions *_recv).
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "mirror/encoder.h"

namespace sluice::postgresql {

// `as_null`: dates that no calendar has are NULL, else refused.
std::unique_ptr<mirror::Spelling> make_spelling(bool as_null);

// The size that stands in front of a value.
inline int32_t field_size(const char* field) {
  auto byte = [field](int i) { return static_cast<uint32_t>(static_cast<unsigned char>(field[i])); };
  return static_cast<int32_t>(byte(0) << 24 | byte(1) << 16 | byte(2) << 8 | byte(3));
}

// Calls visit(field) for each value, its size included.
template <class Visit>
void each_field(std::string_view values, Visit visit) {
  while (!values.empty()) {
    int32_t size = field_size(values.data());
    size_t whole = 4 + (size < 0 ? 0 : static_cast<size_t>(size));
    visit(values.substr(0, whole));
    values.remove_prefix(whole);
  }
}

}  // namespace sluice::postgresql
