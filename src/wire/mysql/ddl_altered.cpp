#include "wire/mysql/ddl_alter.h"

namespace sluice::mysql {
namespace {

constexpr uint32_t kNew = UINT32_MAX;

// A column on its way through an ALTER. The key follows the columns, not their names.
struct Moving {
  Column column;
  uint32_t origin = kNew;  // ordinal in the old table
};

bool take_name(std::vector<AlterPlan::Name>& names, std::string_view wanted) {
  for (auto it = names.begin(); it != names.end(); ++it) {
    if (!equal_words(it->name, wanted)) continue;
    names.erase(it);
    return true;
  }
  return false;
}

size_t find_moving(const std::vector<Moving>& columns, std::string_view name) {
  size_t i = 0;
  while (i < columns.size() && !equal_words(columns[i].column.name, name)) ++i;
  return i;
}

// MariaDB drops clauses whose IF EXISTS or IF NOT EXISTS does not hold before it does anything
// (sql/sql_table.cc, handle_if_exists_options).
void settle_conditions(const Table& old, AlterPlan& plan) {
  auto exists = [&old](std::string_view name) { return find_column(old.columns, name) < old.columns.size(); };
  std::vector<std::string> added;
  std::erase_if(plan.definitions, [&](const AlterPlan::Definition& definition) {
    if (!definition.if_exists) return false;
    if (!definition.old_name.empty()) return !exists(definition.old_name);
    const std::string& name = definition.draft.column.name;
    for (const std::string& earlier : added) {
      if (equal_words(earlier, name)) return true;
    }
    added.push_back(name);
    return exists(name);
  });
  std::erase_if(plan.drops,
                [&](const AlterPlan::Name& name) { return name.if_exists && !exists(name.name); });
  std::erase_if(plan.renames, [&](const AlterPlan::Rename& rename) {
    return rename.from.if_exists && !exists(rename.from.name);
  });
}

class Alteration {
 public:
  Alteration(const Table& old, AlterPlan plan, const DdlContext& context)
      : old_(old), plan_(std::move(plan)), context_(context) {}

  Result<Table> run(const std::string& fallback);

 private:
  void settle_charset(const std::string& fallback);
  void keep_old_columns();
  Result<void> place_definitions();
  Result<void> place(const AlterPlan::Definition& definition, Moving moving);
  Result<std::vector<uint32_t>> settle_key(std::vector<Column>& columns) const;
  Column finish(const AlterPlan::Definition& definition) const {
    return finish_column(definition.draft, charset_, context_);
  }

