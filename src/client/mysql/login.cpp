#include "client/mysql/login.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace sluice::mysql {
namespace {

Tls tls_of(std::string_view text) {
  if (text == "off") return Tls::Off;
  if (text == "required") return Tls::Required;
  if (text == "verify-ca") return Tls::VerifyCa;
  if (text == "verify-identity") return Tls::VerifyIdentity;
  return Tls::Preferred;
}

Result<Secret> read_password_file(const std::string& path, const std::string& where) {
  std::FILE* file = std::fopen(path.c_str(), "re");
  if (!file) return usage("{}: the password file {} cannot be read: {}", where, path, std::strerror(errno));
  char line[1024];
  bool read = std::fgets(line, sizeof line, file) != nullptr;
  std::fclose(file);
  std::string text = read ? line : "";
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  if (text.empty()) return usage("{}: the password file {} is empty", where, path);
  return Secret(std::move(text));
}

Result<Secret> password(const Settings& settings, const Url& url) {
  if (settings.given("password_file")) {
    return read_password_file(settings.text("password_file"), settings.where("password_file"));
  }
  if (settings.given("password_env")) {
    std::string name = settings.text("password_env");
    const char* value = std::getenv(name.c_str());
    if (!value)
      return usage("{}: the environment variable {} is not set", settings.where("password_env"), name);
    return Secret(value);
  }
  return url.password;
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
  SLUICE_ASSIGN(secret, password(settings, url));
  options.password = std::move(secret);
  options.tls = tls_of(settings.text("tls"));
  options.ca = settings.text("tls_ca");
  options.cert = settings.text("tls_cert");
  options.key = settings.text("tls_key");
  options.server_public_key = settings.text("server_public_key");
  options.compression = settings.boolean("compression");
  options.connect_timeout = settings.duration("connect_timeout");
  for (std::string_view name : {"tls_ca", "tls_cert", "tls_key", "server_public_key"}) {
    if (!settings.given(name)) continue;
    std::FILE* file = std::fopen(settings.text(name).c_str(), "re");
    if (!file) {
      return usage("{}: {}: the file {} cannot be read: {}", settings.where(name), name, settings.text(name),
                   std::strerror(errno));
    }
    std::fclose(file);
  }
  if (options.cert.empty() != options.key.empty()) {
    return usage("{}: tls_cert and tls_key belong together; only one is given", where);
  }
  return options;
}

}  // namespace sluice::mysql
