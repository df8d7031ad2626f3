#include "rule/wide.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace sluice::rule::wide {
namespace {

__extension__ using uint128 = unsigned __int128;

size_t digits_of(const uint32_t* a, size_t count) {
  while (count > 0 && a[count - 1] == 0) --count;
  return count;
}

// Knuth, The Art of Computer Programming 2, 4.3.1, algorithm D, with digits of 32 bits: `u` of m + n + 1
// digits, `v` of n >= 2, whose first bit is set.
void divide_digits(uint32_t* u, size_t m, const uint32_t* v, size_t n, uint32_t* q) {
  constexpr uint64_t kBase = uint64_t{1} << 32;
  for (size_t j = m + 1; j-- > 0;) {
    uint64_t head = uint64_t{u[j + n]} << 32 | u[j + n - 1];
    uint64_t guess = head / v[n - 1], rest = head % v[n - 1];
    while (guess >= kBase || guess * v[n - 2] > (rest << 32 | u[j + n - 2])) {
      --guess;
      rest += v[n - 1];
      if (rest >= kBase) break;
    }
    uint64_t carry = 0;
    int64_t borrow = 0;
    for (size_t i = 0; i < n; ++i) {
      carry += guess * v[i];
      borrow += static_cast<int64_t>(u[i + j]) - static_cast<int64_t>(carry & 0xffffffff);
      u[i + j] = static_cast<uint32_t>(borrow);
      borrow >>= 32;
      carry >>= 32;
    }
    borrow += static_cast<int64_t>(u[j + n]) - static_cast<int64_t>(carry);
    u[j + n] = static_cast<uint32_t>(borrow);
    if (borrow < 0) {  // one too many
      --guess;
      carry = 0;
      for (size_t i = 0; i < n; ++i) {
        carry += uint64_t{u[i + j]} + v[i];
        u[i + j] = static_cast<uint32_t>(carry);
        carry >>= 32;
      }
      u[j + n] += static_cast<uint32_t>(carry);
    }
    q[j] = static_cast<uint32_t>(guess);
  }
}

// Shifts by less than 32 bits to the left, or back.
void shift_left(uint32_t* a, size_t count, int bits) {
  for (size_t i = count; bits > 0 && i-- > 0;) a[i] = a[i] << bits | (i > 0 ? a[i - 1] >> (32 - bits) : 0);
}
void shift_right(uint32_t* a, size_t count, int bits) {
  for (size_t i = 0; bits > 0 && i < count; ++i) {
    a[i] = a[i] >> bits | (i + 1 < count ? a[i + 1] << (32 - bits) : 0);
  }
}

}  // namespace

uint64_t multiply_small(uint64_t* a, size_t count, uint64_t factor, uint64_t more) {
  for (size_t i = 0; i < count; ++i) {
    uint128 product = uint128{a[i]} * factor + more;
    a[i] = static_cast<uint64_t>(product);
    more = static_cast<uint64_t>(product >> 64);
  }
  return more;
}

uint64_t divide_small(uint64_t* a, size_t count, uint64_t divisor) {
  uint64_t rest = 0;
  for (size_t i = count; i-- > 0;) {
    uint128 part = uint128{rest} << 64 | a[i];
    a[i] = static_cast<uint64_t>(part / divisor);
    rest = static_cast<uint64_t>(part % divisor);
  }
  return rest;
}

void multiply(const uint64_t* a, size_t na, const uint64_t* b, size_t nb, uint64_t* out) {
  std::fill_n(out, na + nb, 0);
  for (size_t i = 0; i < na; ++i) {
    uint64_t carry = 0;
    for (size_t j = 0; j < nb; ++j) {
      uint128 sum = uint128{a[i]} * b[j] + out[i + j] + carry;
      out[i + j] = static_cast<uint64_t>(sum);
      carry = static_cast<uint64_t>(sum >> 64);
    }
    out[i + nb] = carry;
  }
}

void divide(uint64_t* a, size_t na, const uint64_t* b, size_t nb, uint64_t* quotient) {
  static_assert(std::endian::native == std::endian::little, "limbs are seen as digits of half their size");
  std::fill_n(quotient, na, 0);
  while (nb > 1 && b[nb - 1] == 0) --nb;
  if (nb == 1) {
    std::copy_n(a, na, quotient);
    a[0] = divide_small(quotient, na, b[0]);
    std::fill_n(a + 1, na - 1, 0);
    return;
  }
  uint32_t u[2 * kMost + 1] = {}, v[2 * kMost] = {}, q[2 * kMost + 1] = {};
  std::memcpy(u, a, na * 8);
  std::memcpy(v, b, nb * 8);
  size_t n = digits_of(v, 2 * nb), have = digits_of(u, 2 * na);
  if (have < n) return;
  int bits = std::countl_zero(v[n - 1]);
  shift_left(v, n, bits);
  shift_left(u, have + 1, bits);
  divide_digits(u, have - n, v, n, q);
  shift_right(u, have + 1, bits);
  std::memcpy(quotient, q, na * 8);
  std::memcpy(a, u, na * 8);
}

int compare(const uint64_t* a, const uint64_t* b, size_t count) {
  while (count-- > 0) {
    if (a[count] != b[count]) return a[count] < b[count] ? -1 : 1;
  }
  return 0;
}

}  // namespace sluice::rule::wide
