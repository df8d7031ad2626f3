// The tables that `sluice decode` is told of besides its log: from files of SQL, from a server, or from the
// state of a pipeline.
#pragma once

#include <string>

#include "base/option.h"
#include "base/result.h"
#include "model/catalogue.h"
#include "source/binlog_file/binlog_file_source.h"

namespace sluice::app {

Result<void> read_schema_file(const std::string& path, Catalogue& catalogue);
// `from` is a URL or a state folder; `server` the settings of the server behind a URL. A state knows the
// tables of every place that its pipeline has read: those of the place where `reading` begins are taken.
Result<void> read_schema_from(const std::string& from, const Settings& server, const BinlogFileSetup& reading,
                              Catalogue& catalogue);

}  // namespace sluice::app
