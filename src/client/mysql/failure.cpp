#include "client/mysql/failure.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <string>

#include "net/certificate.h"

namespace sluice::mysql {
namespace {

struct Meaning {
  unsigned code;  // 1xxx, 3xxx and 4xxx: the server's (share/errmsg-utf8.txt); 2xxx: the client library's
  Fault fault;
  std::string_view advice;
};

constexpr std::string_view kCertificate =
    "check tls_ca, tls_cert and tls_key, and that the certificate is made out to the host of the URL "
    "(tls=verify-ca does without the latter)";
constexpr std::string_view kGrant =
    "GRANT it to the account; of a source `sluice doctor URL` names all that is missing, with the statements";

// Ascending codes. What is not listed is Fatal and has no advice.
constexpr Meaning kMeanings[] = {
    {1040, Fault::Retryable, "raise max_connections or end other clients"},
    {1043, Fault::Usage, "is this a MySQL or MariaDB server?"},
    {1044, Fault::Usage, kGrant},
    {1045, Fault::Usage,
     "check user name, password (in the URL, SLUICE_PASSWORD or a password file) and the host the account is "
     "for"},
    {1049, Fault::Usage, "leave the database out of the URL"},
    {1053, Fault::Retryable, ""},  // shutdown in progress
    {1077, Fault::Retryable, ""},
    {1079, Fault::Retryable, ""},
    {1129, Fault::Usage, "run FLUSH HOSTS (or mysqladmin flush-hosts) on the server"},
    {1130, Fault::Usage, "create the account for this host"},
    {1142, Fault::Usage, kGrant},
    {1143, Fault::Usage, kGrant},
    {1152, Fault::Retryable, ""},
    {1156, Fault::Retryable, ""},
    {1158, Fault::Retryable, ""},
    {1159, Fault::Retryable, ""},
    {1160, Fault::Retryable, ""},
    {1161, Fault::Retryable, ""},
    {1203, Fault::Retryable, "raise max_user_connections"},
    {1205, Fault::Retryable, ""},
    {1213, Fault::Retryable, ""},
    {1226, Fault::Retryable, "raise the account's resource limit"},
    {1227, Fault::Usage, kGrant},
    {1251, Fault::Usage, "give the account another authentication plugin, such as caching_sha2_password"},
    {1275, Fault::Usage, "give the account another authentication plugin, such as caching_sha2_password"},
    {1317, Fault::Retryable, ""},  // query interrupted
    {1370, Fault::Usage, kGrant},
    {1524, Fault::Usage, "the account's authentication plugin is not loaded in the server"},
    {1820, Fault::Usage, "the account's password has expired: ALTER USER … IDENTIFIED BY …"},
    {1862, Fault::Usage, "the account's password has expired: ALTER USER … IDENTIFIED BY …"},
    {1927, Fault::Retryable, ""},  // MariaDB: connection was killed
    {2002, Fault::Retryable, "is the server running there, and does a firewall let us through?"},
    {2003, Fault::Retryable, "is the server running there, and does a firewall let us through?"},
    {2005, Fault::Retryable, "check the host name"},
    {2006, Fault::Retryable, ""},
    {2013, Fault::Retryable, ""},
    {2020, Fault::Usage, "the packet is larger than the protocol allows"},
    {2027, Fault::Retryable, ""},
    {2048, Fault::Retryable, ""},
    {2055, Fault::Retryable, ""},
    {2059, Fault::Usage,
     "the client part of this authentication plugin is not installed: on Debian the plugins are in the "
     "package libmariadb3; else give the account another one, such as caching_sha2_password"},
    {2061, Fault::Usage,
     "caching_sha2_password without TLS needs the server's public key, or use tls=required"},
    {3118, Fault::Usage, "the account is locked: ALTER USER … ACCOUNT UNLOCK"},
    {3159, Fault::Usage, "the server wants TLS: set tls=required"},
    {3169, Fault::Retryable, ""},  // session was killed
    {3955, Fault::Usage, "the account is blocked after too many wrong passwords"},
    {4031, Fault::Retryable, ""},  // disconnected because of inactivity
    {4151, Fault::Usage, "the account is locked: ALTER USER … ACCOUNT UNLOCK"},
};

// The client library has one number for everything about TLS (2026, CR_SSL_CONNECTION_ERROR): a server that
// dies during the handshake is told from a certificate that does not fit by OpenSSL's words.
bool is_lost_tls(std::string_view message) {
  constexpr std::string_view kLost[] = {"unexpected eof", "onnection reset", "roken pipe",
                                        "timed out",      "Lost connection", "Success"};
  return std::any_of(std::begin(kLost), std::end(kLost),
                     [&](std::string_view word) { return message.find(word) != std::string_view::npos; });
}

// Everything that ends a dump has one number (1236, ER_MASTER_FATAL_ERROR_READING_BINLOG) and is told apart
// by its words (sql/rpl_binlog_sender.cc; MariaDB: sql/sql_repl.cc).
struct DumpMeaning {
  std::string_view words;
  Fault fault;
  std::string_view advice;
};

// Stands for what purged() says.
constexpr std::string_view kPurged = "purged";

constexpr std::string_view kAnonymous =
    "GTIDs were off on the server for a while; run SET GLOBAL gtid_mode = ON_PERMISSIVE until the "
    "transactions without one are read";

constexpr DumpMeaning kDumpMeanings[] = {
    // Another file may be right by now: the check at the next start tells.
    {"could not find next log", Fault::Retryable, ""},
    {"Could not find first log", Fault::Fatal, kPurged},
    {"purged", Fault::Fatal, kPurged},
    {"impossible position", Fault::Fatal, "the log was reset, or this is another server"},
    {"position > file size", Fault::Fatal, "the log was reset, or this is another server"},
    {"bogus data", Fault::Fatal,
     "no event begins at this position: the log was reset, or this is another server"},
    {"not in the master's binlog", Fault::Fatal,
     "the log was reset, or this server is no replica of the one read so far"},
    {"same server_uuid/server_id", Fault::Usage,
     "give each reader a server_id of its own, or 0 for a random one"},
    {"exceeded max_allowed_packet", Fault::Fatal, "raise max_allowed_packet on the server"},
    {"server id was not set", Fault::Usage, "set server_id in the server's configuration"},
    {"server_id was not set", Fault::Usage, "set server_id in the server's configuration"},
    {"Binary log is not open", Fault::Usage,
     "add log_bin=binlog to the server's configuration and restart it"},
    // States that a server passes through while its mode is changed. Each connection asks by GTID or by file
    // as the mode then is.
    {"GTID_MODE = OFF", Fault::Retryable,
     "GTIDs were switched off on the server; run SET GLOBAL gtid_mode = OFF_PERMISSIVE until the "
     "transactions that have one are read"},
    {"anonymous transaction when", Fault::Retryable, kAnonymous},
};

Meaning dump_meaning(unsigned code, std::string_view message) {
  for (const DumpMeaning& meaning : kDumpMeanings) {
    if (message.find(meaning.words) != std::string_view::npos) return {code, meaning.fault, meaning.advice};
  }
  return {code, Fault::Fatal, ""};
}

bool is_old_tls(std::string_view message) {
  return message.find("wrong version number") != std::string_view::npos ||
         message.find("unsupported protocol") != std::string_view::npos;
}

Meaning meaning_of(unsigned code, std::string_view message) {
  if (code == 2026) {
    if (is_old_tls(message)) {
      return {code, Fault::Usage, "the server speaks no TLS 1.2 or newer: upgrade it, or take tls=off"};
    }
    if (is_lost_tls(message)) return {code, Fault::Retryable, ""};
    return {code, Fault::Usage, kCertificate};
  }
  if (code == 1236) return dump_meaning(code, message);
  auto found = std::lower_bound(std::begin(kMeanings), std::end(kMeanings), code,
                                [](const Meaning& m, unsigned c) { return m.code < c; });
  if (found != std::end(kMeanings) && found->code == code) return *found;
  return {code, Fault::Fatal, ""};
}

// "Can't connect to server on 'db' (111)": what 111 means.
std::string reason_of(unsigned code, std::string_view message) {
  size_t open = message.rfind('(');
  if ((code != 2002 && code != 2003) || open == std::string_view::npos) return "";
  int number = 0;
  std::from_chars(message.data() + open + 1, message.data() + message.size(), number);
  return number > 0 ? fmt::format(", {}", std::strerror(number)) : "";
}

}  // namespace

std::string_view how_to_begin_anew(bool keeps_state) {
  return keeps_state
             ? "begin anew with an empty state folder (start: earliest takes all that is left, start: "
               "now nothing of it) and bring the targets up to date"
             : "begin anew: --from start takes all that is left, --from now nothing of it";
}

Failure server_failure(unsigned code, std::string_view message, std::string_view attempt,
                       std::string_view address, bool keeps_state) {
  Meaning meaning = meaning_of(code, message);
  std::string what = fmt::format("cannot {} ({}): {}{} (error {})", attempt, address, message,
                                 reason_of(code, message), code);
  if (meaning.advice == kPurged) {
    what += fmt::format(
        "; the log goes on without what lies between: read from a server that still has it, or {}",
        how_to_begin_anew(keeps_state));
  } else if (meaning.advice == kCertificate) {
    std::string exact = certificate_advice(message, "tls_ca", "tls=verify-ca");
    what += fmt::format("; {}", exact.empty() ? kCertificate : exact);
  } else if (!meaning.advice.empty()) {
    what += fmt::format("; {}", meaning.advice);
  }
  return Failure(Error{meaning.fault, std::move(what)});
}

}  // namespace sluice::mysql
