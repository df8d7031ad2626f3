// A table as CREATE TABLE defines it, and the parts that ALTER TABLE shares with it.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "model/catalogue.h"
#include "wire/mysql/ddl.h"
#include "wire/mysql/ddl_column.h"
#include "wire/mysql/sql_reader.h"
#include "wire/mysql/unique_keys.h"

namespace sluice::mysql {

// One statement being applied.
struct DdlRun {
  const DdlContext& context;
  Catalogue& catalogue;
  DdlOutcome& outcome;
};

// The server's limit (MySQL manual, "Column Count Limits"; MariaDB has the same), and ours for clauses, which
// bounds the work that a statement can ask for.
constexpr size_t kMostColumns = 4096;
constexpr size_t kMostClauses = 4 * kMostColumns;

// The keys that a statement defines, by names of columns.
struct KeyDrafts {
  std::vector<std::string> primary;
  bool primary_if_not_exists = false;  // MariaDB
  std::vector<UniqueDraft> unique;
};

struct TableDraft {
  std::vector<ColumnDraft> columns;
  KeyDrafts keys;
  CharsetName charset;     // as far as the options name it
  bool versioned = false;  // WITH SYSTEM VERSIONING
  bool selects = false;    // … AS SELECT
};

// `name`, `database.name`, or `.name`.
Result<TableName> read_table_name(SqlReader& in, const DdlContext& context);

// The next item defines a key, a constraint or a period, and no column.
bool at_key(const SqlReader& in);
// Takes such an item.
Result<void> read_key(SqlReader& in, KeyDrafts& keys);
// The items of a list in parentheses, which is open: takes the closing one.
Result<void> read_elements(SqlReader& in, const DdlContext& context, TableDraft& draft);
// Takes a character set or collation option, if one stands here.
Result<bool> read_charset_option(SqlReader& in, const DdlContext& context, CharsetName& charset);

// The columns that MariaDB adds to a table WITH SYSTEM VERSIONING which names none of its own; row_end
// becomes a part of the primary key and of the unique ones.
void add_period_columns(Table& table);
// Ordinals of the columns by name; they become NOT NULL.
Result<std::vector<uint32_t>> make_key(std::vector<Column>& columns, const std::vector<std::string>& names);
// Names of columns are equal in any case of letters.
size_t find_column(const std::vector<Column>& columns, std::string_view name);

Result<void> create_table(SqlReader& in, DdlRun& run);
// CREATE UNIQUE INDEX, or with OR REPLACE any INDEX, and DROP INDEX: from behind the verb.
Result<void> create_index(SqlReader& in, DdlRun& run);
Result<void> drop_index(SqlReader& in, DdlRun& run);
Result<void> create_sequence(SqlReader& in, DdlRun& run);
Result<void> alter_table(SqlReader& in, DdlRun& run);

}  // namespace sluice::mysql
