// The options of the MySQL source, and what becomes of them.
#include <limits>

#include "client/mysql/login.h"
#include "source/mysql/log_policy.h"
#include "source/mysql/mysql_source.h"

namespace sluice {
namespace {

constexpr Option kOptions[] = {
    {"url", OptionKind::Text, "", "the server: mysql://user@host:3306/, or mariadb://", {}, true, "URL"},
    mysql::kPasswordFile,
    mysql::kPasswordEnv,
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
    kUnknownEvents,
    kTransactions,
    kLostChanges,
    mysql::kTls,
    mysql::kTlsCa,
    mysql::kTlsCert,
    mysql::kTlsKey,
    mysql::kServerPublicKey,
    mysql::kCompression,
    mysql::kConnectTimeout,
};

Result<MysqlSourceSetup> setup_of(const Settings& settings, const Url& url) {
  MysqlSourceSetup setup;
  SLUICE_ASSIGN(connection, mysql::connection_options(settings, url));
  setup.connection = std::move(connection);
  if (!url.path.empty()) {
    return usage(
        "{}: the URL names a database, /{}, but the log is that of the whole server; leave it out, and "
        "choose by tables: '{}.*'",
        settings.where("url"), url.path, url.path);
  }
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
  read_log_policy(settings, setup.decoder);
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
