#include "client/mysql/login.h"

namespace sluice::mysql {
namespace {

Tls tls_of(std::string_view text) {
  if (text == "off") return Tls::Off;
  if (text == "required") return Tls::Required;
  if (text == "verify-ca") return Tls::VerifyCa;
  if (text == "verify-identity") return Tls::VerifyIdentity;
  return Tls::Preferred;
}

}  // namespace

Result<ConnectionOptions> connection_options(const Settings& settings, const Url& url) {
  std::string where = settings.where("url");
  if (url.scheme != "mysql" && url.scheme != "mariadb") {
    return usage("{}: the URL's scheme is {}; expected mysql://user@host:3306/ or mariadb://", where,
                 url.scheme);
  }
  ConnectionOptions options;
  if (!url.host.empty()) options.host = url.host;
  if (url.port) options.port = url.port;
  options.user = url.user.empty() ? "root" : url.user;
  SLUICE_ASSIGN(secret, login::password(settings, url.password));
  options.password = std::move(secret);
  options.tls = tls_of(settings.text("tls"));
  options.ca = settings.text("tls_ca");
  options.cert = settings.text("tls_cert");
  options.key = settings.text("tls_key");
  options.server_public_key = settings.text("server_public_key");
  options.compression = settings.boolean("compression");
  options.connect_timeout = settings.duration("connect_timeout");
  SLUICE_TRY(login::check_files(settings, {"tls_ca", "tls_cert", "tls_key", "server_public_key"}));
  return options;
}

}  // namespace sluice::mysql
