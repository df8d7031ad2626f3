#include "wire/mysql/ddl_table.h"

#include <algorithm>

namespace sluice::mysql {
namespace {

Result<void> read_primary(SqlReader& in, KeyDrafts& keys) {
  std::vector<std::string>& primary = keys.primary;
  keys.primary_if_not_exists |= in.accept({"IF", "NOT", "EXISTS"});
  while (!in.at_item_end() && !in.peek().is('(')) in.take();  // a name, USING BTREE
  if (!in.accept('(')) return in.unexpected("the columns of the primary key");
  primary.clear();
  do {
    SLUICE_ASSIGN(name, in.name("a column of the primary key"));
    if (primary.size() == kMostColumns) return fatal("more than {} columns in the primary key", kMostColumns);
    primary.push_back(std::move(name));
    SLUICE_TRY(in.skip_item());  // a prefix length, ASC, DESC
  } while (in.accept(','));
  if (!in.accept(')')) return in.unexpected("a closing parenthesis");
  return in.skip_item();
}

}  // namespace

Result<TableName> read_table_name(SqlReader& in, const DdlContext& context) {
  TableName name{std::string(context.database), {}};
  in.accept('.');
  SLUICE_ASSIGN(first, in.name("a table name"));
  name.table = std::move(first);
  if (in.accept('.')) {
    // Behind the dot a name may be all digits.
    if (!in.peek().is_name() && in.peek().kind != Token::Kind::Number) return in.unexpected("a table name");
    name.database = std::move(name.table);
    name.table = in.value(in.take());
  }
  if (name.database.empty()) return fatal("no database is chosen for table {}", name.table);
  return name;
}

bool at_key(const SqlReader& in) {
  if (in.at_any(
          {"PRIMARY", "UNIQUE", "INDEX", "KEY", "FULLTEXT", "SPATIAL", "FOREIGN", "CONSTRAINT", "CHECK"})) {
    return true;
  }
  if (in.at({"PERIOD", "FOR"})) return true;
  // A column may be called vector; what follows its type in parentheses is no name.
  if (!in.peek().is("VECTOR")) return false;
  const Token& second = in.peek(1);
  return second.is("INDEX") || second.is("KEY") || second.is('(') ||
         (second.is_name() && in.peek(2).is('(') && in.peek(3).is_name());
}

Result<void> read_key(SqlReader& in, KeyDrafts& keys) {
  UniqueDraft draft;
  if (in.accept("CONSTRAINT")) {
    draft.if_not_exists = in.accept({"IF", "NOT", "EXISTS"});
    bool named = in.peek().is_name() && !in.at_any({"PRIMARY", "UNIQUE", "FOREIGN", "CHECK"});
    if (named) draft.name = in.value(in.take());
  }
  keys.primary_if_not_exists |= draft.if_not_exists;
  if (in.accept({"PRIMARY", "KEY"})) return read_primary(in, keys);
  if (!in.accept("UNIQUE")) return in.skip_item();
  SLUICE_ASSIGN(unique, read_unique(in, std::move(draft)));
  keys.unique.push_back(std::move(unique));
  return {};
}

Result<void> read_elements(SqlReader& in, const DdlContext& context, TableDraft& draft) {
  size_t clauses = 0;
  do {
    if (++clauses > kMostClauses) return fatal("more than {} columns and keys", kMostClauses);
    if (at_key(in)) {
      SLUICE_TRY(read_key(in, draft.keys));
      continue;
    }
    SLUICE_ASSIGN(column, read_column(in, context));
    draft.versioned |= column.versioned;
    if (column.unique) draft.keys.unique.push_back(unique_of(column.column.name));
    if (draft.columns.size() == kMostColumns) return fatal("more than {} columns", kMostColumns);
    draft.columns.push_back(std::move(column));
  } while (in.accept(','));
  if (!in.accept(')')) return in.unexpected("a comma or a closing parenthesis");
  return {};
}

Result<bool> read_charset_option(SqlReader& in, const DdlContext& context, CharsetName& charset) {
  in.accept("DEFAULT");
  if (in.accept({"CHARACTER", "SET"}) || in.accept({"CHAR", "SET"}) || in.accept("CHARSET")) {
    // Before 8.0 the last option wins, also over a collation of the same character set.
    if (is_old_mysql(context)) charset.collation.clear();
    SLUICE_TRY(read_charset(in, charset));
    return true;
  }
  if (in.accept("COLLATE")) {
    SLUICE_TRY(read_collation(in, charset));
    // COLLATE DEFAULT, which is the database's there, and the character set's in MariaDB.
    if (charset.collation.empty() && is_old_mysql(context)) charset = {.of_database = true};
    return true;
  }
  return false;
}

void add_period_columns(Table& table) {
  for (const char* name : {"row_start", "row_end"}) {
    Column column;
    column.name = name;
    column.type = ColumnType::Timestamp;
    column.fraction_digits = 6;
    column.declared = "timestamp(6)";
    column.nullable = false;
    column.generated = column.invisible = column.hidden = true;
    table.columns.push_back(std::move(column));
  }
  auto row_end = static_cast<uint32_t>(table.columns.size() - 1);
  if (!table.key.empty()) table.key.push_back(row_end);
  for (UniqueKey& key : table.unique) key.columns.push_back(row_end);
}

size_t find_column(const std::vector<Column>& columns, std::string_view name) {
  size_t i = 0;
  while (i < columns.size() && !same_word(columns[i].name, name)) ++i;
  return i;
}

Result<std::vector<uint32_t>> make_key(std::vector<Column>& columns, const std::vector<std::string>& names) {
  std::vector<uint32_t> key;
  for (const std::string& name : names) {
    size_t ordinal = find_column(columns, name);
    if (ordinal == columns.size()) return fatal("there is no column {} for the primary key", name);
    columns[ordinal].nullable = false;
    key.push_back(static_cast<uint32_t>(ordinal));
  }
  return key;
}

}  // namespace sluice::mysql
