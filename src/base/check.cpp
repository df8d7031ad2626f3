#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace sluice {

void check_failed(const char* condition, const char* file, int line) noexcept {
  std::fprintf(stderr, "sluice: CHECK failed at %s:%d: %s\n", file, line, condition);
  std::abort();
}

}  // namespace sluice