  const Table& old_;
  AlterPlan plan_;
  const DdlContext& context_;
  CharsetName charset_;
  std::vector<Moving> columns_;
  std::vector<Column> hidden_;
  std::vector<uint32_t> origin_of_definition_;  // kNew: of an ADD, or not found
};

void Alteration::settle_charset(const std::string& fallback) {
  charset_ = {old_.charset, old_.collation};
  if (plan_.charset_said) charset_ = plan_.charset;
  complete(charset_, old_.charset.empty() || plan_.convert ? fallback : old_.charset);
}

// In the order of MySQL's and MariaDB's mysql_prepare_alter_table (sql/sql_table.cc): first the old columns,
// those that change in place included; then, one after the other, what is added or moved.
void Alteration::keep_old_columns() {
  origin_of_definition_.assign(plan_.definitions.size(), kNew);
  for (uint32_t ordinal = 0; ordinal < old_.columns.size(); ++ordinal) {
    const Column& column = old_.columns[ordinal];
    if (column.hidden) {
      hidden_.push_back(column);
      continue;
    }
    if (take_name(plan_.drops, column.name)) continue;
    size_t d = 0;
    while (d < plan_.definitions.size() && !equal_words(plan_.definitions[d].old_name, column.name)) ++d;
    if (d < plan_.definitions.size()) {
      origin_of_definition_[d] = ordinal;
      if (plan_.definitions[d].draft.place == ColumnDraft::Place::Stay) {
        columns_.push_back({finish(plan_.definitions[d]), ordinal});
      }
      continue;
    }
    Column kept = column;
    for (auto it = plan_.renames.begin(); it != plan_.renames.end(); ++it) {
      if (!equal_words(it->from.name, column.name)) continue;
      kept.name = it->to;
      plan_.renames.erase(it);
      break;
    }
    for (const AlterPlan::Visibility& visibility : plan_.visibilities) {
      if (equal_words(visibility.name, column.name)) kept.invisible = visibility.invisible;
    }
    columns_.push_back({std::move(kept), ordinal});
  }
}

Result<void> Alteration::place(const AlterPlan::Definition& definition, Moving moving) {
  if (columns_.size() == kMostColumns) return fatal("more than {} columns", kMostColumns);
  switch (definition.draft.place) {
    case ColumnDraft::Place::Stay: columns_.push_back(std::move(moving)); break;
    case ColumnDraft::Place::First: columns_.insert(columns_.begin(), std::move(moving)); break;
    case ColumnDraft::Place::After: {
      size_t after = find_moving(columns_, definition.draft.after);
      if (after == columns_.size()) return fatal("there is no column {}", definition.draft.after);
      columns_.insert(columns_.begin() + static_cast<ptrdiff_t>(after) + 1, std::move(moving));
    }
  }
  return {};
}

Result<void> Alteration::place_definitions() {
  for (size_t d = 0; d < plan_.definitions.size(); ++d) {
    const AlterPlan::Definition& definition = plan_.definitions[d];
    bool adds = definition.old_name.empty();
    if (!adds && origin_of_definition_[d] == kNew) return fatal("there is no column {}", definition.old_name);
    if (!adds && definition.draft.place == ColumnDraft::Place::Stay) continue;
    Column column = finish(definition);
    if (find_moving(columns_, column.name) < columns_.size()) {
      return fatal("there is a column {} already", column.name);
    }
    SLUICE_TRY(place(definition, {std::move(column), origin_of_definition_[d]}));
  }
  return {};
}

Result<std::vector<uint32_t>> Alteration::settle_key(std::vector<Column>& columns) const {
  if (!plan_.primary.empty()) return make_key(columns, plan_.primary);
  std::vector<uint32_t> key;
  if (plan_.drop_primary) return key;
  for (uint32_t origin : old_.key) {
    for (uint32_t ordinal = 0; ordinal < columns_.size(); ++ordinal) {
      if (columns_[ordinal].origin != origin) continue;
      columns[ordinal].nullable = false;
      key.push_back(ordinal);
    }
  }
  return key;
}

Result<Table> Alteration::run(const std::string& fallback) {
  settle_conditions(old_, plan_);
  settle_charset(fallback);
  keep_old_columns();
  if (!plan_.drops.empty()) return fatal("there is no column {}", plan_.drops.front().name);
  if (!plan_.renames.empty()) return fatal("there is no column {}", plan_.renames.front().from.name);
  SLUICE_TRY(place_definitions());
  Table table;
  table.database = old_.database;
  table.name = old_.name;
  table.named = old_.named;
  table.charset = charset_.charset;
  table.collation = charset_.collation;
  bool own_period = false;
  for (const Moving& moving : columns_) {
    table.columns.push_back(moving.column);
    if (plan_.convert) convert_column(table.columns.back(), charset_);
  }
  SLUICE_ASSIGN(key, settle_key(table.columns));
  table.key = std::move(key);
  for (const AlterPlan::Definition& definition : plan_.definitions)
    own_period |= definition.draft.row_start_or_end;
  if (plan_.add_versioning && hidden_.empty() && !own_period) add_period_columns(hidden_);
  if (!plan_.drop_versioning) table.columns.insert(table.columns.end(), hidden_.begin(), hidden_.end());
  return table;
}

}  // namespace

Result<Table> altered(const Table& old, AlterPlan plan, const DdlContext& context,
                      const std::string& fallback) {
  if (!old.named) return fatal("the names of its columns are not known");
  return Alteration(old, std::move(plan), context).run(fallback);
}

}  // namespace sluice::mysql
