#include "app/known_tables.h"

#include "app/config.h"
#include "app/connection.h"
#include "app/terminal.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "client/mysql/connection.h"
#include "source/binlog_file/log_files.h"
#include "source/mysql/mysql_source.h"
#include "source/mysql/schema_reader.h"
#include "source/mysql/server.h"
#include "state/sqlite/sqlite_state.h"
#include "wire/mysql/schema_file.h"

namespace sluice::app {
namespace {

Result<void> ask_server(const std::string& url, const Settings& server, Catalogue& catalogue) {
  Settings settings = server;
  SLUICE_TRY(settings.set("url", {url}, "--schema-from"));
  SLUICE_ASSIGN(setup, source_setup(settings));
  Interrupt never;
  mysql::Connection connection(setup.connection, never);
  SLUICE_TRY(connection.connect());
  SLUICE_ASSIGN(facts, mysql::read_server(connection));
  SLUICE_ASSIGN(schema, mysql::read_schema(connection, facts));
  mysql::fill(catalogue, std::move(schema));
  return {};
}

// A time is all that is known of it where the position is empty.
Result<Position> beginning(const BinlogFileSetup& reading) {
  Position begin = reading.from;
  begin.timestamp = reading.from_time;
  if (begin.known() || begin.timestamp > 0) return begin;
  SLUICE_ASSIGN(files, binlog_file::find_log_files(reading.paths));
  if (files.front().is_stdin())
    return usage("--schema-from: a stream does not tell which log it is; say where it begins, --from FILE:4");
  begin.file = files.front().name;
  begin.offset = 4;
  return begin;
}

bool lies_behind(const Position& at, const Position& place) {
  if (!at.known()) return at.timestamp > place.timestamp;
  return !covers(place, at);
}

Result<void> read_state(const std::string& folder, const BinlogFileSetup& reading, Catalogue& catalogue) {
  SLUICE_ASSIGN(begin, beginning(reading));
  SLUICE_ASSIGN(saved, read_sqlite_catalogue(folder, &begin, catalogue));
  std::string place = begin.known() ? describe(begin) : reading.from_time > 0 ? "that time" : "";
  if (lies_behind(saved.at, saved.resume)) {
    return usage(
        "--schema-from: the pipeline of {} has read up to {}, but decoding begins behind that, at {}: what "
        "the log "
        "between them does to the tables is not known there. Begin no later, or name a server or --schema "
        "FILE",
        folder, describe(saved.resume), place);
  }
  if (catalogue.size() == 0) {
    return usage(
        "--schema-from: the pipeline of {} knew no tables at {} yet, the first it knows are those of {}. "
        "Begin "
        "there (--from), or tell the tables by --schema FILE",
        folder, place, describe(saved.first));
  }
  // A log that begins behind that place cannot hold rows of before.
  if (!begin.known() && saved.since.timestamp == 0) {
    SLUICE_ASSIGN(files, binlog_file::find_log_files(reading.paths));
    Position log = saved.since;
    log.file = files.front().name;
    log.offset = 4;
    if (files.front().is_stdin() || !covers(log, saved.since)) {
      return usage(
          "--schema-from: the tables that the pipeline of {} knew first are those of {}, whose time it does "
          "not know, so they may be others than those of {}. Begin there (--from), or tell the tables by "
          "--schema FILE",
          folder, describe(saved.since), place);
    }
  }
  log::info("{} tables as of {}, from {}", catalogue.size(), place, folder);
  return {};
}

}  // namespace

Result<void> read_schema_file(const std::string& path, Catalogue& catalogue) {
  SLUICE_ASSIGN(text, read_file(path));
  return mysql::read_schema(text, path, catalogue);
}

Result<void> read_schema_from(const std::string& from, const Settings& server, const BinlogFileSetup& reading,
                              Catalogue& catalogue) {
  if (from.find("://") != std::string::npos) return ask_server(from, server, catalogue);
  return read_state(from, reading, catalogue);
}

}  // namespace sluice::app
