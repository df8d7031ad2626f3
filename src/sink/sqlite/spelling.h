// How SQLite keeps values: a tag byte, then a number of eight bytes, or a size as 32 bits and so many bytes.
#pragma once

#include <cstring>
#include <memory>

#include "mirror/encoder.h"

namespace sluice::sqlite {

enum class Tag : uint8_t { Null, Integer, Real, Text, Blob };

std::unique_ptr<mirror::Spelling> make_spelling();

// Calls bind(tag, number as its bytes or text) for each value.
template <class Bind>
void each_value(std::string_view values, Bind bind) {
  while (!values.empty()) {
    Tag tag = static_cast<Tag>(values.front());
    values.remove_prefix(1);
    size_t size = 0;
    if (tag == Tag::Integer || tag == Tag::Real) {
      size = 8;
    } else if (tag != Tag::Null) {
      uint32_t stored;
      std::memcpy(&stored, values.data(), sizeof stored);
      values.remove_prefix(sizeof stored);
      size = stored;
    }
    bind(tag, values.substr(0, size));
    values.remove_prefix(size);
  }
}

}  // namespace sluice::sqlite
