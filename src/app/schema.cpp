// schema: shows, rebuilds and repairs a pipeline's table catalogue.
#include <sys/stat.h>

#include <algorithm>
#include <map>

#include "app/config.h"
#include "app/connection.h"
#include "app/own_reading.h"
#include "app/running.h"
#include "app/terminal.h"
#include "app/verbs.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "crypto/seal.h"
#include "model/selection.h"
#include "source/mysql/later_changes.h"
#include "source/mysql/mysql_source.h"
#include "source/mysql/schema_reader.h"
#include "source/mysql/server.h"
#include "state/sqlite/sqlite_state.h"
#include "transform/mask/mask.h"
#include "wire/mysql/aside_record.h"
#include "wire/mysql/create_table.h"
#include "wire/mysql/schema_file.h"

namespace sluice::app {
namespace {

constexpr Option kOptions[] = {
    {"at",
     OptionKind::Text,
     "",
     "the place in the log that the tables are shown as of: FILE:POS, a GTID set, or a time in UTC; none: "
     "where the pipeline goes on",
     {},
     false,
     "WHERE"},
    {"schema",
     OptionKind::List,
     "",
     "for repair: files with the CREATE TABLE statements of tables as of their first change that is set "
     "aside, or of "
     "where the pipeline goes on",
     {},
     false,
     "FILE"},
    {"sink",
     OptionKind::Text,
     "",
     "for repair: a sink that is behind the others, which waits in front of changes whose columns nobody can "
     "tell: "
     "the tables are those of where it stands, and told to it alone",
     {},
     false,
     "NAME"},
};
constexpr OptionGroup kGroups[] = {{"Options", [] { return std::span<const Option>(kOptions); }}};
constexpr Argument kArguments[] = {
    {"ACTION", "show, rebuild or repair [show]"},
    {"FILE",
     "the configuration, or the state folder itself, which suffices for all but rebuild [sluice.yaml]"},
    {"TABLE", "which tables: shop.*, !shop.tmp_*, /regular expression/; none: all", false, true}};
constexpr Example kExamples[] = {
    {"sluice schema show sluice.yaml 'shop.*'", "the tables as the pipeline knows them, as CREATE TABLE"},
    {"sluice schema show ./sluice-state --at binlog.000042:1234", "as they were at a place of the log"},
    {"sluice schema rebuild", "read them from the server again, and tell what differs"},
    {"sluice schema repair sluice.yaml --schema orders.sql",
     "tell the columns of a table that cannot be learnt"}};

using Tables = std::map<TableName, TablePtr>;

Tables tables_of(const Catalogue& catalogue) {
  Tables tables;
  catalogue.for_each([&](const TablePtr& table) { tables[{table->database, table->name}] = table; });
  return tables;
}

struct Request {
  std::string action = "show";
  std::string place = "sluice.yaml";
  Selection selection;
};

// Every word but TABLE may be left out: a file or folder is one that is there, an action one of three words.
Result<Request> request_of(const Invocation& invocation) {
  Request request;
  std::vector<std::string> words = invocation.arguments;
  if (!words.empty() && (words[0] == "show" || words[0] == "rebuild" || words[0] == "repair")) {
    request.action = words[0];
    words.erase(words.begin());
  }
  struct stat facts;
  bool is_place = !words.empty() && (::stat(words[0].c_str(), &facts) == 0 || words[0].ends_with(".yaml") ||
                                     words[0].find('/') != std::string::npos);
  if (is_place && !(words[0].size() > 1 && words[0].front() == '/' && words[0].back() == '/' &&
                    ::stat(words[0].c_str(), &facts) != 0)) {
    request.place = words[0];
    words.erase(words.begin());
  }
  SLUICE_ASSIGN(selection, Selection::parse(words));
  request.selection = std::move(selection);
  const Settings& options = invocation.group("Options");
  if (options.given("at") && request.action != "show") return usage("--at goes with 'show' alone");
  if (options.given("schema") != (request.action == "repair")) {
    return usage(
        "repair needs --schema FILE with the tables' CREATE TABLE statements, and nothing else takes it");
  }
  if (options.given("sink") && request.action != "repair") return usage("--sink goes with 'repair' alone");
  return request;
}

Result<Position> place_of(const std::string& text) {
  auto point = parse_start_point(text);
  if (!point) return while_doing("--at", std::move(point).error());
  Position at;
  if (point->kind == StartPoint::Kind::Now || point->kind == StartPoint::Kind::Earliest)
    return usage("--at '{}': expected FILE:POS, a GTID set, or a time", text);
  at.file = point->file;
  at.offset = at.file.empty() ? 0 : point->offset;
  at.gtids = point->gtids;
  at.timestamp = static_cast<uint32_t>(point->time);
  return at;
}

// The tables of a place that is not known are shown as they were known last, or first.
void warn_of_unknown(const SavedCatalogue& saved) {
  bool timed = !saved.at.known();
  if (timed ? saved.at.timestamp > saved.resume.timestamp : !covers(saved.resume, saved.at)) {
    log::warning("the pipeline has read up to {}; what the log does to tables behind that is not known here",
                 describe(saved.resume));
  } else if (timed && saved.since.timestamp == 0) {
    log::warning(
        "these are the tables that were known first, at {}, whose time is not known: before it they may have "
        "been others",
        describe(saved.since));
  }
}

Result<int> show(const Request& request, const std::string& folder, const Settings& options) {
  std::optional<Position> at;
  if (options.given("at")) {
    SLUICE_ASSIGN(place, place_of(options.text("at")));
    at = std::move(place);
  }
  Catalogue catalogue;
  SLUICE_ASSIGN(saved, read_sqlite_catalogue(folder, at ? &*at : nullptr, catalogue));
  if (at) warn_of_unknown(saved);
  std::string out = fmt::format("-- Tables as of {}\n", at ? options.text("at") : describe(saved.at));
  std::string database;
  size_t count = 0;
  for (const auto& [name, table] : tables_of(catalogue)) {
    if (!request.selection.wants(name.database, name.table)) continue;
    if (count++ == 0 || database != name.database) {
      database = name.database;
      std::string charset = catalogue.default_charset(database);
      out += fmt::format("\nCREATE DATABASE IF NOT EXISTS {}{}{};\n", mysql::quoted_name(database),
                         charset.empty() ? "" : " DEFAULT CHARACTER SET ", charset);
    }
    out += "\n";
    if (!table->named) out += "-- The names of its columns are not known.\n";
    out += mysql::create_statement(*table);
  }
  SLUICE_TRY(print(out));
  if (count == 0) log::warning("no table that is known there is asked for");
  return count == 0 ? 1 : 0;
}

// What differs, `-a int, +b int`; empty: nothing that the statement shows.
std::string difference(const Table& before, const Table& after) {
  std::string text;
  auto add = [&](char sign, const Column& column) {
    text += fmt::format("{}{}{} {}{}", text.empty() ? "" : ", ", sign, column.name, mysql::type_text(column),
                        column.charset.empty() ? "" : " " + column.charset);
  };
  auto same = [](const Column& a, const Column& b) {
    return a.name == b.name && mysql::type_text(a) == mysql::type_text(b) && a.charset == b.charset &&
           a.nullable == b.nullable;
  };
  auto lacks = [&](const Table& table, const Column& column) {
    return std::none_of(table.columns.begin(), table.columns.end(),
                        [&](const Column& other) { return same(other, column); });
  };
  for (const Column& column : before.columns) {
    if (!column.hidden && lacks(after, column)) add('-', column);
  }
  for (const Column& column : after.columns) {
    if (!column.hidden && lacks(before, column)) add('+', column);
  }
  if (text.empty() && mysql::create_statement(before) != mysql::create_statement(after))
    text = "order, key or character set";
  return text;
}

// Puts what is new into the catalogue and tells of it, a line a table.
class Renewal {
 public:
  Renewal(Catalogue& catalogue, const Selection& selection) : catalogue_(catalogue), selection_(selection) {}

