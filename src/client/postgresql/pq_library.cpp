#include "client/postgresql/pq_library.h"

#include <dlfcn.h>

#include <type_traits>

namespace sluice::postgresql {
namespace {

// The name that libpq has kept since PostgreSQL 8.2 (2006): a major version of its interface.
constexpr const char* kName = "libpq.so.5";

Failure not_loaded() {
  return fatal(
      "cannot load {}, which speaks to PostgreSQL: {}; install the package libpq5 (Debian, Ubuntu) or "
      "postgresql-libs",
      kName, dlerror());
}

Result<PqLibrary> load() {
  void* library = dlopen(kName, RTLD_NOW | RTLD_LOCAL);
  if (!library) return not_loaded();
  PqLibrary pq;
  bool whole = true;
  auto find = [&](auto& function, const char* name) {
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(library, name));
    whole = whole && function;
  };
  find(pq.connect_start, "PQconnectStartParams");
  find(pq.connect_poll, "PQconnectPoll");
  find(pq.status, "PQstatus");
  find(pq.socket, "PQsocket");
  find(pq.error_message, "PQerrorMessage");
  find(pq.set_error_verbosity, "PQsetErrorVerbosity");
  find(pq.set_notice_receiver, "PQsetNoticeReceiver");
  find(pq.set_nonblocking, "PQsetnonblocking");
  find(pq.send_query, "PQsendQueryParams");
  find(pq.flush, "PQflush");
  find(pq.consume_input, "PQconsumeInput");
  find(pq.is_busy, "PQisBusy");
  find(pq.get_result, "PQgetResult");
  find(pq.result_status, "PQresultStatus");
  find(pq.result_error_field, "PQresultErrorField");
  find(pq.row_count, "PQntuples");
  find(pq.column_count, "PQnfields");
  find(pq.is_null, "PQgetisnull");
  find(pq.value, "PQgetvalue");
  find(pq.length, "PQgetlength");
  find(pq.command_status, "PQcmdStatus");
  find(pq.command_rows, "PQcmdTuples");
  find(pq.clear, "PQclear");
  find(pq.finish, "PQfinish");
  if (!whole) return not_loaded();
  return pq;
}

}  // namespace

Result<const PqLibrary*> load_pq() {
  static const Result<PqLibrary> pq = load();
  if (!pq) return Failure(pq.error());
  return &*pq;
}

}  // namespace sluice::postgresql
