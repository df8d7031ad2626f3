#include <string>

#include "app/config.h"
#include "app/connection.h"
#include "app/engine.h"
#include "app/output.h"
#include "app/reading.h"
#include "app/routing.h"
#include "app/signals.h"
#include "app/verbs.h"

namespace sluice::app {
namespace {

constexpr Option kReading[] = {
    {"from",
     OptionKind::Text,
     "now",
     "where to begin: now; start, the oldest log there is; FILE:POS; a GTID set that is behind you; a time "
     "in UTC, 2026-01-15T10:30:00",
     {},
     false,
     "WHERE"},
    {"until",
     OptionKind::Text,
     "",
     "where to end: now, FILE:POS, a GTID set or a time, in the same forms; none: never",
     {},
     false,
     "WHERE"},
    reading::kTables,
    reading::kWhere,
    reading::kDdl,
    reading::kHelperTables,
};

constexpr OptionGroup kGroups[] = {
    {"Reading", [] { return std::span<const Option>(kReading); }},
    {"Output", output_options},
    {"Connection", source_options, "url|start"},
    {"Memory", memory_options},
};

constexpr Argument kArguments[] = {
    {"URL",
     "mysql://user@host:port/ or mariadb://user@host:port/; the password in it is hidden from `ps` at once",
     true}};

constexpr Example kExamples[] = {
    {"sluice tail mysql://root@127.0.0.1:3306/", "everything from now on; asks for the password"},
    {"sluice tail mysql://sluice@db/ --tables 'shop.*,!shop.tmp_*' --from start --until now",
     "all that the server still has of one database, then end"},
    {"sluice tail mariadb://sluice@db/ --password-file ~/.sluice --with source,tx | jq .after",
     "with its place in the log and its transaction, into another program"},
    {"sluice tail mysql://sluice@db/ --where \"changed(status) AND total > 1000\"",
     "of a row's changes those that fit a condition (docs/rules.md)"},
    {"sluice tail mysql://sluice@db/ --from binlog.000042:4 --format maxwell",
     "from a log file's beginning, as Maxwell writes it"},
};

Result<RunPlan> make_plan(const Invocation& invocation) {
  RunPlan plan;
  plan.name = "sluice";
  plan.patient = false;
  const Settings& reading = invocation.group("Reading");
  SLUICE_ASSIGN(from, reading::point(reading, "from"));
  if (reading.given("until")) {
    SLUICE_ASSIGN(until, reading::point(reading, "until"));
    if (until.kind == StartPoint::Kind::Earliest)
      return usage("--until: 'start' is where a log begins, not where it ends");
    plan.until = std::move(until);
  }
  plan.tables = reading.list("tables");
  SLUICE_TRY(Selection::parse(plan.tables));
  SLUICE_ASSIGN(where, condition_of(reading));
  plan.where = std::move(where);
  SLUICE_ASSIGN(output, output_plan(invocation.group("Output")));
  plan.lanes.push_back(std::move(output));
  const Settings& memory = invocation.group("Memory");
  plan.batches = memory.integer("batches");
  Settings source = invocation.group("Connection");
  SLUICE_TRY(source.set("url", {invocation.argument(0)}, "URL"));
  SLUICE_ASSIGN(setup, source_setup(source));
  plan.source = std::move(setup);
  plan.source.start = std::move(from);
  plan.source.connection.keeps_state = false;
  plan.source.decoder.ddl = reading.boolean("ddl");
  plan.source.decoder.helper_tables = reading.boolean("helper_tables");
  plan.source.decoder.batch_bytes = memory.size("batch_bytes");
  if (plan.until && plan.until->kind == StartPoint::Kind::Now) {
    plan.source.until_now = true;
    plan.until.reset();
  }
  return plan;
}

Result<int> run(const Invocation& invocation) {
  SLUICE_ASSIGN(plan, make_plan(invocation));
  SLUICE_ASSIGN(engine, Engine::make(std::move(plan)));
  Signals signals([&] { engine->stop(); });
  SLUICE_TRY(engine->run());
  return 0;
}

}  // namespace

const Command tail_command = {"tail",
                              "show the changes of a running server as they are committed",
                              "It follows the server's binary log as a replica does: it reads, and changes "
                              "nothing. It needs no configuration and "
                              "keeps no state: one line a change on stdout, everything else on stderr.\n\n"
                              "The password comes from the URL, from --password-file, from SLUICE_PASSWORD "
                              "or MYSQL_PWD, or you are asked for it. "
                              "What a server may lack for this, 'sluice doctor URL' tells.",
                              kArguments,
                              kGroups,
                              kExamples,
                              run};

}  // namespace sluice::app
