// The sink mysql: tables of a MySQL or MariaDB server that are kept equal to the source's.
#include "sink/mysql/mysql_sink.h"

#include "base/url.h"
#include "client/mysql/login.h"
#include "mirror/options.h"
#include "mirror/place.h"
#include "sink/mysql/mysql_target.h"
#include "sink/mysql/spelling.h"

namespace sluice {
namespace {

constexpr Option kOptions[] = {
    {"url",
     OptionKind::Secret,
     "",
     "mysql://user:password@host:3306/database, or mariadb://; the database is where sluice_checkpoint is "
     "kept",
     {},
     true,
     "URL"},
    {"to",
     OptionKind::Text,
     "{database}.{table}",
     "the database and the name of the table",
     {},
     false,
     "TEMPLATE"},
    mirror::kDdl,
    mirror::kKeyless,
    mirror::kCreate,
    mirror::kInvalidText,
    mirror::kCheckpoint,
    mirror::kConnections,
    mysql::kPasswordFile,
    mysql::kPasswordEnv,
    mysql::kTls,
    mysql::kTlsCa,
    mysql::kTlsCert,
    mysql::kTlsKey,
    mysql::kServerPublicKey,
    mysql::kCompression,
    mysql::kConnectTimeout,
    mirror::kTimeout,
};

Result<std::unique_ptr<Sink>> make(const Settings& settings) {
  auto url = parse_url(settings.secret("url").reveal());
  if (!url) return while_doing(settings.where("url"), std::move(url).error());
  if (!url->parameters.empty()) {
    return usage("{}: url: nothing may follow the database; '{}' is an option beside it",
                 settings.where("url"), url->parameters.front().first);
  }
  if (url->path.empty()) {
    return usage("{}: url: expected the name of a database behind the host, where sluice_checkpoint is kept",
                 settings.where("url"));
  }
  SLUICE_ASSIGN(options, mysql::connection_options(settings, *url));
  options.query_timeout = settings.duration("timeout");
  return mirror::make_mirror(settings,
                             [&](bool several) { return mysql::make_target(options, url->path, several); });
}

Result<std::unique_ptr<Encoder>> encoder(const Settings& settings) {
  return mirror::make_encoder(mysql::make_spelling(), mirror::encoder_options(settings));
}

constexpr Addressing kAddressing{
    .option = "to", .escape_place = mirror::escape_dots, .places = Places::Names};

}  // namespace

const SinkType mysql_sink{.name = "mysql",
                          .summary = "tables of a MySQL or MariaDB server, kept equal to the source's",
                          .options = kOptions,
                          .make = make,
                          .addressing = &kAddressing,
                          .encoder = encoder};

}  // namespace sluice
