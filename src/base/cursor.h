// Cursor: reads broken bytes safely. A read beyond the end yields zeros and turns the cursor bad for good, so
// that a decoder asks once, at its end. Integers are little-endian unless the name says big.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace sluice {

class Cursor {
 public:
  Cursor() = default;
  explicit Cursor(std::string_view bytes)
      : at_(reinterpret_cast<const uint8_t*>(bytes.data())), end_(at_ + bytes.size()) {}

  bool bad() const { return bad_; }
  size_t left() const { return static_cast<size_t>(end_ - at_); }
  bool done() const { return at_ == end_; }
  const char* at() const { return reinterpret_cast<const char*>(at_); }
  void fail() {
    bad_ = true;
    at_ = end_;
  }

  uint8_t u8() { return static_cast<uint8_t>(little(1)); }
  uint16_t u16() { return static_cast<uint16_t>(little(2)); }
  uint32_t u24() { return static_cast<uint32_t>(little(3)); }
  uint32_t u32() { return static_cast<uint32_t>(little(4)); }
  uint64_t u48() { return little(6); }
  uint64_t u64() { return little(8); }

  // n bytes, n <= 8.
  uint64_t little(size_t n) {
    if (left() < n) {
      fail();
      return 0;
    }
    uint64_t value = 0;
    std::memcpy(&value, at_, n);
    at_ += n;
    return value;
  }
  uint64_t big(size_t n) {
    if (left() < n) {
      fail();
      return 0;
    }
    uint64_t value = 0;
    for (size_t i = 0; i < n; ++i) value = value << 8 | at_[i];
    at_ += n;
    return value;
  }

  std::string_view bytes(uint64_t n) {
    if (left() < n) {
      fail();
      return {};
    }
    std::string_view view(at(), n);
    at_ += n;
    return view;
  }
  std::string_view rest() { return bytes(left()); }
  void skip(uint64_t n) { bytes(n); }

  // MySQL's length-encoded integer (protocol manual, "Protocol::LengthEncodedInteger"). 0xfb (NULL) and 0xff
  // are bad here.
  uint64_t length_encoded() {
    uint8_t first = u8();
    if (first < 0xfb) return first;
    if (first == 0xfc) return u16();
    if (first == 0xfd) return u24();
    if (first == 0xfe) return u64();
    fail();
    return 0;
  }

 private:
  const uint8_t* at_ = nullptr;
  const uint8_t* end_ = nullptr;
  bool bad_ = false;
};

}  // namespace sluice
