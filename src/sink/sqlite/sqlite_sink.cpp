// The sink sqlite: tables in a file that are kept equal to the source's.
#include "sink/sqlite/sqlite_sink.h"

#include <filesystem>

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
  namespace fs = std::filesystem;
  const std::string path = settings.text("path");
  std::error_code not_there;
  if (path.empty() || path.ends_with('/') || fs::is_directory(path, not_there))
    return usage("{}: path must name a file, not '{}'", settings.where("path"), path);
  if (fs::path folder = fs::path(path).parent_path(); !folder.empty() && !fs::exists(folder, not_there))
    return usage("{}: path: the folder of {} does not exist; create it, or name another",
                 settings.where("path"), path);
  return std::make_unique<mirror::Mirror>(sqlite::make_target(path), mirror::mirror_options(settings));
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
                           .encoder = encoder,
                           .possession = [](const Settings& settings) {
                             return Possession{"path", settings.text("path"), true};
                           }};

}  // namespace sluice
