// What Avro (specification 1.11, "Binary Encoding") and Protobuf (protobuf.dev, "Encoding") put on the wire.
// Each function writes at `out` and returns the end.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "format/schema_pool.h"

namespace sluice {

constexpr size_t kVarintBytes = 10;  // the longest

inline char* put_varint(char* out, uint64_t value) {
  while (value >= 0x80) {
    *out++ = static_cast<char>(value | 0x80);
    value >>= 7;
  }
  *out = static_cast<char>(value);
  return out + 1;
}

template <SchemaLanguage kLanguage>
struct Wire {
  static constexpr bool kProto = kLanguage == SchemaLanguage::Protobuf;

  // Avro folds the sign into the lowest bit.
  static char* number(char* out, int64_t value) {
    auto bits = static_cast<uint64_t>(value);
    return put_varint(out, kProto ? bits : bits << 1 ^ static_cast<uint64_t>(value >> 63));
  }
  static char* size(char* out, size_t size) { return put_varint(out, kProto ? size : size << 1); }
  // How many bytes size() takes.
  static size_t size_bytes(size_t size) {
    size_t bits = 64 - static_cast<size_t>(__builtin_clzll((kProto ? size : size << 1) | 1));
    return (bits + 6) / 7;
  }
  static char* bytes(char* out, std::string_view bytes) {
    out = size(out, bytes.size());
    std::memcpy(out, bytes.data(), bytes.size());
    return out + bytes.size();
  }
  static char* real(char* out, float value) {
    std::memcpy(out, &value, sizeof value);
    return out + sizeof value;
  }
  static char* real(char* out, double value) {
    std::memcpy(out, &value, sizeof value);
    return out + sizeof value;
  }
  // What stands from `body` to `end` becomes the bytes behind their size, which is put at `begin`.
  static char* close(char* begin, char* body, char* end) {
    auto length = static_cast<size_t>(end - body);
    char* place = begin + size_bytes(length);
    if (place != body) std::memmove(place, body, length);
    size(begin, length);
    return place + length;
  }
};

// Protobuf's wire types.
enum class WireType : uint8_t { Varint = 0, Eight = 1, Bytes = 2, Four = 5 };

inline char* put_tag(char* out, uint32_t number, WireType type) {
  return put_varint(out, uint64_t{number} << 3 | static_cast<uint64_t>(type));
}

}  // namespace sluice
