#include <algorithm>

#include "wire/mysql/ddl_alter.h"
#include "wire/mysql/row_hash.h"

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
    if (!same_word(it->name, wanted)) continue;
    names.erase(it);
    return true;
  }
  return false;
}

size_t find_moving(const std::vector<Moving>& columns, std::string_view name) {
  size_t i = 0;
  while (i < columns.size() && !same_word(columns[i].column.name, name)) ++i;
  return i;
}

bool has_primary(const Table& table) { return !table.key.empty() && !table.stands_in; }

// MariaDB drops clauses whose IF EXISTS or IF NOT EXISTS does not hold before it does anything
// (sql/sql_table.cc, handle_if_exists_options).
void settle_conditions(const Table& old, AlterPlan& plan) {
  auto exists = [&old](std::string_view name) { return find_column(old.columns, name) < old.columns.size(); };
  auto among = [](const std::vector<std::string>& names, std::string_view name) {
    return std::any_of(names.begin(), names.end(), [&](const std::string& x) { return same_word(x, name); });
  };
  std::vector<std::string> added, dropped;
  std::erase_if(plan.definitions, [&](const AlterPlan::Definition& definition) {
    const std::string& name = definition.draft.column.name;
    if (!definition.old_name.empty()) {
      if (definition.if_exists && !exists(definition.old_name)) return true;
      added.push_back(name);
      return false;
    }
    if (definition.if_exists && (exists(name) || among(added, name))) {
      // The key that it asks for stays, if there is none.
      if (definition.draft.primary && !has_primary(old)) plan.keys.primary = {name};
      return true;
    }
    added.push_back(name);
    return false;
  });
  std::erase_if(plan.drops, [&](const AlterPlan::Name& drop) {
    if (drop.if_exists && (!exists(drop.name) || among(dropped, drop.name))) return true;
    dropped.push_back(drop.name);
    return false;
  });
  std::erase_if(plan.renames, [&](const AlterPlan::Rename& rename) {
    return rename.from.if_exists && !exists(rename.from.name);
  });
  if (plan.keys.primary_if_not_exists && has_primary(old)) plan.keys.primary.clear();
  std::erase_if(plan.keys.unique,
                [&](const UniqueDraft& unique) { return unique.if_not_exists && has_unique(old, unique); });
}

class Alteration {
 public:
  Alteration(const Table& old, AlterPlan plan, const DdlContext& context)
      : old_(old), plan_(std::move(plan)), context_(context) {}

  Result<Altered> run(const std::string& fallback);

 private:
  void settle_charset(const std::string& fallback);
  void keep_old_columns();
  Result<void> place_definition(const AlterPlan::Definition& definition, uint32_t origin);
  Result<void> place(const ColumnDraft& draft, Moving moving);
  Moving take_out(size_t index);
  Result<std::vector<uint32_t>> settle_key(std::vector<Column>& columns) const;
  void settle_unique(Table& table) const;
  Column finish(const AlterPlan::Definition& definition) const;

  const Table& old_;
  AlterPlan plan_;
  const DdlContext& context_;
  CharsetName charset_;
  std::vector<Moving> columns_;
  bool versioned_ = false;                      // by the columns of add_period_columns
  std::vector<uint32_t> origin_of_definition_;  // kNew: of an ADD, or not found
};

void Alteration::settle_charset(const std::string& fallback) {
  auto settle = [&](CharsetName& name) {
    complete(name, name.of_database || old_.charset.empty() ? fallback : old_.charset);
  };
  charset_ = {old_.charset, old_.collation};
  if (plan_.convert) charset_ = *plan_.convert;
  if (plan_.charset_said) charset_ = plan_.charset;
  settle(charset_);
  if (plan_.convert) settle(*plan_.convert);
}

Column Alteration::finish(const AlterPlan::Definition& definition) const {
  ColumnDraft draft = definition.draft;
  // What its definition names gives way to CONVERT TO CHARACTER SET.
  if (plan_.convert && draft.column.charset != "binary") {
    draft.column.charset = plan_.convert->charset;
    draft.column.collation = plan_.convert->collation;
    draft.binary = false;
  }
  return finish_column(std::move(draft), charset_, context_);
}

// In the order of MySQL's and MariaDB's mysql_prepare_alter_table (sql/sql_table.cc): first the old columns,
// changed or not; then, one after the other, what is added or moved.
void Alteration::keep_old_columns() {
  origin_of_definition_.assign(plan_.definitions.size(), kNew);
  for (uint32_t ordinal = 0; ordinal < old_.columns.size(); ++ordinal) {
    const Column& column = old_.columns[ordinal];
    if (column.hidden) {
      versioned_ |= column.type == ColumnType::Timestamp;  // else a DB_ROW_HASH
      continue;
    }
    if (take_name(plan_.drops, column.name)) continue;
    size_t d = 0;
    while (d < plan_.definitions.size() && !same_word(plan_.definitions[d].old_name, column.name)) ++d;
    if (d < plan_.definitions.size()) {
      origin_of_definition_[d] = ordinal;
      columns_.push_back({finish(plan_.definitions[d]), ordinal});
      continue;
    }
    Column kept = column;
    for (auto it = plan_.renames.begin(); it != plan_.renames.end(); ++it) {
      if (!same_word(it->from.name, column.name)) continue;
      kept.name = it->to;
      plan_.renames.erase(it);
      break;
    }
    for (const AlterPlan::Visibility& visibility : plan_.visibilities) {
      if (same_word(visibility.name, column.name)) kept.invisible = visibility.invisible;
    }
    columns_.push_back({std::move(kept), ordinal});
  }
}

