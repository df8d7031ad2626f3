// sluice_ddl_probe DATABASE FLAVOR VERSION SERVER_CHARSET: reads statements from stdin, each ended by a NUL
// byte, applies them to a catalogue, and answers each with what was not understood (empty when all was) and
// the whole catalogue, ended by a NUL byte. For tests that compare the catalogue with a real server's.
#include <cstdio>
#include <cstdlib>
#include <string>

#include "support/describe_table.h"
#include "wire/mysql/ddl.h"

int main(int count, char** arguments) {
  if (count != 5) {
    std::fputs("usage: sluice_ddl_probe DATABASE mysql|mariadb VERSION SERVER_CHARSET\n", stderr);
    return 2;
  }
  sluice::Catalogue catalogue;
  sluice::mysql::DdlContext context;
  context.database = arguments[1];
  context.flavor = std::string(arguments[2]) == "mariadb" ? sluice::Flavor::MariaDb : sluice::Flavor::MySql;
  context.version = static_cast<uint32_t>(std::strtoul(arguments[3], nullptr, 10));
  context.server_charset = arguments[4];
  catalogue.set_default_charset("", arguments[4]);
  std::string statement;
  for (int c; (c = std::getchar()) != EOF;) {
    if (c != '\0') {
      statement.push_back(static_cast<char>(c));
      continue;
    }
    auto outcome = sluice::mysql::apply_ddl(statement, context, catalogue);
    std::printf("%s\n%s", outcome.why.c_str(), sluice::test::describe(catalogue).c_str());
    std::putchar('\0');
    std::fflush(stdout);
    statement.clear();
  }
}
