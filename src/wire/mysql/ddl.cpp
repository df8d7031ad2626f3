#include "wire/mysql/ddl.h"

#include <optional>

#include "wire/mysql/ddl_table.h"

namespace sluice::mysql {
namespace {

Result<void> drop_tables(SqlReader& in, DdlRun& run) {
  while (!in.at_any({"TABLE", "TABLES", "SEQUENCE"}) && !in.at_end()) {
    run.outcome.is_temporary |= in.take().is("TEMPORARY");
  }
  in.take();
  in.accept({"IF", "EXISTS"});
  do {
    SLUICE_ASSIGN(name, read_table_name(in, run.context));
    if (!run.outcome.is_temporary) run.catalogue.drop(name.database, name.table);
    run.outcome.tables.push_back(std::move(name));
  } while (in.accept(','));
  return {};
}

Result<void> rename_tables(SqlReader& in, DdlRun& run) {
  if (!in.accept("TABLE")) in.accept("TABLES");
  bool if_exists = in.accept({"IF", "EXISTS"});
  do {
    SLUICE_ASSIGN(from, read_table_name(in, run.context));
    if (in.accept("WAIT")) in.take();
    in.accept("NOWAIT");
    if (!in.accept("TO")) return in.unexpected("TO");
    SLUICE_ASSIGN(to, read_table_name(in, run.context));
    run.outcome.tables.push_back(from);
    run.outcome.tables.push_back(to);
    if (TablePtr old = run.catalogue.find(from.database, from.table)) {
      run.catalogue.rename({{std::move(from), to}});
      run.outcome.before = std::move(old);
      run.outcome.after = run.catalogue.find(to.database, to.table);
    } else if (!if_exists) {
      run.catalogue.drop(to.database, to.table);  // what was known under that name is another table now
    }
  } while (in.accept(','));
  if (run.outcome.tables.size() > 2) run.outcome.before = run.outcome.after = nullptr;
  return {};
}

// TRUNCATE changes no shape.
Result<void> truncate_table(SqlReader& in, DdlRun& run) {
  in.accept("TABLE");
  SLUICE_ASSIGN(name, read_table_name(in, run.context));
  run.outcome.tables.push_back(std::move(name));
  return {};
}

void drop_database(const std::string& database, DdlRun& run) {
  run.catalogue.for_each([&](const TablePtr& table) {
    if (table->database == database) run.outcome.tables.push_back({table->database, table->name});
  });
  run.catalogue.drop_database(database);
}

// CREATE and ALTER DATABASE, behind that word: what counts is the default character set.
Result<void> define_database(SqlReader& in, bool create, bool replace, DdlRun& run) {
  bool if_not_exists = in.accept({"IF", "NOT", "EXISTS"});
  std::string database(run.context.database);
  // ALTER DATABASE without a name is of the default database.
  if (create || !in.at_any({"DEFAULT", "CHARACTER", "CHARSET", "COLLATE", "CHAR", "COMMENT", "READ"})) {
    SLUICE_ASSIGN(name, in.name("a database name"));
    database = std::move(name);
  }
  if (replace) drop_database(database, run);
  CharsetName charset;
  while (!in.at_end()) {
    SLUICE_ASSIGN(is_charset, read_charset_option(in, run.context, charset));
    if (!is_charset) in.take();
  }
  bool known = if_not_exists && !run.catalogue.default_charset(database).empty() &&
               run.catalogue.default_charset(database) != run.catalogue.default_charset("");
  if (create && charset.charset.empty()) charset.charset = run.context.server_charset;
  if (!charset.charset.empty() && !known) run.catalogue.set_default_charset(database, charset.charset);
  return {};
}

Result<void> apply_object(SqlReader& in, DdlRun& run) {
  Token verb = in.take();
  bool replace = verb.is("CREATE") && in.at({"OR", "REPLACE"});
  size_t ahead = replace ? 2 : 0;
  while (ahead + 1 < SqlReader::kLookAhead &&
         (in.peek(ahead).is("TEMPORARY") || in.peek(ahead).is("ONLINE") || in.peek(ahead).is("IGNORE") ||
          in.peek(ahead).is("OFFLINE") || in.peek(ahead).is("EXTERNAL"))) {
    ++ahead;
  }
  const Token object = in.peek(ahead);
  if (object.is("DATABASE") || object.is("SCHEMA")) {
    while (!in.accept("DATABASE") && !in.accept("SCHEMA")) in.take();
    if (!verb.is("DROP")) return define_database(in, verb.is("CREATE"), replace, run);
    in.accept({"IF", "EXISTS"});
    SLUICE_ASSIGN(database, in.name("a database name"));
    drop_database(database, run);
    return {};
  }
  if (verb.is("CREATE") && (object.is("UNIQUE") || object.is("INDEX"))) return create_index(in, run);
  if (verb.is("DROP")) return object.is("INDEX") ? drop_index(in, run) : drop_tables(in, run);
  if (verb.is("ALTER")) return alter_table(in, run);
  return object.is("SEQUENCE") ? create_sequence(in, run) : create_table(in, run);
}

Result<void> apply(SqlReader& in, DdlRun& run) {
  skip_set_statement(in);
  if (in.accept("TRUNCATE")) return truncate_table(in, run);
  if (in.accept("RENAME")) return rename_tables(in, run);
  return apply_object(in, run);
}

}  // namespace

DdlOutcome apply_ddl(std::string_view sql, const DdlContext& context, Catalogue& catalogue) {
  DdlOutcome outcome;
  if (classify(sql) != StatementKind::Ddl) return outcome;
  DdlRun run{context, catalogue, outcome};
  SqlReader in(sql, context.sql_mode);
  if (auto applied = apply(in, run); !applied) {
    outcome.understood = false;
    outcome.why = std::move(applied.error().what);
    outcome.before = outcome.after = nullptr;
    for (const TableName& name : outcome.tables) catalogue.drop(name.database, name.table);
    // It may be any of them.
    if (outcome.tables.empty()) catalogue.drop_all();
  }
  return outcome;
}

}  // namespace sluice::mysql
