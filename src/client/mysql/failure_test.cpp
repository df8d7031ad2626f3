#include "client/mysql/failure.h"

#include <gtest/gtest.h>

namespace sluice::mysql {
namespace {

struct Case {
  unsigned code;
  const char* message;
  Fault fault;
  const char* advice;  // part of the words; empty: none
};

TEST(ServerFailure, IsClassified) {
  const Case cases[] = {
      {1040, "Too many connections", Fault::Retryable, "max_connections"},
      {1045, "Access denied for user 'u'@'h' (using password: YES)", Fault::Usage, "check user name"},
      {1053, "Server shutdown in progress", Fault::Retryable, ""},
      {1227, "Access denied; you need (at least one of) the REPLICATION SLAVE privilege(s)", Fault::Usage,
       "sluice doctor"},
      {1064, "You have an error in your SQL syntax", Fault::Fatal, ""},
      {1236, "Could not find first log file name in binary log index file", Fault::Fatal, "start: earliest"},
      {1236, "The master has purged required binary logs.", Fault::Fatal, "start: earliest"},
      {1236, "could not find next log; the first event 'b.1' at 4", Fault::Retryable, ""},
      {1236, "A slave with the same server_uuid/server_id as this slave has connected", Fault::Usage,
       "server_id"},
      {1236, "log event entry exceeded max_allowed_packet", Fault::Fatal, "max_allowed_packet"},
      {1236, "something new", Fault::Fatal, ""},
      {1927, "Connection was killed", Fault::Retryable, ""},
      {2002, "Can't connect to server on 'db' (111)", Fault::Retryable, "(111), Connection refused"},
      {2005, "Unknown server host 'dbb' (-2)", Fault::Retryable, "check the host name"},
      {2013, "Lost connection to server during query", Fault::Retryable, ""},
      {2026, "TLS/SSL error: certificate verify failed", Fault::Usage, "tls_ca"},
      {2026, "TLS/SSL error: certificate has expired", Fault::Usage, "have it renewed"},
      {2026, "TLS/SSL error: Validation of SSL server certificate failed", Fault::Usage,
       "as it is named (tls=verify-ca"},
      {2026, "TLS/SSL error: unexpected eof while reading", Fault::Retryable, ""},
      {2026, "TLS/SSL error: wrong version number", Fault::Usage, "tls=off"},
      {2059, "Authentication plugin 'parsec' cannot be loaded", Fault::Usage, "libmariadb3"},
      {3159, "Connections using insecure transport are prohibited", Fault::Usage, "tls=required"},
      {9999, "something new", Fault::Fatal, ""},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.code);
    Failure failure = server_failure(c.code, c.message, "log in", "repl@db:3306", true);
    EXPECT_EQ(failure.value().fault, c.fault);
    const std::string& what = failure.value().what;
    EXPECT_NE(what.find(fmt::format("cannot log in (repl@db:3306): {}", c.message)), std::string::npos)
        << what;
    EXPECT_NE(what.find(fmt::format(" (error {})", c.code)), std::string::npos) << what;
    EXPECT_NE(what.find(c.advice), std::string::npos) << what;
    if (!*c.advice) { EXPECT_EQ(what.find(';', what.find("(error")), std::string::npos) << what; }
  }
}

TEST(ServerFailure, AdvisesByWhatTheReaderHas) {
  auto said = [](bool keeps_state) {
    return server_failure(1236, "The master has purged required binary logs.", "read", "db:1", keeps_state)
        .value()
        .what;
  };
  EXPECT_NE(said(true).find("with an empty state folder (start: earliest"), std::string::npos) << said(true);
  EXPECT_EQ(said(false).find("state folder"), std::string::npos) << said(false);
  EXPECT_NE(said(false).find("--from start takes all that is left"), std::string::npos) << said(false);
}

}  // namespace
}  // namespace sluice::mysql
