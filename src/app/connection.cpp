#include "app/connection.h"

#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string_view>

#include "app/terminal.h"
#include "base/url.h"
#include "source/mysql/mysql_source.h"

namespace sluice::app {
namespace {

// Whether the settings say, in any way, what the password is; `user:@host` says that it is empty.
bool has_password(const Settings& source) {
  auto url = parse_url(source.text("url"));
  return !url || url->has_password || source.given("password_file") || source.given("password_env");
}

}  // namespace

std::span<const Option> source_options() { return mysql_source_options(); }

Result<void> check_source(const Settings& source) {
  SLUICE_TRY(mysql_setup(source));
  return {};
}

Result<MysqlSourceSetup> source_setup(const Settings& source) {
  SLUICE_ASSIGN(setup, mysql_setup(source));
  mysql::ConnectionOptions& connection = setup.connection;
  if (!connection.password.empty() || has_password(source)) return setup;
  for (const char* name : {"SLUICE_PASSWORD", "MYSQL_PWD"}) {
    if (const char* value = std::getenv(name)) {
      connection.password = Secret(value);
      return setup;
    }
  }
  if (connection.user.empty() || !is_terminal(STDIN_FILENO)) return setup;
  SLUICE_ASSIGN(answer,
                ask_password(fmt::format("Password of {} (empty for none)", mysql::address(connection))));
  connection.password = std::move(answer);
  return setup;
}

void scrub_arguments(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    std::string_view word(argv[i]);
    size_t scheme = word.find("://");
    // The last @ before the path, so that a password with an @ of its own is hidden whole.
    size_t at = word.rfind('@', scheme == word.npos ? word.npos : word.find('/', scheme + 3));
    if (scheme == word.npos || at == word.npos || at < scheme) continue;
    size_t colon = word.find(':', scheme + 3);
    if (colon >= at) continue;
    // The rest moves up and the freed bytes become zeros: not even the length is told.
    std::memmove(argv[i] + colon, argv[i] + at, word.size() - at);
    explicit_bzero(argv[i] + word.size() - (at - colon), at - colon);
  }
}

}  // namespace sluice::app
