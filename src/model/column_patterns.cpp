#include "model/column_patterns.h"

#include <algorithm>
#include <string_view>

namespace sluice {

Result<void> check_column_patterns(const std::vector<std::string>& patterns) {
  for (const std::string& pattern : patterns) {
    std::string_view text = pattern;
    text.remove_prefix(std::min(text.find_first_not_of(" !"), text.size()));
    bool by_names = !text.starts_with('/') && text.find_first_of("*?") == text.npos;
    if (!by_names || std::count(text.begin(), text.end(), '.') >= 2) continue;
    return usage(
        "column pattern '{}' does not name a database, a table and a column; expected database.table.column, "
        "such as "
        "*.{}",
        pattern, text);
  }
  return {};
}

}  // namespace sluice
