#include "client/postgresql/login.h"

namespace sluice::postgresql {

Result<ConnectionOptions> connection_options(const Settings& settings, const Url& url) {
  std::string where = settings.where("url");
  if (url.scheme != "postgresql" && url.scheme != "postgres") {
    return usage("{}: the URL's scheme is {}; expected postgresql://user:password@host:5432/database", where,
                 url.scheme);
  }
  if (!url.parameters.empty()) {
    return usage("{}: url: nothing may follow the database; '{}' is an option beside it", where,
                 url.parameters.front().first);
  }
  if (url.path.empty()) return usage("{}: url: expected the name of a database behind the host", where);
  ConnectionOptions options;
  if (!url.host.empty()) options.host = url.host;
  if (url.port) options.port = url.port;
  options.user = url.user.empty() ? "postgres" : url.user;
  options.database = url.path;
  SLUICE_ASSIGN(secret, login::password(settings, url.password));
  options.password = std::move(secret);
  options.tls = settings.text("tls");
  options.ca = settings.text("tls_ca");
  options.cert = settings.text("tls_cert");
  options.key = settings.text("tls_key");
  options.connect_timeout = settings.duration("connect_timeout");
  SLUICE_TRY(login::check_files(settings, {"tls_ca", "tls_cert", "tls_key"}));
  return options;
}

}  // namespace sluice::postgresql
