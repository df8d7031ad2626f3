#include "wire/mysql/ddl_alter.h"

#include <tuple>

namespace sluice::mysql {
namespace {

Result<AlterPlan::Name> read_column_name(SqlReader& in) {
  AlterPlan::Name name;
  name.if_exists = in.accept({"IF", "EXISTS"});
  SLUICE_ASSIGN(text, in.name("a column name"));
  name.name = std::move(text);
  return name;
}

Result<void> read_add(SqlReader& in, const DdlContext& context, AlterPlan& plan) {
  if (in.accept({"SYSTEM", "VERSIONING"})) {
    plan.add_versioning = true;
    return {};
  }
  if (in.at({"PARTITION"})) {
    in.skip_rest();
    return {};
  }
  bool column_said = in.accept("COLUMN");
  if (!column_said && at_key(in)) return read_key(in, plan.keys);
  bool if_not_exists = in.accept({"IF", "NOT", "EXISTS"});
  TableDraft list;
  if (in.accept('(')) {
    SLUICE_TRY(read_elements(in, context, list));
  } else {
    SLUICE_ASSIGN(column, read_column(in, context));
    list.versioned = column.versioned;
    if (column.unique) list.keys.unique.push_back(unique_of(column.column.name));
    list.columns.push_back(std::move(column));
  }
  if (!list.keys.primary.empty()) plan.keys.primary = std::move(list.keys.primary);
  for (UniqueDraft& unique : list.keys.unique) {
    unique.if_not_exists |= if_not_exists;
    plan.keys.unique.push_back(std::move(unique));
  }
  plan.add_versioning |= list.versioned;
  for (ColumnDraft& draft : list.columns) plan.definitions.push_back({std::move(draft), {}, if_not_exists});
  return {};
}

Result<void> read_drop(SqlReader& in, AlterPlan& plan) {
  if (in.accept({"PRIMARY", "KEY"})) {
    plan.drop_primary = true;
    return {};
  }
  if (in.accept({"SYSTEM", "VERSIONING"})) {
    plan.drop_versioning = true;
    return {};
  }
  if (in.at_any({"PARTITION"}) || in.at({"PERIOD", "FOR"}) || in.at({"FOREIGN", "KEY"}))
    return in.skip_item();
  if (in.at_any({"INDEX", "KEY", "CONSTRAINT", "CHECK"})) {
    in.take();
    in.accept({"IF", "EXISTS"});
    if (in.peek().is_name()) {
      // The primary key is the index of that name.
      plan.drop_primary |= same_word(in.peek().text, "PRIMARY");
      plan.dropped_indexes.push_back(in.value(in.take()));
    }
    return in.skip_item();
  }
  in.accept("COLUMN");
  SLUICE_ASSIGN(name, read_column_name(in));
  plan.drops.push_back(std::move(name));
  return in.skip_item();  // RESTRICT, CASCADE
}

Result<void> read_change(SqlReader& in, const DdlContext& context, bool renames, AlterPlan& plan) {
  in.accept("COLUMN");
  bool if_exists = in.accept({"IF", "EXISTS"});
  std::string old_name;
  if (renames) {
    SLUICE_ASSIGN(name, in.name("a column name"));
    old_name = std::move(name);
  }
  SLUICE_ASSIGN(column, read_column(in, context));
  if (!renames) old_name = column.column.name;
  plan.add_versioning |= column.versioned;
  if (column.unique) {
    plan.keys.unique.push_back(unique_of(column.column.name));
    plan.keys.unique.back().if_not_exists = if_exists;
  }
  plan.definitions.push_back({std::move(column), std::move(old_name), if_exists});
  return {};
}

Result<void> read_rename(SqlReader& in, const DdlContext& context, AlterPlan& plan) {
  if (in.accept("INDEX") || in.accept("KEY")) {
    in.accept({"IF", "EXISTS"});
    SLUICE_ASSIGN(from, in.name("a key's name"));
    if (!in.accept("TO")) return in.unexpected("TO");
    SLUICE_ASSIGN(to, in.name("a key's name"));
    plan.renamed_indexes.emplace_back(std::move(from), std::move(to));
    return {};
  }
  if (in.accept("COLUMN")) {
    SLUICE_ASSIGN(from, read_column_name(in));
    if (!in.accept("TO")) return in.unexpected("TO");
    SLUICE_ASSIGN(to, in.name("a column name"));
    plan.renames.push_back({std::move(from), std::move(to)});
    return {};
  }
  if (!in.accept("TO") && !in.accept("AS")) in.accept('=');
  SLUICE_ASSIGN(name, read_table_name(in, context));
  plan.rename_to = std::move(name);
  return {};
}

// ALTER [COLUMN] name SET …, and of indexes and constraints.
Result<void> read_alter_column(SqlReader& in, AlterPlan& plan) {
  if (in.at_any({"INDEX", "KEY", "CHECK", "CONSTRAINT"})) return in.skip_item();
  in.accept("COLUMN");
  SLUICE_ASSIGN(name, read_column_name(in));
  if (in.at({"SET", "INVISIBLE"}) || in.at({"SET", "VISIBLE"})) {
    in.take();
    plan.visibilities.push_back({std::move(name.name), in.take().is("INVISIBLE")});
  }
  return in.skip_item();
}

Result<void> read_convert(SqlReader& in, const DdlContext& context, AlterPlan& plan) {
  if (in.accept("TABLE")) {
    SLUICE_ASSIGN(name, read_table_name(in, context));
    plan.partition_from = std::move(name);
    in.skip_rest();
    return {};
  }
  if (in.accept("PARTITION")) {
    while (!in.at_end() && !in.accept({"TO", "TABLE"})) in.take();
    SLUICE_ASSIGN(name, read_table_name(in, context));
    plan.partition_to = std::move(name);
    in.skip_rest();
    return {};
  }
  if (!in.accept("TO")) return in.unexpected("TO");
  // MySQL has one character set to which each clause adds; to MariaDB the table's default is another matter.
  bool apart = context.flavor == Flavor::MariaDb;
  CharsetName name = apart && plan.convert ? *plan.convert : CharsetName{};
  SLUICE_ASSIGN(is_charset, read_charset_option(in, context, name));
  if (!is_charset) return in.unexpected("CHARACTER SET");
  if (in.accept("COLLATE")) SLUICE_TRY(read_collation(in, name));
  if (!apart) {
    plan.charset = name;
    plan.charset_said = true;
  }
  plan.convert = std::move(name);
  return {};
}

// Table options and partitioning: they go on to the comma, and to anything behind them that is an option too.
Result<void> read_table_options(SqlReader& in, const DdlContext& context, AlterPlan& plan) {
  if (in.at_any({"PARTITION", "REORGANIZE", "COALESCE", "EXCHANGE", "REMOVE"}) ||
      in.peek(1).is("PARTITION")) {
    in.skip_rest();
    return {};
  }
  while (!in.at_item_end()) {
    if (in.at({"PARTITION", "BY"})) {
      in.skip_rest();
      return {};
    }
    SLUICE_ASSIGN(is_charset, read_charset_option(in, context, plan.charset));
    if (is_charset) {
      plan.charset_said = true;
    } else if (in.peek().is('(')) {
      SLUICE_TRY(in.skip_group());
    } else {
      in.take();
    }
  }
  return {};
}

Result<void> read_clause(SqlReader& in, const DdlContext& context, AlterPlan& plan) {
  if (in.accept("ADD")) return read_add(in, context, plan);
  if (in.at({"DROP"}) && !in.peek(1).is("PARTITION")) {
    in.take();
    return read_drop(in, plan);
  }
  if (in.accept("MODIFY")) return read_change(in, context, false, plan);
  if (in.accept("CHANGE")) return read_change(in, context, true, plan);
  if (in.accept("RENAME")) return read_rename(in, context, plan);
  if (in.accept("ALTER")) return read_alter_column(in, plan);
  if (in.accept("CONVERT")) return read_convert(in, context, plan);
  return read_table_options(in, context, plan);
}

// The tables besides `name` that come or go.
void note_tables(const AlterPlan& plan, DdlRun& run) {
  for (const auto& other : {plan.rename_to, plan.partition_from, plan.partition_to}) {
    if (other) run.outcome.tables.push_back(*other);
  }
}

Result<void> apply_alter(AlterPlan plan, const TableName& name, DdlRun& run) {
  note_tables(plan, run);
  const auto rename_to = plan.rename_to;
  const auto partition_to = plan.partition_to;
  if (plan.partition_from) run.catalogue.drop(plan.partition_from->database, plan.partition_from->table);
  TablePtr old = run.catalogue.find(name.database, name.table);
  if (!old) {
    if (rename_to) run.catalogue.drop(rename_to->database, rename_to->table);
    return {};
  }
  SLUICE_ASSIGN(made,
                altered(*old, std::move(plan), run.context, run.catalogue.default_charset(name.database)));
  Table& table = made.table;
  if (run.context.judge) {
    Table named = table;
    if (rename_to) std::tie(named.database, named.name) = std::tie(rename_to->database, rename_to->table);
    if (auto judged = run.context.judge(*old, named, made.origins); !judged) {
      run.outcome.refused = std::move(judged).error();
      return {};
    }
  }
  if (partition_to) {
    Table part = table;
    part.database = partition_to->database;
    part.name = partition_to->table;
    run.catalogue.put(freeze(std::move(part)));
  }
  run.catalogue.put(freeze(std::move(table)));
  if (rename_to) run.catalogue.rename({{name, *rename_to}});
  const TableName& name_now = rename_to ? *rename_to : name;
  run.outcome.before = std::move(old);
  run.outcome.after = run.catalogue.find(name_now.database, name_now.table);
  return {};
}

}  // namespace

Result<AlterPlan> read_alter(SqlReader& in, const DdlContext& context) {
  AlterPlan plan;
  size_t clauses = 0;
  while (!in.at_end()) {
    if (++clauses > kMostClauses) return fatal("more than {} clauses", kMostClauses);
    plan.only_converts &= in.at({"CONVERT", "TO"});
    SLUICE_TRY(read_clause(in, context, plan));
    // PARTITION BY and REMOVE PARTITIONING follow the last clause without a comma.
    if (in.at_any({"PARTITION", "REMOVE"})) in.skip_rest();
    if (!in.at_end() && !in.accept(',')) return in.unexpected("a comma");
  }
  return plan;
}

Result<void> alter_table(SqlReader& in, DdlRun& run) {
  while (!in.accept("TABLE") && !in.at_end()) in.take();
  in.accept({"IF", "EXISTS"});
  SLUICE_ASSIGN(name, read_table_name(in, run.context));
  run.outcome.tables.push_back(name);
  if (in.accept("WAIT")) in.take();
  in.accept("NOWAIT");
  SLUICE_ASSIGN(plan, read_alter(in, run.context));
  return apply_alter(std::move(plan), name, run);
}

}  // namespace sluice::mysql
