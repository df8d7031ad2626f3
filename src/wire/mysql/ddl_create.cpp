#include "wire/mysql/ddl_table.h"
#include "wire/mysql/row_hash.h"

namespace sluice::mysql {
namespace {

// What stands behind the definition of the columns: options, partitions, perhaps a query.
Result<void> read_options(SqlReader& in, const DdlContext& context, TableDraft& draft) {
  while (!in.at_end()) {
    SLUICE_ASSIGN(is_charset, read_charset_option(in, context, draft.charset));
    if (is_charset) continue;
    if (in.accept({"WITH", "SYSTEM", "VERSIONING"})) {
      draft.versioned = true;
    } else if (in.at_any({"SELECT", "WITH", "VALUES", "AS", "TABLE"}) || in.at({"IGNORE", "SELECT"})) {
      draft.selects = true;
      return {};
    } else if (in.peek().is('(')) {
      if (in.peek(1).is("SELECT")) draft.selects = true;
      SLUICE_TRY(in.skip_group());
    } else {
      in.take();
    }
  }
  return {};
}

Result<TablePtr> find_model(SqlReader& in, DdlRun& run) {
  SLUICE_ASSIGN(name, read_table_name(in, run.context));
  TablePtr model = run.catalogue.find(name.database, name.table);
  run.outcome.lacks_model = !model;
  if (!model) return fatal("the shape of {}.{} is not known", name.database, name.table);
  return model;
}

Result<Table> build(TableDraft draft, const TableName& name, DdlRun& run) {
  Table table;
  table.database = name.database;
  table.name = name.table;
  complete(draft.charset, run.catalogue.default_charset(name.database));
  table.charset = draft.charset.charset;
  table.collation = draft.charset.collation;
  bool own_period = false;
  for (ColumnDraft& column : draft.columns) {
    own_period |= column.row_start_or_end;
    if (column.primary) draft.keys.primary = {column.column.name};
    table.columns.push_back(finish_column(std::move(column), draft.charset, run.context));
  }
  SLUICE_ASSIGN(key, make_key(table.columns, draft.keys.primary));
  table.key = std::move(key);
  for (const UniqueDraft& one : draft.keys.unique) add_unique(table, one);
  if (draft.versioned && !own_period) add_period_columns(table);
  settle_keys(table, run.context.flavor);
  return table;
}

Failure columns_from_query(DdlRun& run) {
  run.outcome.has_query = true;
  return fatal("its columns come from a query");
}

// Behind the table's name.
Result<Table> read_definition(SqlReader& in, const TableName& name, DdlRun& run) {
  bool in_parentheses = in.at({"LIKE"}) ? false : in.accept('(');
  if (in.accept("LIKE")) {
    SLUICE_ASSIGN(model, find_model(in, run));
    Table table = *model;
    table.database = name.database;
    table.name = name.table;
    return table;
  }
  TableDraft draft;
  if (in_parentheses) {
    if (in.peek().is("SELECT")) return columns_from_query(run);
    SLUICE_TRY(read_elements(in, run.context, draft));
  }
  SLUICE_TRY(read_options(in, run.context, draft));
  if (draft.selects) return columns_from_query(run);
  if (draft.columns.empty()) return in.unexpected("the columns");
  return build(std::move(draft), name, run);
}

Column sequence_column(const char* name, bool is_unsigned = false) {
  Column column;
  column.name = name;
  column.type = ColumnType::BigInt;
  column.is_unsigned = is_unsigned;
  column.nullable = false;
  column.declared = is_unsigned ? "bigint(21) unsigned" : "bigint(21)";
  return column;
}

struct CreateName {
  TableName name;
  bool exists = false;  // it is there and stays as it is
};

// From behind CREATE to behind the name.
Result<CreateName> read_create(SqlReader& in, DdlRun& run, std::string_view object) {
  bool replaces = in.accept({"OR", "REPLACE"});
  while (!in.peek().is(object) && !in.at_end()) run.outcome.is_temporary |= in.take().is("TEMPORARY");
  in.accept(object);
  bool if_not_exists = in.accept({"IF", "NOT", "EXISTS"});
  SLUICE_ASSIGN(name, read_table_name(in, run.context));
  run.outcome.tables.push_back(name);
  bool exists = if_not_exists && !replaces && run.catalogue.find(name.database, name.table);
  return CreateName{std::move(name), exists};
}

}  // namespace

Result<void> create_table(SqlReader& in, DdlRun& run) {
  SLUICE_ASSIGN(create, read_create(in, run, "TABLE"));
  if (create.exists || run.outcome.is_temporary) return {};
  SLUICE_ASSIGN(table, read_definition(in, create.name, run));
  run.outcome.after = freeze(std::move(table));
  run.catalogue.put(run.outcome.after);
  return {};
}

// A sequence of MariaDB is a table of one row, whose changes the log holds (MariaDB sql/sql_sequence.cc,
// sequence_structure).
Result<void> create_sequence(SqlReader& in, DdlRun& run) {
  SLUICE_ASSIGN(create, read_create(in, run, "SEQUENCE"));
  if (create.exists || run.outcome.is_temporary) return {};
  Table table;
  table.database = create.name.database;
  table.name = create.name.table;
  for (const char* name :
       {"next_not_cached_value", "minimum_value", "maximum_value", "start_value", "increment"}) {
    table.columns.push_back(sequence_column(name));
  }
  table.columns.push_back(sequence_column("cache_size", true));
  Column cycle = sequence_column("cycle_option", true);
  cycle.type = ColumnType::TinyInt;
  cycle.declared = "tinyint(1) unsigned";
  table.columns.push_back(std::move(cycle));
  table.columns.push_back(sequence_column("cycle_count"));
  run.catalogue.put(freeze(std::move(table)));
  return {};
}

}  // namespace sluice::mysql
