#include "format/maxwell/plan.h"

#include <algorithm>

#include "format/json_text.h"

namespace sluice::maxwell {
namespace {

ColumnPlan plan_column(const Column& column, Naming naming) {
  ColumnPlan plan;
  plan.key = Snippet(",\"" + json_text(named(column.name, naming)) + "\":");
  size_t longest = 0, all = 0;
  for (const std::string& member : column.members) {
    plan.members.emplace_back('"' + json_text(member) + '"');
    longest = std::max(longest, plan.members.back().size());
    all += plan.members.back().size() + 1;
  }
  plan.label_bytes = column.type == ColumnType::Set ? all : longest;
  return plan;
}

}  // namespace

Plan::Plan(const Table& table, Naming naming, bool with_key, bool with_key_columns) {
  head = Snippet("{\"" + named("database", naming) + "\":\"" + json_text(table.database) + "\",\"" +
                 named("table", naming) + "\":\"" + json_text(table.name) + '"');
  columns.reserve(table.columns.size());
  for (const Column& column : table.columns) {
    columns.push_back(plan_column(column, naming));
    row_bytes += columns.back().key.size() + columns.back().label_bytes + kScalarBytes;
  }
  if (with_key) key = table.key;
  key_name = Snippet(",\"" + named("primary_key", naming) + "\":[");
  if (with_key_columns) {
    std::string list = ",\"" + named("primary_key_columns", naming) + "\":[";
    for (size_t i = 0; i < table.key.size(); ++i) {
      if (i > 0) list += ',';
      list += '"' + json_text(table.columns[table.key[i]].name) + '"';
    }
    key_columns = Snippet(list + ']');
  }
}

}  // namespace sluice::maxwell
