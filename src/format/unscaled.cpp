#include "format/unscaled.h"

#include <bit>
#include <cstdint>
#include <cstring>

namespace sluice {
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

// Of less than 10^18.
size_t unscaled_small(char* out, std::string_view digits) {
  int64_t value = 0;
  for (char c : digits) {
    if (c >= '0' && c <= '9') value = value * 10 + (c - '0');
  }
  if (digits.front() == '-') value = -value;
  // Without the bits that only repeat the sign, of which one is needed.
  auto size = static_cast<size_t>(64 - __builtin_clrsbll(value) + 7) / 8;
  uint64_t bytes = __builtin_bswap64(static_cast<uint64_t>(value) << (64 - 8 * size));
  std::memcpy(out, &bytes, sizeof bytes);
  return size;
}

}  // namespace

size_t unscaled(char* out, std::string_view digits) {
  if (!digits.empty() && digits.size() <= 18) return unscaled_small(out, digits);
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

}  // namespace sluice
