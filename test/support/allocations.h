// Counts what the calling thread allocates, by malloc and by new, for tests that promise none.
#pragma once

#include <cstddef>

namespace sluice::test {

// Allocations of the calling thread since it began.
size_t allocations();

}  // namespace sluice::test
