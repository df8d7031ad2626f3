// Decimals as Kafka Connect's Decimal: the unscaled value, big-endian, in two's complement, as short as it
// can be (java.math.BigInteger.toByteArray).
#pragma once

#include <cstddef>
#include <string_view>

namespace sluice {

constexpr size_t kUnscaledBytes = 32;  // of 65 decimal digits and a sign

// `digits`: an optional sign, digits, among them at most one point, which does not count; at most 65 digits.
// Writes at `out`, which has room for kUnscaledBytes, and returns how many bytes.
size_t unscaled(char* out, std::string_view digits);

}  // namespace sluice
