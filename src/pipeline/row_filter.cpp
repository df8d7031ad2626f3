#include "pipeline/row_filter.h"

#include <algorithm>

#include "pipeline/template.h"

namespace sluice {
namespace {

bool is_null_word(std::string_view text) { return text == "null" || text == "NULL"; }

bool fits(const RowRule& rule, const Change& change, uint32_t column, Bytes& scratch) {
  const Row& row = change.after ? change.after : change.before;
  const Row& other = change.after ? change.before : change.after;
  bool here = column < row.count && row[column].present();
  const Row& holder = here ? row : other;
  if (column >= holder.count || !holder[column].present()) return false;  // a partial image without it
  bool null = holder[column].kind == Kind::Null;
  if (rule.any) return !null;
  bool wants_null = !rule.text && !rule.regex;
  if (null) return wants_null;
  scratch.clear();
  append_value(scratch, change, row, column);
  if (wants_null) return is_null_word(scratch.view());
  return rule.text ? scratch.view() == *rule.text : rule.regex->wants("", scratch.view());
}

}  // namespace

std::vector<RowFilter::Bound> RowFilter::bind(const Table& table) const {
  std::vector<Bound> bound;
  for (const RowRule& rule : rules_) {
    if (!rule.tables.wants(table.database, table.name)) continue;
    auto column = std::find_if(table.columns.begin(), table.columns.end(),
                               [&](const Column& each) { return each.name == rule.column; });
    if (!rule.column.empty() && column == table.columns.end()) continue;
    bound.push_back({&rule, static_cast<uint32_t>(column - table.columns.begin())});
  }
  return bound;
}

bool RowFilter::wants(const std::vector<Bound>& bound, const Change& change, Bytes& scratch) {
  bool wanted = true;
  for (const Bound& each : bound) {
    if (each.rule->include == wanted) continue;
    if (each.rule->column.empty() || fits(*each.rule, change, each.column, scratch)) wanted = !wanted;
  }
  return wanted;
}

bool RowFilter::wants_table(std::string_view database, std::string_view table) const {
  bool wanted = true;
  for (const RowRule& rule : rules_) {
    if (rule.column.empty() && rule.tables.wants(database, table)) wanted = rule.include;
  }
  return wanted;
}

}  // namespace sluice
