#include "sink/clickhouse/options.h"

namespace sluice::clickhouse {
namespace {

constexpr Option kOptions[] = {
    kNodesUrl,
    {"table",
     OptionKind::Text,
     "{database}.{table}",
     "the table of a row: a template of DATABASE.TABLE, or of TABLE in the database default",
     {},
     false,
     "TEMPLATE"},
    kNodesUser,
    kNodesPassword,
    {"connections",
     OptionKind::Integer,
     "2",
     "inserts under way at once, each into another table",
     {},
     false,
     {},
     1,
     64},
    {"create", OptionKind::Boolean, "true", "make tables that are not there"},
    {"ddl", OptionKind::Choice, "apply",
     "when a table is changed, emptied or dropped: do the same to the target's, leave that as it is, or stop",
     "apply|ignore|stop"},
    {"types", OptionKind::Choice, "current",
     "which types columns get: current, or basic for servers before 23.2, which lack some or hold less in "
     "them",
     "current|basic"},
    {"low_cardinality", OptionKind::Boolean, "false", "ENUM and SET columns are LowCardinality(String)"},
    {"out_of_range", OptionKind::Choice, "refuse",
     "of a date that the column's type does not hold: refuse the row, or write NULL where the column takes "
     "it",
     "refuse|as_null"},
    {"version_column",
     OptionKind::Text,
     "_version",
     "the column with a row's place in the log",
     {},
     false,
     "NAME"},
    {"deleted_column",
     OptionKind::Text,
     "_deleted",
     "the column that is 1 of rows that are deleted",
     {},
     false,
     "NAME"},
    {"few_rows",
     OptionKind::Integer,
     "1000",
     "an insert of fewer rows than this waits until the one before is an interval ago; 0: none waits",
     {},
     false,
     {},
     0,
     10'000'000},
    {"interval",
     OptionKind::Duration,
     "1s",
     "between inserts of few rows, each of which makes a part that the server must merge",
     {},
     false,
     {},
     10,
     600'000},
    kTlsCa,
    kTlsVerify,
    kTlsCert,
    kTlsKey,
    kNodesTimeout,
};

}  // namespace

std::span<const Option> option_table() { return kOptions; }

Result<Options> parse_options(const Settings& settings) {
  Options made;
  SLUICE_ASSIGN(nodes, read_nodes(settings));
  made.nodes = std::move(nodes);
  std::string ddl = settings.text("ddl");
  made.ddl = ddl == "apply" ? OnDdl::Apply : ddl == "stop" ? OnDdl::Stop : OnDdl::Ignore;
  made.connections = settings.integer("connections");
  made.create = settings.boolean("create");
  made.few_rows = settings.integer("few_rows");
  made.interval = settings.duration("interval");
  made.rows = {.basic_types = settings.text("types") == "basic",
               .low_cardinality = settings.boolean("low_cardinality"),
               .null_out_of_range = settings.text("out_of_range") == "as_null",
               .version_column = settings.text("version_column"),
               .deleted_column = settings.text("deleted_column")};
  for (std::string_view option : {"version_column", "deleted_column", "table"}) {
    if (settings.text(option).empty())
      return usage("{}: {}: expected a name", settings.where(option), option);
  }
  if (made.rows.version_column == made.rows.deleted_column) {
    return usage("{}: version_column and deleted_column are two columns and need two names",
                 settings.where(settings.given("version_column") ? "version_column" : "deleted_column"));
  }
  return made;
}

}  // namespace sluice::clickhouse
