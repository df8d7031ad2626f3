// The sink postgresql: tables of a PostgreSQL database that are kept equal to the source's.
#include "sink/postgresql/postgresql_sink.h"

#include "base/url.h"
#include "client/postgresql/login.h"
#include "mirror/options.h"
#include "mirror/place.h"
#include "sink/postgresql/postgresql_target.h"
#include "sink/postgresql/spelling.h"

namespace sluice {
namespace {

constexpr Option kOptions[] = {
    {"url",
     OptionKind::Secret,
     "",
     "postgresql://user:password@host:5432/database, or postgres://",
     {},
     true,
     "URL"},
    {"to",
     OptionKind::Text,
     "{database}.{table}",
     "the schema and the name of the table",
     {},
     false,
     "TEMPLATE"},
    {"schema",
     OptionKind::Text,
     "public",
     "where sluice_checkpoint is kept, and tables whose place names no schema",
     {},
     false,
     "NAME"},
    mirror::kDdl,
    mirror::kKeyless,
    mirror::kCreate,
    mirror::kInvalidText,
    {"impossible_dates", OptionKind::Choice, "refuse",
     "dates that no calendar has, such as 0000-00-00: refuse the row, or write NULL", "refuse|as_null"},
    mirror::kCheckpoint,
    mirror::kConnections,
    login::kPasswordFile,
    login::kPasswordEnv,
    login::kTls,
    login::kTlsCa,
    login::kTlsCert,
    login::kTlsKey,
    login::kConnectTimeout,
    mirror::kTimeout,
};

Result<std::unique_ptr<Sink>> make(const Settings& settings) {
  auto url = parse_url(settings.secret("url").reveal());
  if (!url) return while_doing(settings.where("url"), std::move(url).error());
  SLUICE_ASSIGN(options, postgresql::connection_options(settings, *url));
  options.query_timeout = settings.duration("timeout");
  return mirror::make_mirror(settings, [&](bool several) {
    return postgresql::make_target(options, settings.text("schema"), several);
  });
}

Result<std::unique_ptr<Encoder>> encoder(const Settings& settings) {
  return mirror::make_encoder(postgresql::make_spelling(settings.text("impossible_dates") == "as_null"),
                              mirror::encoder_options(settings));
}

constexpr Addressing kAddressing{
    .option = "to", .escape_place = mirror::escape_dots, .places = Places::Names};

}  // namespace

const SinkType postgresql_sink{.name = "postgresql",
                               .summary = "tables of a PostgreSQL database, kept equal to the source's",
                               .options = kOptions,
                               .make = make,
                               .addressing = &kAddressing,
                               .encoder = encoder};

}  // namespace sluice
