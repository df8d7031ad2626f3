#include "source/mysql/doctor.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>

#include "source/mysql/dump.h"
#include "source/mysql/dump_request.h"
#include "source/mysql/grants.h"
#include "source/mysql/log_place.h"
#include "source/mysql/schema_reader.h"
#include "source/mysql/server.h"

namespace sluice {
namespace {

using namespace mysql;

int64_t number(std::string_view text) {
  int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// In its largest unit that fits: "3 days", "90 minutes".
std::string spell_seconds(int64_t seconds) {
  if (seconds >= 2 * 86400) return fmt::format("{} days", seconds / 86400);
  if (seconds >= 2 * 3600) return fmt::format("{} hours", seconds / 3600);
  if (seconds >= 2 * 60) return fmt::format("{} minutes", seconds / 60);
  return fmt::format("{} seconds", seconds);
}

std::string spell_bytes(uint64_t bytes) {
  if (bytes >= 1'000'000'000) return fmt::format("{:.1f} GB", static_cast<double>(bytes) / 1e9);
  return fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1e6);
}

bool is_loopback(const std::string& host) {
  return host == "localhost" || host.starts_with("127.") || host == "::1";
}

// Without the advice to ask the doctor.
std::string reason(const Error& error) { return error.what.substr(0, error.what.find("; `sluice doctor")); }

class Examination {
 public:
  explicit Examination(const MysqlSourceSetup& setup)
      : setup_(setup), connection_(setup.connection, interrupt_) {}

  Result<std::vector<Finding>> run();

 private:
  void ok(std::string what) { add(Finding::Grade::Ok, std::move(what), "", ""); }
  void warning(std::string what, std::string why, std::string mend = "") {
    add(Finding::Grade::Warning, std::move(what), std::move(why), std::move(mend));
  }
  void fault(std::string what, std::string why, std::string mend = "") {
    add(Finding::Grade::Fault, std::move(what), std::move(why), std::move(mend));
  }
  void add(Finding::Grade grade, std::string what, std::string why, std::string mend) {
    findings_.push_back({grade, std::move(what), std::move(why), std::move(mend)});
  }
  // `SET GLOBAL` for now; the configuration for after the next start.
  static std::string set_global(std::string_view name, std::string_view value) {
    return fmt::format("SET GLOBAL {0} = '{1}'; and {0}={1} in the server's configuration", name, value);
  }

  void version();
  void encryption();
  void authentication();
  void log();
  void rows();
  void metadata();
  void partial_documents();
  void gtids();
  void clock();
  void grants();
  void replication_grant(const std::string& who);
  void select_grant();
  void server_id();
  void retention();
  void replica();
  void semi_sync();
  void keys();
  std::string account();

  const MysqlSourceSetup& setup_;
  Interrupt interrupt_;
  Connection connection_;
  Server server_;
  bool may_monitor_ = false;    // SHOW BINARY LOGS and the like
  bool may_replicate_ = false;  // read the log
  std::vector<Finding> findings_;
};

Result<std::vector<Finding>> Examination::run() {
  SLUICE_TRY(connection_.connect());
  SLUICE_ASSIGN(server, read_server(connection_));
  server_ = std::move(server);
  version();
  encryption();
  authentication();
  log();
  if (server_.on("log_bin")) {
    rows();
    metadata();
    partial_documents();
  }
  grants();
  server_id();
  gtids();
  retention();
  replica();
  semi_sync();
  clock();
  keys();
  return std::move(findings_);
}

void Examination::version() {
  uint32_t oldest = server_.mariadb() ? 100200 : 50600;
  std::string what = fmt::format("the server is {} (server id {})", server_.product(), server_.id);
  if (server_.number >= oldest) return ok(what);
  fault(
      what,
      fmt::format("versions before {} are not understood", server_.mariadb() ? "MariaDB 10.2" : "MySQL 5.6"),
      "upgrade the server");
}

void Examination::encryption() {
  std::string cipher = connection_.tls_cipher();
  if (!cipher.empty()) return ok(fmt::format("the connection is encrypted ({})", cipher));
  if (is_loopback(setup_.connection.host))
    return ok("the connection is not encrypted, but stays on this machine");
  warning("the connection is not encrypted", "whoever is on the way can read every change",
          setup_.connection.tls == Tls::Off ? "tls=required" : "set up TLS on the server, then tls=required");
}

void Examination::authentication() {
  auto asked =
      connection_.query("SELECT plugin FROM mysql.user WHERE CONCAT(user, '@', host) = CURRENT_USER()",
                        "read the account's authentication plugin");
  if (!asked || asked->rows.empty() || !asked->rows[0][0]) return;  // most accounts may not ask
  const std::string& plugin = *asked->rows[0][0];
  bool asks_key = plugin == "caching_sha2_password" && connection_.tls_cipher().empty() &&
                  setup_.connection.server_public_key.empty() && !is_loopback(setup_.connection.host);
  if (!asks_key) return ok(fmt::format("the account logs in by {}", plugin.empty() ? "password" : plugin));
  warning("the account logs in by caching_sha2_password without TLS",
          "the server's public key is believed as it comes over the network",
          "tls=required, or server_public_key");
}

void Examination::log() {
  if (server_.on("log_bin")) return ok("the binary log is on");
  fault("the binary log is off (log_bin is OFF)", "there is nothing to read",
        "log_bin=binlog and server_id=1 in the server's configuration, then a restart");
}

void Examination::rows() {
  std::string_view format = server_.variable("binlog_format");
  if (format == "ROW" || format.empty()) {
    ok("the log holds rows (binlog_format is ROW)");
  } else {
    fault(fmt::format("binlog_format is {}", format),
          "the log holds statements, from which no row can be told",
          set_global("binlog_format", "ROW") + "; clients have to connect anew");
  }
  std::string_view image = server_.variable("binlog_row_image");
  if (image == "FULL" || image.empty()) return ok("rows are logged whole (binlog_row_image is FULL)");
  warning(fmt::format("binlog_row_image is {}", image),
          "columns that a change does not touch are absent from before and after",
          set_global("binlog_row_image", "FULL"));
}

void Examination::metadata() {
  std::string_view metadata = server_.variable("binlog_row_metadata");
  if (metadata == "FULL") return ok("the log carries the names of columns (binlog_row_metadata is FULL)");
  if (metadata.empty())
    return ok(
        fmt::format("column names come from the server's tables: the log of {} has none", server_.product()));
  warning(fmt::format("binlog_row_metadata is {}", metadata),
          "column names come from the server's present tables, so that a log from before an ALTER TABLE may "
          "not be "
          "readable",
          set_global("binlog_row_metadata", "FULL"));
}

// A JSON document comes out whole where the image before has it.
void Examination::partial_documents() {
  bool partial = server_.variable("binlog_row_value_options").find("PARTIAL_JSON") != std::string_view::npos;
  if (!partial || server_.variable("binlog_row_image") == "FULL") return;
  warning("binlog_row_value_options is PARTIAL_JSON, and binlog_row_image is not FULL",
          "of an updated JSON column only what was changed within it is in the log",
          set_global("binlog_row_image", "FULL"));
}

std::string Examination::account() {
  auto asked = connection_.query("SELECT CURRENT_USER()", "ask for the account");
  if (!asked || asked->rows.empty() || !asked->rows[0][0]) return "the account";
  const std::string& name = *asked->rows[0][0];
  size_t at = name.rfind('@');
  return fmt::format("'{}'@'{}'", name.substr(0, at), name.substr(at + 1));
}

// Tried instead of read from SHOW GRANTS: what roles and version-dependent names come to, the server knows
// best.
void Examination::grants() {
  std::string who = account();
  std::string monitor =
      server_.mariadb() && server_.number >= 100502 ? "BINLOG MONITOR" : "REPLICATION CLIENT";
  if (server_.on("log_bin")) {
    auto logs = binary_logs(connection_);
    may_monitor_ = logs.has_value();
    if (may_monitor_) {
      ok(fmt::format("the account may ask where the log stands ({})", monitor));
    } else {
      fault(fmt::format("the grant {} is missing", monitor), reason(logs.error()),
            fmt::format("GRANT {} ON *.* TO {};", monitor, who));
    }
  }
  if (server_.on("log_bin")) replication_grant(who);
  select_grant();
}

// The first packet of the log is enough. Not by registering: MySQL 5.6 never forgets a replica that registers
// and goes away without reading, and crashes when it lists it.
void Examination::replication_grant(const std::string& who) {
  Connection other(setup_.connection, interrupt_);
  Dump dump(other, server_,
            {.server_id = random_server_id(),
             .replica_uuid = random_uuid(),
             .until_now = true,
             .register_replica = false});
  Result<void> tried = other.connect();
  if (tried) tried = dump.start(Position(), false);
  if (tried) {
    auto got = dump.next(Dump::Clock::now() + setup_.connection.connect_timeout);
    if (!got) tried = Failure(std::move(got).error());
  }
  may_replicate_ = tried.has_value();
  if (may_replicate_) return ok("the account may read the log (REPLICATION SLAVE)");
  if (!dump.denied()) return fault("the log cannot be read", reason(tried.error()));
  fault("the grant REPLICATION SLAVE is missing", reason(tried.error()),
        fmt::format("GRANT REPLICATION SLAVE ON *.* TO {};", who));
}

void Examination::select_grant() {
  std::vector<std::string> lines;
  auto collect = [&](std::string_view sql) {
    auto asked = connection_.query(sql, "read the account's grants");
    for (size_t i = 0; asked && i < asked->rows.size(); ++i) {
      if (asked->rows[i][0]) lines.push_back(*asked->rows[i][0]);
    }
  };
  collect("SHOW GRANTS");
  // MySQL lists a role's grants only where the role is named. 5.x has no roles: the query fails, and that is
  // all.
  if (!server_.mariadb()) {
    auto role = connection_.query("SELECT CURRENT_ROLE()", "ask for the active roles");
    if (role && !role->rows.empty() && role->rows[0][0] && *role->rows[0][0] != "NONE") {
      collect("SHOW GRANTS FOR CURRENT_USER() USING " + *role->rows[0][0]);
    }
  }
  std::vector<std::string> scopes = readable_scopes(lines);
  std::string mend = fmt::format("GRANT SELECT ON *.* TO {};", account());
  if (scopes.empty()) {
    fault("the grant SELECT is missing",
          "the shape of tables cannot be read: column names and types are not known", mend);
  } else if (std::find(scopes.begin(), scopes.end(), "*.*") != scopes.end()) {
    ok("the account may read the shape of every table (SELECT)");
  } else {
    std::string list;
    for (const std::string& scope : scopes) list += (list.empty() ? "" : ", ") + scope;
    warning(fmt::format("the account may read the shape of some tables only ({})", list),
            "column names and types of the others are not known", mend);
  }
}

void Examination::server_id() {
  if (server_.id == 0) {
    fault("the server has no server_id", "it does not send its log to anybody", "SET GLOBAL server_id = 1");
  }
  if (setup_.server_id == 0) return ok("our server_id is chosen at random, so that it is free");
  if (setup_.server_id == server_.id) {
    return fault(fmt::format("our server_id {} is the server's own", setup_.server_id),
                 "the server takes us for itself", "another server_id, or 0 for a random one");
  }
  if (!server_.mariadb() && server_.number < 80022) {
    return ok(fmt::format("our server_id {} need not be free: {} goes by UUIDs", setup_.server_id,
                          server_.product()));
  }
  auto asked = replicas(connection_, server_);
  if (!asked || !*asked) {
    return warning(
        fmt::format("whether our server_id {} is free cannot be asked", setup_.server_id),
        "two replicas with one id throw each other out",
        server_.mariadb() ? fmt::format("GRANT REPLICATION MASTER ADMIN ON *.* TO {};", account()) : "");
  }
  auto clash = std::find_if((*asked)->begin(), (*asked)->end(),
                            [&](const Replica& replica) { return replica.server_id == setup_.server_id; });
  if (clash == (*asked)->end()) return ok(fmt::format("our server_id {} is free", setup_.server_id));
  fault(fmt::format("our server_id {} belongs to another replica{}", setup_.server_id,
                    clash->host.empty() ? "" : fmt::format(" on {}", clash->host)),
        "two replicas with one id throw each other out", "another server_id, or 0 for a random one");
}

void Examination::gtids() {
  if (server_.gtids) return ok("transactions have GTIDs");
  warning(fmt::format("transactions have no GTIDs (gtid_mode is {})", server_.variable("gtid_mode")),
          "reading cannot go on at another server, after a fail-over",
          server_.number >= 50706
              ? "SET GLOBAL enforce_gtid_consistency = ON; then SET GLOBAL gtid_mode to OFF_PERMISSIVE, "
                "ON_PERMISSIVE and ON, one after the other; and both in the server's configuration"
              : "gtid_mode=ON, enforce_gtid_consistency=ON and log_slave_updates=ON in the server's "
                "configuration, "
                "then a restart");
}

void Examination::retention() {
  if (!may_monitor_) return;
  auto logs = binary_logs(connection_);
  if (!logs || logs->empty()) return;
  uint64_t bytes = 0;
  for (const BinaryLog& log : *logs) bytes += log.size;
  std::string held =
      fmt::format("{} logs from {} on, {}", logs->size(), logs->front().name, spell_bytes(bytes));
  int64_t seconds = number(server_.variable("binlog_expire_logs_seconds"));
  // Days may be a fraction in MariaDB; of the two settings the one that is set holds.
  if (seconds == 0)
    seconds = std::llround(std::atof(std::string(server_.variable("expire_logs_days")).c_str()) * 86400);
  if (seconds == 0) return ok(fmt::format("logs are kept until somebody purges them ({})", held));
  std::string next;
  if (logs->size() > 1 && may_replicate_) {
    // A file is purged that long after it was last written to, which is when the next one was begun.
    LogPlace place(connection_, server_, setup_.connection, interrupt_);
    auto closed = place.first_timestamp((*logs)[1].name);
    auto now =
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch() +
                                                         std::chrono::microseconds(server_.clock_offset_us));
    if (closed) {
      int64_t left = static_cast<int64_t>(*closed) + seconds - now.count();
      next = left > 0 ? fmt::format("; {} may be purged in {}", logs->front().name, spell_seconds(left))
                      : fmt::format("; {} may be purged at any time", logs->front().name);
    }
  }
  std::string what = fmt::format("logs are kept for {} ({}{})", spell_seconds(seconds), held, next);
  constexpr int64_t kDay = 86400;
  if (seconds >= kDay) return ok(what);
  bool by_seconds = !server_.variable("binlog_expire_logs_seconds").empty();
  warning(
      what, "after a longer pause, reading cannot go on without a gap",
      by_seconds ? set_global("binlog_expire_logs_seconds", "604800") : set_global("expire_logs_days", "7"));
}

// A replica that does not log what it replays has nothing of its source's changes to tell.
void Examination::replica() {
  bool newer = !server_.mariadb() && server_.number >= 80022;
  auto asked = connection_.query(newer ? "SHOW REPLICA STATUS" : "SHOW SLAVE STATUS", "ask for a source");
  if (!asked || asked->rows.empty()) return;
  bool logs = server_.on("log_slave_updates") || server_.on("log_replica_updates");
  if (logs) return ok("the server is a replica, and logs what it replays");
  fault("the server is a replica, and does not log what it replays",
        "its source's changes are not in its log",
        "log_slave_updates=ON in the server's configuration, then a restart");
}

void Examination::semi_sync() {
  if (!setup_.semi_sync) return;
  bool on = server_.on("rpl_semi_sync_master_enabled") || server_.on("rpl_semi_sync_source_enabled");
  if (on) return ok("the server waits for acknowledgements (semi-sync)");
  warning("semi_sync is asked for, but the server does not wait for acknowledgements",
          "commits are not held until this reader has them",
          server_.mariadb() || server_.number < 80026 ? "SET GLOBAL rpl_semi_sync_master_enabled = ON;"
                                                      : "SET GLOBAL rpl_semi_sync_source_enabled = ON;");
}

void Examination::clock() {
  // In whole milliseconds, so that nothing is shown as -0.
  int64_t milliseconds = server_.clock_offset_us / 1000;
  double seconds = static_cast<double>(milliseconds) / 1e3;
  // Asking took a moment itself.
  if (std::abs(seconds) < 2) return ok(fmt::format("the clocks agree (the server's is {:+.3f} s)", seconds));
  warning(fmt::format("the server's clock is {:+.1f} s from ours", seconds),
          "lag and times are shown wrong by that much", "synchronise both clocks (NTP)");
}

void Examination::keys() {
  auto schema = read_schema(connection_, server_);
  if (!schema) return fault("the tables cannot be read", schema.error().what);
  size_t tables = 0, without = 0;
  std::string list;
  for (const Table& table : schema->tables) {
    if (table.database == "mysql") continue;
    ++tables;
    if (!table.key.empty()) continue;
    if (++without <= 5) list += (list.empty() ? "" : ", ") + full_name(table);
  }
  if (tables == 0) return;
  if (without == 0) return ok(fmt::format("all of the {} tables have a key", tables));
  warning(fmt::format("{} of {} tables have no primary key ({}{})", without, tables, list,
                      without > 5 ? ", …" : ""),
          "their changes tell no row by its key", "ALTER TABLE … ADD PRIMARY KEY (…)");
}

}  // namespace

Result<std::vector<Finding>> examine_mysql(const MysqlSourceSetup& setup) { return Examination(setup).run(); }

}  // namespace sluice
