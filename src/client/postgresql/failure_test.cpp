#include "client/postgresql/failure.h"

#include <gtest/gtest.h>

namespace sluice::postgresql {
namespace {

TEST(PostgresqlFailure, IsClassified) {
  struct Case {
    const char *state, *message;
    Fault fault;
    const char* advice;  // part of the words; empty: none
  };
  const Case cases[] = {
      {"23505", "duplicate key value violates unique constraint \"t_pkey\"", Fault::Fatal, ""},
      {"22P05", "unsupported Unicode escape sequence", Fault::Fatal, ""},
      {"25006", "cannot execute INSERT in a read-only transaction", Fault::Retryable, "standby"},
      {"28P01", "password authentication failed for user \"u\"", Fault::Usage, "check user name"},
      {"3D000", "database \"x\" does not exist", Fault::Usage, "create the database"},
      {"40001", "could not serialize access", Fault::Retryable, ""},
      {"40P01", "deadlock detected", Fault::Retryable, ""},
      {"42501", "permission denied for table t", Fault::Usage, "GRANT"},
      {"53100", "could not extend file: No space left on device", Fault::Retryable, ""},
      {"53300", "sorry, too many clients already", Fault::Retryable, ""},
      {"55P03", "canceling statement due to lock timeout", Fault::Retryable, ""},
      {"57P01", "terminating connection due to administrator command", Fault::Retryable, ""},
      {"57P03", "the database system is starting up", Fault::Retryable, ""},
      {"", "connection to server at \"127.0.0.1\", port 1 failed: Connection refused", Fault::Retryable, ""},
      {"", "could not translate host name \"dbb\" to address", Fault::Retryable, "check the host name"},
      {"", "fe_sendauth: no password supplied", Fault::Usage, "give a password"},
      {"", "server does not support SSL, but SSL was required", Fault::Usage, "tls=off"},
      {"", "SSL error: certificate verify failed", Fault::Usage, "openssl s_client -starttls postgres"},
      {"", "server certificate for \"a\" does not match host name \"h\"", Fault::Usage,
       "as it is named (tls=verify-ca"},
      {"", "SSL error: tlsv13 alert certificate required", Fault::Usage, "tls_cert"},
      {"", "SSL SYSCALL error: EOF detected", Fault::Retryable, ""},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.message);
    Error error = server_failure(each.state, each.message, "do it", "u@h:1/d").value();
    EXPECT_EQ(error.fault, each.fault);
    EXPECT_TRUE(error.what.starts_with(std::string("cannot do it (u@h:1/d): ") + each.message)) << error.what;
    EXPECT_NE(error.what.find(each.state), std::string::npos) << error.what;
    EXPECT_NE(error.what.find(each.advice), std::string::npos) << error.what;
  }
}

TEST(PostgresqlFailure, ReadsTheWordsOfALogin) {
  struct Case {
    const char *words, *state, *message;
  };
  const Case cases[] = {
      {"connection to server at \"h\", port 1 failed: Connection refused\n\tIs the server running on that "
       "host?\n",
       "",
       "connection to server at \"h\", port 1 failed: Connection refused; Is the server running on that "
       "host?"},
      {"connection to server at \"h\", port 1 failed: FATAL:  28P01: password authentication "
       "failed\nLOCATION:  "
       "auth_failed, auth.c:335\nconnection to server at \"h\", port 1 failed: FATAL:  28P01: password "
       "authentication failed\nLOCATION:  auth_failed, auth.c:335\n",
       "28P01", "password authentication failed"},
      {"FATAL:  57P01: terminating connection\nLOCATION:  x\nSSL connection has been closed\n", "57P01",
       "terminating connection; SSL connection has been closed"},
      {"", "", ""},
  };
  for (const Case& each : cases) {
    LoginWords read = read_login_words(each.words);
    EXPECT_EQ(read.state, each.state) << each.words;
    EXPECT_EQ(read.message, each.message) << each.words;
  }
}

}  // namespace
}  // namespace sluice::postgresql
