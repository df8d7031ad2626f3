// 10^0 to 10^16, by their exponents.
#pragma once

#include <array>
#include <cstdint>

namespace sluice {

inline constexpr std::array<uint64_t, 17> kPowersOfTen = [] {
  std::array<uint64_t, 17> powers{1};
  for (size_t i = 1; i < powers.size(); ++i) powers[i] = 10 * powers[i - 1];
  return powers;
}();

}  // namespace sluice
