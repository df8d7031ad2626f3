// MessagePack's encodings (github.com/msgpack/msgpack, spec.md), each in the shortest form that it has. Every
// function writes at `out`, at most kPackedScalar bytes and what `text` has, and returns the end.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace sluice::msgpack {

constexpr size_t kPackedScalar = 9;

constexpr char kNil = static_cast<char>(0xc0);

inline char* put_byte(char* out, unsigned byte) {
  *out = static_cast<char>(byte);
  return out + 1;
}

inline char* put_two(char* out, unsigned mark, uint16_t value) {
  value = __builtin_bswap16(value);
  std::memcpy(put_byte(out, mark), &value, sizeof value);
  return out + 3;
}

inline char* put_four(char* out, unsigned mark, uint32_t value) {
  value = __builtin_bswap32(value);
  std::memcpy(put_byte(out, mark), &value, sizeof value);
  return out + 5;
}

inline char* put_eight(char* out, unsigned mark, uint64_t value) {
  value = __builtin_bswap64(value);
  std::memcpy(put_byte(out, mark), &value, sizeof value);
  return out + 9;
}

inline char* pack_uint(char* out, uint64_t value) {
  if (value < 0x80) return put_byte(out, static_cast<unsigned>(value));
  if (value <= UINT8_MAX) return put_byte(put_byte(out, 0xcc), static_cast<unsigned>(value));
  if (value <= UINT16_MAX) return put_two(out, 0xcd, static_cast<uint16_t>(value));
  if (value <= UINT32_MAX) return put_four(out, 0xce, static_cast<uint32_t>(value));
  return put_eight(out, 0xcf, value);
}

inline char* pack_int(char* out, int64_t value) {
  if (value >= 0) return pack_uint(out, static_cast<uint64_t>(value));
  if (value >= -32) return put_byte(out, static_cast<uint8_t>(value));
  if (value >= INT8_MIN) return put_byte(put_byte(out, 0xd0), static_cast<uint8_t>(value));
  if (value >= INT16_MIN) return put_two(out, 0xd1, static_cast<uint16_t>(value));
  if (value >= INT32_MIN) return put_four(out, 0xd2, static_cast<uint32_t>(value));
  return put_eight(out, 0xd3, static_cast<uint64_t>(value));
}

inline char* pack_float(char* out, float value) {
  return put_four(out, 0xca, std::bit_cast<uint32_t>(value));
}
inline char* pack_double(char* out, double value) {
  return put_eight(out, 0xcb, std::bit_cast<uint64_t>(value));
}

// Of a value whose bytes follow. Sizes are of cells and rows: less than 2^32.
inline char* pack_text_head(char* out, size_t size) {
  if (size < 32) return put_byte(out, 0xa0 | static_cast<unsigned>(size));
  if (size <= UINT8_MAX) return put_byte(put_byte(out, 0xd9), static_cast<unsigned>(size));
  if (size <= UINT16_MAX) return put_two(out, 0xda, static_cast<uint16_t>(size));
  return put_four(out, 0xdb, static_cast<uint32_t>(size));
}

inline char* pack_bytes_head(char* out, size_t size) {
  if (size <= UINT8_MAX) return put_byte(put_byte(out, 0xc4), static_cast<unsigned>(size));
  if (size <= UINT16_MAX) return put_two(out, 0xc5, static_cast<uint16_t>(size));
  return put_four(out, 0xc6, static_cast<uint32_t>(size));
}

inline char* pack_array_head(char* out, size_t count) {
  if (count < 16) return put_byte(out, 0x90 | static_cast<unsigned>(count));
  if (count <= UINT16_MAX) return put_two(out, 0xdc, static_cast<uint16_t>(count));
  return put_four(out, 0xdd, static_cast<uint32_t>(count));
}

inline char* put_bytes(char* out, std::string_view bytes) {
  if (bytes.empty()) return out;
  std::memcpy(out, bytes.data(), bytes.size());
  return out + bytes.size();
}

inline char* pack_text(char* out, std::string_view text) {
  return put_bytes(pack_text_head(out, text.size()), text);
}

inline char* pack_bytes(char* out, std::string_view bytes) {
  return put_bytes(pack_bytes_head(out, bytes.size()), bytes);
}

}  // namespace sluice::msgpack
