// One server of several: the first that does what is asked of it.
#pragma once

#include <string>

#include "base/result.h"

namespace sluice {

// Calls attempt(number) for the server number `at` of `count`, and for the others where that fails; `at` is
// then the one that did it. A fault has the words of each, and is Retryable where it is for one of them.
template <class Attempt>
Result<void> first_of(size_t count, size_t& at, Attempt attempt) {
  Error all;
  for (size_t tried = 0; tried < count; ++tried, at = (at + 1) % count) {
    Result<void> done = attempt(at);
    if (done || done.error().fault == Fault::Stopped) return done;
    Error& error = done.error();
    if (tried == 0 || error.fault == Fault::Retryable) all.fault = error.fault;
    if (all.what.find(error.what) == std::string::npos) all.what += (tried == 0 ? "" : "; ") + error.what;
  }
  return tl::unexpected(std::move(all));
}

}  // namespace sluice
