// Statements that stand in a binlog as text: what kind each is, and what a DDL does to the catalogue.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/catalogue.h"
#include "model/gtid.h"

namespace sluice::mysql {

enum class StatementKind : uint8_t {
  Begin,
  Commit,
  Rollback,
  Savepoint,
  RollbackTo,  // ROLLBACK TO SAVEPOINT: takes back a part of the open transaction
  RowChange,   // changes rows by statement: must not stand in a log of rows
  Ddl,         // can change a column, a key, or a table's existence
  OtherDdl,    // users, routines, views, triggers, most indexes, ANALYZE, FLUSH, …: cannot, is never parsed
  XaStart,
  XaEnd,
  XaPrepare,
  XaCommit,
  XaRollback,
  Other,
};

// Reads no more than the first words.
StatementKind classify(std::string_view sql);

// Asked before an ALTER of a table that the catalogue knows is carried out. `origins`: for each column of
// `after` its ordinal in `before`, or UINT32_MAX: it is new. Columns that the server adds by itself stand
// behind them.
using AlterJudge =
    std::function<Result<void>(const Table& before, const Table& after, std::span<const uint32_t> origins)>;

// What a statement's meaning depends on besides its text.
struct DdlContext {
  std::string database;             // the session's default database
  uint64_t sql_mode = 0;            // as the log carries it
  Flavor flavor = Flavor::Unknown;  // of the server that ran it
  uint32_t version = 0;             // 90704, 101106; 0: not known
  std::string server_charset;       // of a database that names none; empty: not known
  // explicit_defaults_for_timestamp: off, a TIMESTAMP column is NOT NULL unless it says NULL.
  bool explicit_timestamp = true;
  AlterJudge judge = {};  // null: every ALTER is welcome
};

struct DdlOutcome {
  bool understood = true;
  std::string why;                // when not
  std::vector<TableName> tables;  // created, altered, dropped, renamed (old name and new name)
  TablePtr before, after;         // of a statement that shapes one table: its shapes, where they are known
  std::optional<Error> refused;   // by the judge of the context: nothing was done
  bool is_temporary = false;      // of a temporary table: no concern of a log of rows
  bool keeps_key = false;         // an index came or went that is not the key: nothing that a reader sees
  bool lacks_model = false;       // CREATE TABLE … LIKE one that the catalogue does not know
  bool has_query = false;  // CREATE TABLE … SELECT, as only a log of statements holds it: rows without values
};

// Applies one statement to the catalogue. `sql` is UTF-8. The tables that a statement names, but does to them
// what cannot be told from it, leave the catalogue so that they are learnt again; all tables do where not
// even a name can be told. A statement that is no DDL changes nothing.
DdlOutcome apply_ddl(std::string_view sql, const DdlContext& context, Catalogue& catalogue);

}  // namespace sluice::mysql
