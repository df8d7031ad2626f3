// sluice_ddl_probe mysql|mariadb VERSION SERVER_CHARSET EXPLICIT_TIMESTAMP: reads requests from stdin, each a
// line with the sql_mode as a number, a line with the default database, and a statement, ended by a NUL byte.
// Applies the statement to a catalogue, and answers with what was not understood (empty when all was) on a
// line and the whole catalogue, ended by a NUL byte. For tests that compare the catalogue with a real
// server's.
#include <cstdio>
#include <cstdlib>
#include <string>

#include "support/describe_table.h"
#include "wire/mysql/ddl.h"

int main(int count, char** arguments) {
  if (count != 5) {
    std::fputs("usage: sluice_ddl_probe mysql|mariadb VERSION SERVER_CHARSET EXPLICIT_TIMESTAMP\n", stderr);
    return 2;
  }
  sluice::Catalogue catalogue;
  sluice::mysql::DdlContext context;
  context.flavor = std::string(arguments[1]) == "mariadb" ? sluice::Flavor::MariaDb : sluice::Flavor::MySql;
  context.version = static_cast<uint32_t>(std::strtoul(arguments[2], nullptr, 10));
  context.server_charset = arguments[3];
  context.explicit_timestamp = arguments[4][0] == '1';
  catalogue.set_default_charset("", arguments[3]);
  std::string request;
  for (int c; (c = std::getchar()) != EOF;) {
    if (c != '\0') {
      request.push_back(static_cast<char>(c));
      continue;
    }
    size_t mode_end = request.find('\n');
    size_t database_end = request.find('\n', mode_end + 1);
    context.sql_mode = std::strtoull(request.c_str(), nullptr, 10);
    context.database = request.substr(mode_end + 1, database_end - mode_end - 1);
    auto outcome = sluice::mysql::apply_ddl(request.substr(database_end + 1), context, catalogue);
    std::printf("%s\n%s", outcome.why.c_str(), sluice::test::describe(catalogue).c_str());
    std::putchar('\0');
    std::fflush(stdout);
    request.clear();
  }
}
