#include "source/mysql/server.h"

#include <charconv>

#include "base/clock.h"

namespace sluice::mysql {
namespace {

constexpr std::string_view kVariables =
    "'binlog_checksum','binlog_encryption','binlog_expire_logs_seconds','binlog_format','binlog_row_event_"
    "max_size',"
    "'binlog_row_image','binlog_row_metadata','binlog_row_value_options','binlog_rows_query_log_events',"
    "'binlog_transaction_compression','character_set_server','collation_server','encrypt_binlog','expire_"
    "logs_days',"
    "'gtid_mode','have_ssl','log_bin','log_bin_compress','log_replica_updates','log_slave_updates',"
    "'explicit_defaults_for_timestamp','lower_case_table_names','require_secure_transport','rpl_semi_sync_"
    "master_enabled',"
    "'rpl_semi_sync_source_enabled','server_id','server_uuid','version','version_comment'";

uint64_t number(std::string_view text) {
  uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

Result<GtidSet> gtid_query(Connection& connection, std::string_view sql, std::string_view attempt) {
  SLUICE_ASSIGN(rows, connection.query(sql, attempt));
  if (rows.rows.empty() || rows.rows[0].empty() || !rows.rows[0][0]) return GtidSet();
  Result<GtidSet> set = GtidSet::parse(*rows.rows[0][0]);
  if (!set) return while_doing(fmt::format("cannot {} ({})", attempt, connection.address()), set.error());
  return set;
}

// The name of a status statement changed twice; MariaDB kept the first.
std::string_view log_status_statement(const Server& server) {
  return !server.mariadb() && server.number >= 80200 ? "SHOW BINARY LOG STATUS" : "SHOW MASTER STATUS";
}

}  // namespace

std::string_view Server::variable(std::string_view name) const {
  auto found = variables.find(name);
  return found == variables.end() ? std::string_view() : std::string_view(found->second);
}

bool Server::on(std::string_view name) const {
  std::string_view value = variable(name);
  return value == "ON" || value == "1" || value == "YES";
}

std::string Server::product() const {
  return fmt::format("{} {}", mariadb() ? "MariaDB" : "MySQL", version.substr(0, version.find('-')));
}

uint32_t version_number(std::string_view version) {
  // MariaDB 10.x may call itself `5.5.5-10.11.19-MariaDB`, for the sake of old replicas.
  if (version.starts_with("5.5.5-") && version.find("MariaDB") != std::string_view::npos)
    version.remove_prefix(6);
  uint32_t parts[3] = {};
  const char* at = version.data();
  const char* end = at + version.size();
  for (uint32_t& part : parts) {
    auto [next, failure] = std::from_chars(at, end, part);
    if (failure != std::errc() || part > 999) return 0;
    at = next != end && *next == '.' ? next + 1 : next;
  }
  return parts[0] * 10000 + parts[1] * 100 + parts[2];
}

Result<Server> read_server(Connection& connection) {
  SLUICE_ASSIGN(rows,
                connection.query(fmt::format("SHOW GLOBAL VARIABLES WHERE Variable_name IN ({})", kVariables),
                                 "read the server's variables"));
  Server server;
  for (const Fields& row : rows.rows) {
    if (row.size() == 2 && row[0] && row[1]) server.variables[*row[0]] = *row[1];
  }
  server.version = server.variable("version");
  server.number = version_number(server.version);
  bool mariadb = server.version.find("MariaDB") != std::string::npos ||
                 connection.server_version().find("MariaDB") != std::string::npos;
  server.flavor = mariadb ? Flavor::MariaDb : Flavor::MySql;
  server.id = static_cast<uint32_t>(number(server.variable("server_id")));
  server.uuid =
      mariadb ? std::string(server.variable("server_id")) : std::string(server.variable("server_uuid"));
  server.gtids = mariadb || server.variable("gtid_mode") == "ON";
  SLUICE_ASSIGN(clock, connection.query("SELECT CAST(UNIX_TIMESTAMP(NOW(6)) * 1000000 AS UNSIGNED)",
                                        "read the server's clock"));
  int64_t theirs =
      clock.rows.empty() || !clock.rows[0][0] ? 0 : static_cast<int64_t>(number(*clock.rows[0][0]));
  server.clock_offset_us = theirs - unix_us();
  return server;
}

uint32_t Server::present_second() const {
  return static_cast<uint32_t>((unix_us() + clock_offset_us) / 1'000'000);
}

Result<void> require_row_log(const Server& server, const std::string& address) {
  if (!server.on("log_bin")) {
    return usage(
        "cannot read the binary log ({}): the server keeps none (log_bin is OFF); add log_bin=binlog and a "
        "server_id to its configuration and restart it",
        address);
  }
  std::string_view format = server.variable("binlog_format");
  if (format != "ROW" && !format.empty()) {
    return usage(
        "cannot read row changes from the binary log ({}): binlog_format is {}, so that it holds "
        "statements; run SET GLOBAL binlog_format = 'ROW' on the server, write it into its configuration "
        "too, and let its clients connect anew",
        address, format);
  }
  return {};
}

Result<Position> present_position(Connection& connection, const Server& server) {
  constexpr std::string_view kAttempt = "read the present position of the binary log";
  SLUICE_ASSIGN(rows, connection.query(log_status_statement(server), kAttempt));
  if (rows.rows.empty() || !rows.get(0, "file") || !rows.get(0, "position")) {
    return usage("cannot {} ({}): the server keeps no binary log", kAttempt, connection.address());
  }
  Position position;
  position.file = *rows.get(0, "file");
  position.offset = number(*rows.get(0, "position"));
  position.server_uuid = server.uuid;
  position.flavor = server.flavor;
  if (server.mariadb()) {
    SLUICE_ASSIGN(gtids, gtids_at(connection, position.file, position.offset));
    position.gtids = std::move(gtids);
  } else if (const std::string* text = rows.get(0, "executed_gtid_set"); text && server.gtids) {
    SLUICE_ASSIGN(gtids, GtidSet::parse(*text));
    position.gtids = std::move(gtids);
  }
  return position;
}

Result<std::vector<BinaryLog>> binary_logs(Connection& connection) {
  SLUICE_ASSIGN(rows, connection.query("SHOW BINARY LOGS", "list the binary logs"));
  std::vector<BinaryLog> logs;
  for (const Fields& row : rows.rows) {
    if (row.size() >= 2 && row[0] && row[1]) logs.push_back({*row[0], number(*row[1])});
  }
  return logs;
}

Result<GtidSet> executed_gtids(Connection& connection) {
  return gtid_query(connection, "SELECT @@GLOBAL.gtid_executed", "read gtid_executed");
}

Result<GtidSet> purged_gtids(Connection& connection) {
  return gtid_query(connection, "SELECT @@GLOBAL.gtid_purged", "read gtid_purged");
}

Result<std::optional<GtidSet>> previous_gtids(Connection& connection, const std::string& file) {
  // The second event of a file, behind its description.
  SLUICE_ASSIGN(rows,
                connection.query(fmt::format("SHOW BINLOG EVENTS IN {} LIMIT 2", connection.quoted(file)),
                                 "read the GTIDs before a binary log"));
  for (size_t i = 0; i < rows.rows.size(); ++i) {
    const std::string* type = rows.get(i, "event_type");
    const std::string* info = rows.get(i, "info");
    if (!type || *type != "Previous_gtids" || !info) continue;
    SLUICE_ASSIGN(set, GtidSet::parse(*info));
    return set;
  }
  return std::nullopt;
}

Result<GtidSet> gtids_at(Connection& connection, const std::string& file, uint64_t offset) {
  constexpr std::string_view kAttempt = "read the GTIDs of a place in the binary log";
  SLUICE_ASSIGN(
      rows, connection.query(fmt::format("SELECT BINLOG_GTID_POS({}, {})", connection.quoted(file), offset),
                             kAttempt));
  if (rows.rows.empty() || !rows.rows[0][0]) {
    return usage("cannot begin at {}:{} ({}): the server has no such binary log, or no event begins there",
                 file, offset, connection.address());
  }
  return GtidSet::parse(*rows.rows[0][0]);
}

Result<GtidSet> logged_gtids(Connection& connection) {
  return gtid_query(connection, "SELECT @@GLOBAL.gtid_binlog_pos", "read gtid_binlog_pos");
}

Result<std::optional<std::vector<Replica>>> replicas(Connection& connection, const Server& server) {
  constexpr unsigned kAccessDenied = 1227;  // ER_SPECIFIC_ACCESS_DENIED_ERROR
  bool newer = !server.mariadb() && server.number >= 80022;
  // Older MySQL servers crash when they list a replica that went away between registering and reading (seen
  // with 5.6.24, in get_slave_uuid).
  if (!server.mariadb() && !newer) return std::nullopt;
  Result<Rows> asked = connection.query(newer ? "SHOW REPLICAS" : "SHOW SLAVE HOSTS", "list the replicas");
  if (!asked && connection.error_code() == kAccessDenied) return std::nullopt;
  if (!asked) return Failure(std::move(asked).error());
  const Rows& rows = *asked;
  std::vector<Replica> result;
  for (size_t i = 0; i < rows.rows.size(); ++i) {
    auto text = [&](std::string_view name) {
      const std::string* found = rows.get(i, name);
      return found ? *found : std::string();
    };
    Replica replica;
    replica.server_id = static_cast<uint32_t>(number(text("server_id")));
    replica.host = text("host");
    replica.uuid = text(newer ? "replica_uuid" : "slave_uuid");
    result.push_back(std::move(replica));
  }
  return result;
}

}  // namespace sluice::mysql
