// Protobuf on the wire: tags, varints and what stands behind its size. A size is written before what it
// counts, and known behind it: its varint gets the room that was guessed, and where the guess was wrong what
// follows is moved.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "base/bytes.h"

namespace sluice::canal {

constexpr size_t kVarintBytes = 10;

// The first byte of a field whose number is below 16.
constexpr char varint_tag(unsigned field) { return static_cast<char>(field << 3); }
constexpr char bytes_tag(unsigned field) { return static_cast<char>(field << 3 | 2); }

inline char* put_varint(char* out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) *out++ = static_cast<char>(value | 0x80);
  *out++ = static_cast<char>(value);
  return out;
}

// An int32 or int64: negative ones take ten bytes.
inline char* put_signed(char* out, int64_t value) { return put_varint(out, static_cast<uint64_t>(value)); }

constexpr unsigned varint_size(uint64_t value) {
  unsigned size = 1;
  for (; value >= 0x80; value >>= 7) ++size;
  return size;
}

// Closes what begins `width` bytes behind `at`, where its size belongs, and ends at `end`. Returns the new
// end, up to kVarintBytes behind the old one.
inline char* put_size(char* at, unsigned width, char* end) {
  auto size = static_cast<size_t>(end - at) - width;
  unsigned needed = varint_size(size);
  if (__builtin_expect(needed != width, 0)) std::memmove(at + needed, at + width, size);
  put_varint(at, size);
  return at + needed + size;
}

inline std::string varint_field(unsigned field, int64_t value) {
  char text[kVarintBytes + 1] = {varint_tag(field)};
  return {text, put_signed(text + 1, value)};
}
inline std::string bytes_field(unsigned field, std::string_view value) {
  char head[kVarintBytes + 1] = {bytes_tag(field)};
  return std::string(head, put_varint(head + 1, value.size())).append(value);
}

// A message within another one, written to the end of a buffer. Guesses that its size takes as many bytes as
// that of the one before.
class Nested {
 public:
  void open(Bytes& out, unsigned field) {
    out.push(bytes_tag(field));
    at_ = out.size();
    out.commit(out.reserve(kVarintBytes) + width_);
  }
  void close(Bytes& out) {
    char* end = out.reserve(kVarintBytes);
    unsigned width = std::exchange(width_, varint_size(out.size() - at_ - width_));
    out.commit(put_size(out.data() + at_, width, end));
  }

 private:
  size_t at_ = 0;
  unsigned width_ = 1;
};

}  // namespace sluice::canal
