// Whole numbers of several 64-bit limbs, lowest first: what Decimal multiplies and divides.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sluice::rule::wide {

// a * factor + more, in place; returns what did not fit.
uint64_t multiply_small(uint64_t* a, size_t count, uint64_t factor, uint64_t more);
// a / divisor, in place; returns the rest.
uint64_t divide_small(uint64_t* a, size_t count, uint64_t divisor);
// out (na + nb limbs) = a * b
void multiply(const uint64_t* a, size_t na, const uint64_t* b, size_t nb, uint64_t* out);
// `a` becomes the rest, `quotient` (na limbs) what goes. `b` is not zero; na, nb <= kMost.
constexpr size_t kMost = 8;
void divide(uint64_t* a, size_t na, const uint64_t* b, size_t nb, uint64_t* quotient);
// < 0, 0, > 0
int compare(const uint64_t* a, const uint64_t* b, size_t count);

}  // namespace sluice::rule::wide
