#include "wire/mysql/ddl.h"
#include "wire/mysql/sql_reader.h"

namespace sluice::mysql {
namespace {

StatementKind classify_xa(SqlReader& in) {
  if (in.at_any({"START", "BEGIN"})) return StatementKind::XaStart;
  if (in.accept("END")) return StatementKind::XaEnd;
  if (in.accept("PREPARE")) return StatementKind::XaPrepare;
  if (in.accept("COMMIT")) return StatementKind::XaCommit;
  if (in.accept("ROLLBACK")) return StatementKind::XaRollback;
  return StatementKind::Other;
}

// Behind CREATE, ALTER or DROP.
StatementKind classify_object(SqlReader& in, const Token& verb) {
  bool replaces = in.accept({"OR", "REPLACE"});
  while (in.at_any({"TEMPORARY", "ONLINE", "OFFLINE", "IGNORE", "EXTERNAL"})) in.take();
  if (in.at_any({"TABLE", "TABLES", "DATABASE", "SCHEMA"})) return StatementKind::Ddl;
  // What ALTER SEQUENCE changes is a row.
  if (in.at({"SEQUENCE"}) && !verb.is("ALTER")) return StatementKind::Ddl;
  // Unique indexes are keys.
  bool unique = verb.is("CREATE") && in.accept("UNIQUE");
  if (in.at_any({"INDEX"}) && (unique || replaces || verb.is("DROP"))) return StatementKind::Ddl;
  return StatementKind::OtherDdl;
}

StatementKind classify_words(SqlReader& in) {
  Token first = in.take();
  if (first.is('(')) return StatementKind::RowChange;
  if (first.kind != Token::Kind::Word) return StatementKind::Other;
  auto any = [&first](std::initializer_list<std::string_view> words) {
    for (std::string_view word : words) {
      if (first.is(word)) return true;
    }
    return false;
  };
  if (first.is("BEGIN")) return StatementKind::Begin;
  if (first.is("COMMIT")) return StatementKind::Commit;
  if (any({"INSERT", "UPDATE", "DELETE", "REPLACE"})) return StatementKind::RowChange;
  // Written to a log of statements when a function in them changes rows.
  if (any({"SELECT", "WITH", "VALUES", "DO", "CALL"})) return StatementKind::RowChange;
  if (first.is("LOAD")) return in.at_any({"DATA", "XML"}) ? StatementKind::RowChange : StatementKind::Other;
  if (first.is("ROLLBACK")) {
    in.accept("WORK");
    return in.at({"TO"}) ? StatementKind::RollbackTo : StatementKind::Rollback;
  }
  if (first.is("START")) return in.at({"TRANSACTION"}) ? StatementKind::Begin : StatementKind::Other;
  if (first.is("SAVEPOINT") || first.is("RELEASE")) return StatementKind::Savepoint;
  if (first.is("XA")) return classify_xa(in);
  if (any({"CREATE", "ALTER", "DROP"})) return classify_object(in, first);
  if (first.is("TRUNCATE")) return StatementKind::Ddl;
  if (first.is("RENAME"))
    return in.at_any({"TABLE", "TABLES"}) ? StatementKind::Ddl : StatementKind::OtherDdl;
  if (any({"GRANT", "REVOKE", "ANALYZE", "OPTIMIZE", "REPAIR", "CHECK", "CHECKSUM", "FLUSH", "RESET",
           "INSTALL", "UNINSTALL", "IMPORT"})) {
    return StatementKind::OtherDdl;
  }
  if (first.is("SET") && in.at_any({"PASSWORD", "DEFAULT", "ROLE"})) return StatementKind::OtherDdl;
  return StatementKind::Other;
}

}  // namespace

StatementKind classify(std::string_view sql) {
  // What nearly every transaction of nearly every log holds.
  if (sql == "BEGIN") return StatementKind::Begin;
  if (sql == "COMMIT") return StatementKind::Commit;
  // The first words are the same in every sql_mode.
  SqlReader in(sql, 0);
  skip_set_statement(in);
  return classify_words(in);
}

}  // namespace sluice::mysql
