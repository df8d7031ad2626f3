// Patterns over database.table.column, as lists of wanted or masked columns hold them.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace sluice {

// Refuses a pattern that can fit no column: the pattern of a table's name alone, or of a column in any
// database, would leave in or in plain what its author took for left out or masked.
Result<void> check_column_patterns(const std::vector<std::string>& patterns);

}  // namespace sluice
