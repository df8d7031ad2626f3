#include "format/maxwell/options.h"

namespace sluice::maxwell {
namespace {

constexpr Option kOptions[] = {
    {"output_binlog_position", OptionKind::Boolean, "false",
     "write `position`, the log file and offset of the row's event"},
    {"output_gtid_position", OptionKind::Boolean, "false", "write `gtid`, the transaction's GTID"},
    {"output_commit_info", OptionKind::Boolean, "true",
     "write `xid`, and `commit` on a transaction's last row"},
    {"output_xoffset", OptionKind::Boolean, "false",
     "write `xoffset`, the row's place in its transaction, on all rows but the last"},
    {"output_nulls", OptionKind::Boolean, "true", "show columns whose value is null"},
    {"output_server_id", OptionKind::Boolean, "false",
     "write `server_id`, of the server that wrote the event first"},
    {"output_thread_id", OptionKind::Boolean, "false", "write `thread_id`, of the client's connection"},
    {"output_row_query", OptionKind::Boolean, "false",
     "write `query`, the statement, where the server logs it"},
    {"row_query_max_length", OptionKind::Integer, "0",
     "cut `query` to so many characters, 0 leaves it whole"},
    {"output_primary_keys", OptionKind::Boolean, "false",
     "write `primary_key`, the values of the key's columns"},
    {"output_primary_key_columns", OptionKind::Boolean, "false", "write `primary_key_columns`, their names"},
    {"output_null_zerodates", OptionKind::Boolean, "false", "show zero dates as null"},
    {"output_naming_strategy", OptionKind::Choice, "none", "how fields and columns are named",
     "none|underscore_to_camelcase"},
    {"output_ddl", OptionKind::Boolean, "false",
     "write rows for statements that create, change or drop tables and databases"},
    {"kafka_key_format", OptionKind::Choice, "hash",
     "how the key of a message is written, for targets that have keys", "hash|array"},
};

}  // namespace

std::span<const Option> option_table() { return kOptions; }

Options read_options(const Settings& settings) {
  Options options;
  options.binlog_position = settings.boolean("output_binlog_position");
  options.gtid_position = settings.boolean("output_gtid_position");
  options.commit_info = settings.boolean("output_commit_info");
  options.xoffset = settings.boolean("output_xoffset");
  options.key_format = settings.text("kafka_key_format") == "array" ? KeyFormat::Array : KeyFormat::Hash;
  options.nulls = settings.boolean("output_nulls");
  options.server_id = settings.boolean("output_server_id");
  options.thread_id = settings.boolean("output_thread_id");
  options.row_query = settings.boolean("output_row_query");
  options.row_query_max_length = settings.integer("row_query_max_length");
  options.primary_keys = settings.boolean("output_primary_keys");
  options.primary_key_columns = settings.boolean("output_primary_key_columns");
  options.null_zerodates = settings.boolean("output_null_zerodates");
  options.ddl = settings.boolean("output_ddl");
  bool camel = settings.text("output_naming_strategy") == "underscore_to_camelcase";
  options.naming = camel ? Naming::CamelCase : Naming::AsIs;
  return options;
}

}  // namespace sluice::maxwell
