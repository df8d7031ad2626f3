// DDL, schema files and the kinds of statements: no bytes may crash or hang them. The first byte chooses
// sql_mode, server, and which of them reads the rest.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "wire/mysql/ddl.h"
#include "wire/mysql/schema_file.h"
#include "wire/mysql/sql_lexer.h"

using namespace sluice;

namespace {

// Two tables to work on, one of them versioned.
Catalogue catalogue_with_tables(const mysql::DdlContext& context) {
  Catalogue catalogue;
  catalogue.set_default_charset("", "utf8mb4");
  mysql::apply_ddl("create table t (a int, b text, c enum('x','y'), d varchar(30000), primary key (a))",
                   context, catalogue);
  mysql::apply_ddl("create table v (a int primary key) with system versioning", context, catalogue);
  return catalogue;
}

void check_shape(const TablePtr& table) {
  CHECK(!table->columns.empty());
  CHECK(table->columns.size() <= 4098);
  for (const Column& column : table->columns) CHECK(column.fraction_digits <= 6);
  for (uint32_t ordinal : table->key) {
    CHECK(ordinal < table->columns.size());
    CHECK(!table->columns[ordinal].nullable);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  uint8_t choice = data[0];
  std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  mysql::DdlContext context{.database = "d", .flavor = choice & 1 ? Flavor::MariaDb : Flavor::MySql};
  context.version = choice & 2 ? 50624 : choice & 1 ? 110806 : 90704;
  if (choice & 4) context.sql_mode |= mysql::kModeAnsiQuotes;
  if (choice & 8) context.sql_mode |= mysql::kModeNoBackslashEscapes;
  if (choice & 16) context.sql_mode |= mysql::kModeOracle;
  context.explicit_timestamp = !(choice & 32);
  Catalogue catalogue = catalogue_with_tables(context);
  if (choice & 64) {
    (void)mysql::read_schema(text, "fuzz", catalogue);
  } else {
    mysql::DdlOutcome outcome = mysql::apply_ddl(text, context, catalogue);
    CHECK(outcome.understood == outcome.why.empty());
    mysql::SqlLexer lexer(text, context.sql_mode);
    for (size_t end = 0;;) {
      mysql::Token token = lexer.next();
      CHECK(token.begin >= end && token.end >= token.begin && token.end <= text.size());
      if (token.kind == mysql::Token::Kind::End || token.kind == mysql::Token::Kind::Broken) break;
      CHECK(token.end > end);
      end = token.end;
      (void)lexer.value(token);
    }
  }
  catalogue.for_each(check_shape);
  return 0;
}
