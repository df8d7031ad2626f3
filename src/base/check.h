// CHECK states what must be true whatever the input; it stays on in release builds. A crash is safe: the
// checkpoint makes it safe.
#pragma once

namespace sluice {

[[noreturn]] void check_failed(const char* condition, const char* file, int line) noexcept;

}  // namespace sluice

#define CHECK(condition) \
  (__builtin_expect(!!(condition), 1) ? (void)0 : ::sluice::check_failed(#condition, __FILE__, __LINE__))
