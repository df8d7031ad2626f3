#include "format/canal/flat_plan.h"

#include <fmt/core.h>

#include <algorithm>

#include "format/canal/column_type.h"
#include "format/json_text.h"

namespace sluice::canal {
namespace {

std::string key_names(const Table& table, bool strict) {
  if (table.key.empty()) return "null";
  std::vector<uint32_t> key = table.key;
  if (strict) std::sort(key.begin(), key.end());  // in the order of the columns
  std::string names;
  for (uint32_t column : key) names += (names.empty() ? "" : ",") + quoted(table.columns[column].name);
  return "[" + names + "]";
}

// Members each begin with a comma.
std::string object(const std::string& members) {
  return "{" + (members.empty() ? members : members.substr(1)) + "}";
}

}  // namespace

FlatPlan::FlatPlan(TablePtr shape, const Options& options) : table(std::move(shape)) {
  std::string types, numbers;
  for (const Column& column : table->columns) {
    FlatColumn plan;
    plan.name = "," + quoted(column.name) + ":";
    plan.key = Snippet(plan.name + '"');
    plan.mysql_type = plan.name + quoted(mysql_type(column));
    plan.sql_type = sql_type(column);
    size_t longest = 0, all = 0;
    for (const std::string& member : column.members) {
      if (options.strict) break;  // their numbers are shown
      plan.labels.emplace_back(json_text(member));
      longest = std::max(longest, plan.labels.back().size());
      all += plan.labels.back().size() + 1;
    }
    row_bytes += plan.key.size() + kScalarBytes + (column.type == ColumnType::Set ? all : longest);
    types += plan.mysql_type;
    numbers += plan.name + std::to_string(plan.sql_type);
    columns.push_back(std::move(plan));
  }
  database = fmt::format(R"(],"database":{},"es":)", quoted(table->database));
  mysql_types = object(types);
  key_names = fmt::format(R"(,"pkNames":{},"sql":"","sqlType":)", canal::key_names(*table, options.strict));
  sql_types = object(numbers);
  name = fmt::format(R"(,"table":{},"ts":)", quoted(table->name));
}

}  // namespace sluice::canal
