// The sink sqlite: tables in a file that are kept equal to the source's.
#include "sink/sqlite/sqlite_sink.h"

#include "mirror/options.h"
#include "sink/sqlite/spelling.h"
#include "sink/sqlite/sqlite_target.h"

namespace sluice {
namespace {

constexpr Option kOptions[] = {
    {"path", OptionKind::Text, "", "the file; it is made where it is not there", {}, true, "FILE"},
    {"to", OptionKind::Text, "{database}.{table}", "the name of the table", {}, false, "TEMPLATE"},
    mirror::kDdl,
    mirror::kKeyless,
    mirror::kCreate,
    mirror::kInvalidText,
    mirror::kCheckpoint,
};

Result<std::unique_ptr<Sink>> make(const Settings& settings) {
  return std::make_unique<mirror::Mirror>(sqlite::make_target(settings.text("path")),
                                          mirror::mirror_options(settings));
}

Result<std::unique_ptr<Encoder>> encoder(const Settings& settings) {
  return mirror::make_encoder(sqlite::make_spelling(), mirror::encoder_options(settings));
}

constexpr Addressing kAddressing{.option = "to", .places = Places::Names};

}  // namespace

const SinkType sqlite_sink{.name = "sqlite",
                           .summary = "tables of an SQLite file, kept equal to the source's",
                           .options = kOptions,
                           .make = make,
                           .addressing = &kAddressing,
                           .encoder = encoder};

}  // namespace sluice
