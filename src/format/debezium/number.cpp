#include "format/debezium/number.h"

#include <bit>
#include <cstdint>

namespace sluice::debezium {
namespace {

// `limbs` = `limbs` * factor + more, the lowest limb first.
void multiply_add(uint32_t (&limbs)[kUnscaledBytes / 4], uint32_t factor, uint32_t more) {
  uint64_t carry = more;
  for (uint32_t& limb : limbs) {
    carry += uint64_t{limb} * factor;
    limb = static_cast<uint32_t>(carry);
    carry >>= 32;
  }
}

}  // namespace

size_t unscaled(char* out, std::string_view digits) {
  uint32_t limbs[kUnscaledBytes / 4] = {};
  bool negative = false;
  uint32_t part = 0, factor = 1;
  for (char c : digits) {
    if (c == '-') negative = true;
    if (c < '0' || c > '9') continue;
    part = part * 10 + static_cast<uint32_t>(c - '0');
    factor *= 10;
    if (factor == 1'000'000'000) {
      multiply_add(limbs, factor, part);
      part = 0;
      factor = 1;
    }
  }
  if (factor > 1) multiply_add(limbs, factor, part);
  if (negative) {
    uint64_t carry = 1;
    for (uint32_t& limb : limbs) {
      carry += static_cast<uint32_t>(~limb);
      limb = static_cast<uint32_t>(carry);
      carry >>= 32;
    }
  }
  auto byte = [&](size_t i) { return static_cast<uint8_t>(limbs[i / 4] >> 8 * (i % 4)); };
  // Leading bytes that only repeat the sign are left out.
  size_t size = kUnscaledBytes;
  uint8_t sign = byte(size - 1) & 0x80 ? 0xff : 0;
  while (size > 1 && byte(size - 1) == sign && (byte(size - 2) & 0x80) == (sign & 0x80)) --size;
  for (size_t i = 0; i < size; ++i) out[i] = static_cast<char>(byte(size - 1 - i));
  return size;
}

}  // namespace sluice::debezium