  void put(const TablePtr& table) {
    if (!selection_.wants(table->database, table->name)) return;
    TablePtr before = catalogue_.find(table->database, table->name);
    std::string text = before ? difference(*before, *table) : "new";
    if (before && text.empty()) {
      ++same_;
      return;
    }
    catalogue_.put(table);
    tell(full_name(*table), text);
  }
  void drop(const Table& table) {
    if (!selection_.wants(table.database, table.name)) return;
    catalogue_.drop(table.database, table.name);
    tell(full_name(table), "no longer there");
  }
  void leave(const Table& table, std::string_view place) {
    if (!selection_.wants(table.database, table.name)) return;
    report_ +=
        fmt::format("{}: left as it was: the log changes it later, up to {}\n", full_name(table), place);
    ++left_;
  }
  std::string report() const {
    return report_ + fmt::format("{} changed, {} left as they were, {} the same\n", changed_, left_, same_);
  }

 private:
  void tell(const std::string& name, std::string_view text) {
    report_ += fmt::format("{}: {}\n", name, text);
    ++changed_;
  }

  Catalogue& catalogue_;
  const Selection& selection_;
  std::string report_;
  size_t changed_ = 0, left_ = 0, same_ = 0;
};

// Tables whose rows were set aside are told as of the first of them, not as of where the pipeline goes on.
struct AsideTold {
  Secret seal;  // under which they lie; empty: in plain
  AsideChanges changes;
  std::string report;

