// The options of the MySQL source, and what becomes of them.
#include <cstdio>
#include <cstdlib>
#include <limits>

#include "source/mysql/mysql_source.h"

namespace sluice {
namespace {

using mysql::Tls;

constexpr Option kOptions[] = {
    {"url", OptionKind::Text, "", "the server: mysql://user@host:3306/, or mariadb://", {}, true, "URL"},
    {"password_file", OptionKind::Text, "", "file whose first line is the password", {}, false, "FILE"},
    {"password_env", OptionKind::Text, "", "environment variable that holds the password", {}, false, "NAME"},
    {"start",
     OptionKind::Text,
     "now",
     "where to begin when nothing was read yet: now, earliest, FILE:OFFSET, a GTID set, or a time (UTC)",
     {},
     false,
     "WHERE"},
    {"server_id", OptionKind::Integer, "0",
     "id under which to register as a replica; 0 takes a free one at random"},
    {"heartbeat", OptionKind::Duration, "3s",
     "how often an idle server gives a sign of life; three missed ones are a dead connection"},
    {"semi_sync", OptionKind::Boolean, "false", "acknowledge transactions to a semi-synchronous server"},
    {"unknown_events", OptionKind::Choice, "stop",
     "events of the log that are not understood: stop, or pass over them with a warning and a count",
     "stop|skip"},
    {"transactions", OptionKind::Choice, "rows",
     "rows: changes come out as they are read; whole: none of a transaction before its COMMIT was read; what "
     "waits lies on disk beyond 4 MB",
     "rows|whole"},
    {"lost_changes", OptionKind::Choice, "stop",
     "what the log itself says is missing (an incident; an XA transaction prepared before the start)",
     "stop|skip"},
    {"tls", OptionKind::Choice, "preferred", "encryption, and what is verified of the server's certificate",
     "off|preferred|required|verify-ca|verify-identity"},
    {"tls_ca",
     OptionKind::Text,
     "",
     "PEM file of the authorities that sign the server's certificate",
     {},
     false,
     "FILE"},
    {"tls_cert", OptionKind::Text, "", "PEM file of the client's certificate", {}, false, "FILE"},
    {"tls_key", OptionKind::Text, "", "PEM file of the client's key", {}, false, "FILE"},
    {"server_public_key",
     OptionKind::Text,
     "",
     "PEM file of the server's RSA key, for caching_sha2_password without TLS",
     {},
     false,
     "FILE"},
    {"compression", OptionKind::Boolean, "false", "compress what is sent over the network (zlib)"},
    {"connect_timeout", OptionKind::Duration, "10s", "patience with a login"},
};

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

Result<mysql::ConnectionOptions> connection_options(const Settings& settings, const Url& url) {
  std::string where = settings.where("url");
  if (url.scheme != "mysql" && url.scheme != "mariadb") {
    return usage("{}: the URL's scheme is {}; expected mysql://user@host:3306/ or mariadb://", where,
                 url.scheme);
  }
  if (!url.path.empty()) {
    return usage(
        "{}: the URL names a database, /{}, but the log is that of the whole server; leave it out, and "
        "choose by tables: '{}.*'",
        where, url.path, url.path);
  }
  mysql::ConnectionOptions options;
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

Result<MysqlSourceSetup> setup_of(const Settings& settings, const Url& url) {
  MysqlSourceSetup setup;
  SLUICE_ASSIGN(connection, connection_options(settings, url));
  setup.connection = std::move(connection);
  auto start = parse_start_point(settings.text("start"));
  if (!start) return while_doing(settings.where("start"), start.error());
  setup.start = std::move(*start);
  uint64_t id = settings.integer("server_id");
  if (id > std::numeric_limits<uint32_t>::max()) {
    return usage("{}: server_id {} is too large; expected 1 to 4294967295, or 0 for a random one",
                 settings.where("server_id"), id);
  }
  setup.server_id = static_cast<uint32_t>(id);
  setup.heartbeat = settings.duration("heartbeat");
  // The server's own bounds are 1 ms and 4294967 s; below 10 ms it would do little else.
  if (setup.heartbeat < std::chrono::milliseconds(10) || setup.heartbeat > std::chrono::hours(1)) {
    return usage("{}: a heartbeat of {} ms is out of bounds; expected 10ms to 1h",
                 settings.where("heartbeat"), setup.heartbeat.count());
  }
  setup.decoder.live = true;
  setup.decoder.skip_unknown = settings.text("unknown_events") == "skip";
  setup.decoder.whole = settings.text("transactions") == "whole";
  setup.decoder.skip_lost = settings.text("lost_changes") == "skip";
  setup.semi_sync = settings.boolean("semi_sync");
  if (setup.semi_sync && setup.connection.compression) {
    return usage(
        "{}: semi_sync and compression do not go together: an acknowledgement would be written into what "
        "is being decompressed",
        settings.where("semi_sync"));
  }
  return setup;
}

}  // namespace

std::span<const Option> mysql_source_options() { return kOptions; }

Result<MysqlSourceSetup> mysql_setup(const Settings& settings) {
  Result<Url> url = parse_url(settings.text("url"));
  if (!url) return while_doing(settings.where("url"), url.error());
  if (url->parameters.empty()) return setup_of(settings, *url);
  // What the URL says besides holds where the settings are silent.
  Settings merged = settings;
  for (const auto& [name, value] : url->parameters) {
    if (name == "url") return usage("{}: a URL cannot hold another one", settings.where("url"));
    if (!settings.given(name)) SLUICE_TRY(merged.set(name, {value}, settings.where("url")));
  }
  return setup_of(merged, *url);
}

Result<MysqlSourceSetup> mysql_setup(const Url& url) {
  Settings settings(kOptions);
  for (const auto& [name, value] : url.parameters) {
    if (name == "url") return usage("the URL: a URL cannot hold another one");
    SLUICE_TRY(settings.set(name, {value}, "the URL"));
  }
  return setup_of(settings, url);
}

}  // namespace sluice