Result<void> Alteration::place(const ColumnDraft& draft, Moving moving) {
  if (columns_.size() == kMostColumns) return fatal("more than {} columns", kMostColumns);
  switch (draft.place) {
    case ColumnDraft::Place::Stay: columns_.push_back(std::move(moving)); break;
    case ColumnDraft::Place::First: columns_.insert(columns_.begin(), std::move(moving)); break;
    case ColumnDraft::Place::After: {
      size_t after = find_moving(columns_, draft.after);
      if (after == columns_.size()) return fatal("there is no column {}", draft.after);
      columns_.insert(columns_.begin() + static_cast<ptrdiff_t>(after) + 1, std::move(moving));
    }
  }
  return {};
}

// The column stands at its old place under its new name until it is moved.
Moving Alteration::take_out(size_t index) {
  auto at = columns_.begin() + static_cast<ptrdiff_t>(index);
  Moving moving = std::move(*at);
  columns_.erase(at);
  return moving;
}

Result<void> Alteration::place_definition(const AlterPlan::Definition& definition, uint32_t origin) {
  const ColumnDraft& draft = definition.draft;
  if (origin != kNew) {
    if (draft.place == ColumnDraft::Place::Stay) return {};
    size_t index = 0;
    while (columns_[index].origin != origin) ++index;
    return place(draft, take_out(index));
  }
  size_t same = find_moving(columns_, draft.column.name);
  bool there = same < columns_.size();
  if (definition.old_name.empty()) {
    if (there) return fatal("there is a column {} already", draft.column.name);
  } else {
    // MariaDB lets a column that was just added be modified in the same statement.
    if (!there || columns_[same].origin != kNew) return fatal("there is no column {}", definition.old_name);
    take_out(same);
  }
  return place(draft, {finish(definition), kNew});
}

Result<std::vector<uint32_t>> Alteration::settle_key(std::vector<Column>& columns) const {
  // A column whose definition says PRIMARY KEY; one of its clauses that had no effect does not count.
  for (const AlterPlan::Definition& definition : plan_.definitions) {
    if (!definition.draft.primary) continue;
    const std::string& name = definition.draft.column.name;
    // MariaDB takes a column's IF [NOT] EXISTS for its key too, of which only NOT NULL is left then.
    if (!definition.if_exists || !has_primary(old_)) return make_key(columns, {name});
    columns[find_column(columns, name)].nullable = false;
  }
  if (!plan_.keys.primary.empty()) return make_key(columns, plan_.keys.primary);
  std::vector<uint32_t> key;
  if (plan_.drop_primary || !has_primary(old_)) return key;
  for (uint32_t origin : old_.key) {
    for (uint32_t ordinal = 0; ordinal < columns_.size(); ++ordinal) {
      if (columns_[ordinal].origin != origin) continue;
      columns[ordinal].nullable = false;
      key.push_back(ordinal);
    }
  }
  return key;
}

// Those there were, without the columns that are gone, then new ones.
void Alteration::settle_unique(Table& table) const {
  for (const UniqueKey& old : old_.unique) {
    UniqueKey key{.name = old.name, .columns = {}, .partial = old.partial};
    for (uint32_t origin : old.columns) {
      for (uint32_t ordinal = 0; ordinal < columns_.size(); ++ordinal) {
        if (columns_[ordinal].origin == origin) key.columns.push_back(ordinal);
      }
    }
    if (key.partial || !key.columns.empty()) table.unique.push_back(std::move(key));
  }
  for (const std::string& name : plan_.dropped_indexes) {
    if (!same_word(name, "PRIMARY")) drop_index(table, name);  // that is settled
  }
  for (const auto& [from, to] : plan_.renamed_indexes) rename_index(table, from, to);
  for (const UniqueDraft& unique : plan_.keys.unique) add_unique(table, unique);
}

Result<Altered> Alteration::run(const std::string& fallback) {
  settle_conditions(old_, plan_);
  settle_charset(fallback);
  keep_old_columns();
  if (!plan_.drops.empty()) return fatal("there is no column {}", plan_.drops.front().name);
  if (!plan_.renames.empty()) return fatal("there is no column {}", plan_.renames.front().from.name);
  for (size_t d = 0; d < plan_.definitions.size(); ++d) {
    SLUICE_TRY(place_definition(plan_.definitions[d], origin_of_definition_[d]));
  }
  Altered made;
  Table& table = made.table;
  table.database = old_.database;
  table.name = old_.name;
  table.named = old_.named;
  table.charset = charset_.charset;
  table.collation = charset_.collation;
  bool own_period = false;
  bool converted = false;
  for (const Moving& moving : columns_) {
    table.columns.push_back(moving.column);
    made.origins.push_back(moving.origin);
    Column& column = table.columns.back();
    if (plan_.convert) convert_column(column, *plan_.convert, context_);
    converted |= column.charset != moving.column.charset || column.collation != moving.column.collation;
  }
  // Before MySQL 8.0 a conversion that changes no column does nothing at all.
  if (is_old_mysql(context_) && plan_.convert && plan_.only_converts && !converted)
    return Altered{old_, std::move(made.origins)};
  SLUICE_ASSIGN(key, settle_key(table.columns));
  table.key = std::move(key);
  for (const AlterPlan::Definition& definition : plan_.definitions) {
    own_period |= definition.draft.row_start_or_end;
  }
  settle_unique(table);
  bool versioned = versioned_ ? !plan_.drop_versioning : plan_.add_versioning && !own_period;
  if (versioned) add_period_columns(table);
  settle_keys(table, context_.flavor);
  return made;
}

}  // namespace

Result<Altered> altered(const Table& old, AlterPlan plan, const DdlContext& context,
                        const std::string& fallback) {
  if (!old.named) return fatal("the names of its columns are not known");
  return Alteration(old, std::move(plan), context).run(fallback);
}

}  // namespace sluice::mysql