  // False: no row of it was.
  Result<bool> take(AsideStore& store, const TablePtr& told) {
    SLUICE_ASSIGN(tables, store.tables());
    TableName name{told->database, told->name};
    auto found = std::find_if(tables.begin(), tables.end(),
                              [&](const AsideTable& table) { return table.name == name; });
    if (found == tables.end()) return false;
    for (uint64_t at = 0;;) {
      SLUICE_ASSIGN(event, store.next(at, false));
      if (event.id == 0) break;
      at = event.id;
      if (event.table != name) continue;
      if (seal.empty() && is_sealed(event.bytes)) {
        return usage(
            "{}: what is set aside is sealed by the key of the masks; name the configuration that has it, "
            "not "
            "the state folder",
            full_name(*told));
      }
      SLUICE_ASSIGN(bytes, unsealed(seal, event.bytes));
      SLUICE_ASSIGN(clash, mysql::contradiction(bytes, *told));
      if (clash) {
        return usage(
            "{}: these columns cannot be those that it had at {}, where its changes are set aside from: {}",
            full_name(*told), event.place, *clash);
      }
      break;
    }
    SLUICE_ASSIGN(whole, store.whole());
    changes.whole = whole;
    changes.tables.push_back({.name = name, .table = told});
    report += fmt::format(
        "{}: its columns as of {} are known now; {} events that were set aside come out at the next "
        "start\n",
        full_name(*told), found->since, found->events);
    return true;
  }
};

Result<void> take_server(const Config& config, const Position& resume, Catalogue& catalogue,
                         Renewal& renewal) {
  SLUICE_ASSIGN(setup, source_setup(config.source));
  Interrupt never;
  mysql::Connection connection(setup.connection, never);
  SLUICE_TRY(connection.connect());
  SLUICE_ASSIGN(server, mysql::read_server(connection));
  if (resume.flavor != server.flavor || (!resume.file.empty() && resume.server_uuid != server.uuid)) {
    return fatal("cannot rebuild from {}: the pipeline was reading another server", connection.address());
  }
  SLUICE_ASSIGN(schema, mysql::read_schema(connection, server));
  mysql::LaterChanges later;
  SLUICE_TRY(later.read(resume, connection, server));
  std::map<TableName, bool> there;
  for (Table& table : schema.tables) {
    there[{table.database, table.name}] = true;
    if (auto changed = later.after(resume, table.database, table.name)) {
      renewal.leave(table, *changed);
    } else {
      renewal.put(freeze(std::move(table)));
    }
  }
  for (const auto& [name, table] : tables_of(catalogue)) {
    if (there.contains(name)) continue;
    if (auto changed = later.after(resume, name.database, name.table)) {
      renewal.leave(*table, *changed);
    } else {
      renewal.drop(*table);
    }
  }
  return {};
}

Result<int> renew(const Request& request, const std::string& folder, const Config* config,
                  const std::vector<std::string>& files, Secret seal = Secret()) {
  SLUICE_ASSIGN(state, open_sqlite_state(folder));
  SLUICE_ASSIGN(resume, state->resume());
  if (!resume) return usage("{} holds no tables yet: its pipeline has not read anything", folder);
  Catalogue catalogue;
  SLUICE_TRY(state->load(catalogue));
  Renewal renewal(catalogue, request.selection);
  if (config) SLUICE_TRY(take_server(*config, *resume, catalogue, renewal));
  AsideTold aside{.seal = std::move(seal)};
  for (const std::string& path : files) {
    SLUICE_ASSIGN(text, read_file(path));
    Catalogue told;
    SLUICE_TRY(mysql::read_schema(text, path, told));
    if (tables_of(told).empty()) {
      return usage(
          "{}: no table is there behind its statements; 'repair' takes tables that a file creates, those "
          "that "
          "are gone at the server are dropped by 'rebuild'",
          path);
    }
    for (const auto& [name, table] : tables_of(told)) {
      if (!request.selection.wants(name.database, name.table)) continue;
      SLUICE_ASSIGN(waits, aside.take(*state->aside(), table));
      if (!waits) renewal.put(table);
    }
  }
  std::vector<CatalogueChange> changes = catalogue.take_changes();
  SLUICE_TRY(state->save({.lane = "", .resume = &*resume, .catalogue = changes, .aside = &aside.changes}));
  SLUICE_TRY(print(aside.report + renewal.report()));
  return 0;
}

Result<int> run(const Invocation& invocation) {
  SLUICE_ASSIGN(request, request_of(invocation));
  const Settings& options = invocation.group("Options");
  // Relative paths of the command line, before the configuration's folder becomes the current one.
  std::vector<std::string> files;
  for (const std::string& path : options.list("schema")) {
    SLUICE_ASSIGN(whole, absolute(path));
    files.push_back(std::move(whole));
  }
  SLUICE_ASSIGN(place, absolute(request.place));
  SLUICE_ASSIGN(folder, state_folder(place));
  if (request.action == "show") return show(request, folder, options);
  if (request.action == "repair") {
    Secret seal;
    if (folder != place) {
      SLUICE_ASSIGN(config, load_config(place));
      if (config.masks) seal = config.masks->derived("state");
    }
    if (!options.given("sink")) return renew(request, folder, nullptr, files, std::move(seal));
    SLUICE_ASSIGN(stopped, open_sqlite_state(folder));
    SLUICE_TRY(stand_own_tables(*stopped, folder, options.text("sink")));
    return renew(request, own_tables_folder(folder, options.text("sink")), nullptr, files);
  }
  if (folder == place) return usage("rebuild needs the configuration, which names the server: sluice.yaml");
  SLUICE_ASSIGN(config, load_config(place));
  return renew(request, folder, &config, {});
}

}  // namespace

const Command schema_command = {
    "schema",
    "show the tables that a pipeline knows as CREATE TABLE; rebuild or repair them",
    "Every version of a table is kept with the place in the log from which it held, so that 'show --at' "
    "tells what it was then; --schema of 'sluice decode' reads the output back. It shows a running pipeline, "
    "too."
    "\n\n"
    "'rebuild' reads the tables from the server and tells what differs; a table that the log changes behind "
    "the place where the pipeline goes on is left as it was. 'repair' takes tables from files, where neither "
    "log nor server can tell what their columns were: as of their first change that is set aside, else as of "
    "where the "
    "pipeline goes on; with --sink as of where a sink is that is left behind. For both the pipeline must be "
    "stopped.",
    kArguments,
    kGroups,
    kExamples,
    run};

}  // namespace sluice::app
