#include "client/postgresql/pq_library.h"

#include "base/shared_library.h"

namespace sluice::postgresql {
namespace {

// The name that libpq has kept since PostgreSQL 8.2 (2006): a major version of its interface.
constexpr const char* kName = "libpq.so.5";

Result<PqLibrary> load() {
  SharedLibrary library(kName, "speaks to PostgreSQL", "libpq5 (Debian, Ubuntu) or postgresql-libs");
  PqLibrary pq;
  library.find(pq.connect_start, "PQconnectStartParams");
  library.find(pq.connect_poll, "PQconnectPoll");
  library.find(pq.status, "PQstatus");
  library.find(pq.socket, "PQsocket");
  library.find(pq.error_message, "PQerrorMessage");
  library.find(pq.set_error_verbosity, "PQsetErrorVerbosity");
  library.find(pq.set_notice_receiver, "PQsetNoticeReceiver");
  library.find(pq.set_nonblocking, "PQsetnonblocking");
  library.find(pq.send_query, "PQsendQueryParams");
  library.find(pq.flush, "PQflush");
  library.find(pq.consume_input, "PQconsumeInput");
  library.find(pq.is_busy, "PQisBusy");
  library.find(pq.get_result, "PQgetResult");
  library.find(pq.result_status, "PQresultStatus");
  library.find(pq.result_error_field, "PQresultErrorField");
  library.find(pq.row_count, "PQntuples");
  library.find(pq.column_count, "PQnfields");
  library.find(pq.is_null, "PQgetisnull");
  library.find(pq.value, "PQgetvalue");
  library.find(pq.length, "PQgetlength");
  library.find(pq.command_status, "PQcmdStatus");
  library.find(pq.command_rows, "PQcmdTuples");
  library.find(pq.clear, "PQclear");
  library.find(pq.finish, "PQfinish");
  SLUICE_TRY(library.whole());
  return pq;
}

}  // namespace

Result<const PqLibrary*> load_pq() {
  static const Result<PqLibrary> pq = load();
  if (!pq) return Failure(pq.error());
  return &*pq;
}

}  // namespace sluice::postgresql
