// libpq, loaded when the first connection is made: it brings some twenty more shared libraries (Kerberos,
// LDAP), which would cost every other run of the program a part of its start. Included by .cpp files of this
// folder alone.
#pragma once

#include <libpq-fe.h>

#include "base/result.h"

namespace sluice::postgresql {

struct PqLibrary {
  decltype(&PQconnectStartParams) connect_start;
  decltype(&PQconnectPoll) connect_poll;
  decltype(&PQstatus) status;
  decltype(&PQsocket) socket;
  decltype(&PQerrorMessage) error_message;
  decltype(&PQsetErrorVerbosity) set_error_verbosity;
  decltype(&PQsetNoticeReceiver) set_notice_receiver;
  decltype(&PQsetnonblocking) set_nonblocking;
  decltype(&PQsendQueryParams) send_query;
  decltype(&PQflush) flush;
  decltype(&PQconsumeInput) consume_input;
  decltype(&PQisBusy) is_busy;
  decltype(&PQgetResult) get_result;
  decltype(&PQresultStatus) result_status;
  decltype(&PQresultErrorField) result_error_field;
  decltype(&PQntuples) row_count;
  decltype(&PQnfields) column_count;
  decltype(&PQgetisnull) is_null;
  decltype(&PQgetvalue) value;
  decltype(&PQgetlength) length;
  decltype(&PQcmdStatus) command_status;
  decltype(&PQcmdTuples) command_rows;
  decltype(&PQclear) clear;
  decltype(&PQfinish) finish;
};

// Any thread; stays to the end of the process.
Result<const PqLibrary*> load_pq();

}  // namespace sluice::postgresql
