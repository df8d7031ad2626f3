// What is wrong with an expression, shown with a caret under the place.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice::rule {

// A Usage fault: the column (counted in characters, from 1), the words, a line of `source` and a caret under
// its byte `at`.
Failure fault_at(std::string_view source, size_t at, const std::string& words);

}  // namespace sluice::rule
