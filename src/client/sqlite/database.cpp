#include "client/sqlite/database.h"

#include <sqlite3.h>

#include <cerrno>

#include "base/check.h"

namespace sluice::sqlite {
namespace {

Failure failure(sqlite3* database, const std::string& path) {
  int code = sqlite3_extended_errcode(database);
  const char* words = sqlite3_errmsg(database);
  int reason = sqlite3_system_errno(database);
  // A write that found no room is SQLITE_FULL, a shared memory file that could not grow is SQLITE_IOERR.
  if ((code & 0xff) == SQLITE_FULL ||
      ((code & 0xff) == SQLITE_IOERR && (reason == ENOSPC || reason == EDQUOT))) {
    return retryable("cannot write {}: the disk is full; make room there", path);
  }
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return retryable("cannot use {}: another program holds it open for writing; end that program", path);
    case SQLITE_IOERR:
      return retryable("cannot read or write {}: {} (SQLite code {}, errno {})", path, words, code, reason);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return fatal(
          "{} is damaged ({}): put a copy from a backup in its place, or remove it and begin anew from a "
          "position that you name",
          path, words);
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return fatal("cannot write {}: it or its folder is read-only; give this user the right to write there",
                   path);
    case SQLITE_CANTOPEN:
      return fatal("cannot open {}: {}; check that its folder can be written to", path, words);
    default: return fatal("cannot use {}: {} (SQLite code {})", path, words, code);
  }
}

}  // namespace

Statement::Statement(sqlite3* database, sqlite3_stmt* statement, const std::string* path)
    : database_(database), statement_(statement), path_(path) {}

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

Statement& Statement::bind(int index, std::string_view text) {
  // A null pointer would bind NULL.
  const char* data = text.data() ? text.data() : "";
  CHECK(sqlite3_bind_text64(statement_.get(), index, data, text.size(), SQLITE_STATIC, SQLITE_UTF8) ==
        SQLITE_OK);
  return *this;
}

Statement& Statement::bind(int index, int64_t number) {
  CHECK(sqlite3_bind_int64(statement_.get(), index, number) == SQLITE_OK);
  return *this;
}

Statement& Statement::bind(int index, double number) {
  CHECK(sqlite3_bind_double(statement_.get(), index, number) == SQLITE_OK);
  return *this;
}

Statement& Statement::bind_null(int index) {
  CHECK(sqlite3_bind_null(statement_.get(), index) == SQLITE_OK);
  return *this;
}

Statement& Statement::bind_blob(int index, std::string_view bytes) {
  const char* data = bytes.data() ? bytes.data() : "";
  CHECK(sqlite3_bind_blob64(statement_.get(), index, data, bytes.size(), SQLITE_STATIC) == SQLITE_OK);
  return *this;
}

Result<bool> Statement::step() {
  int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  auto fault = failure(database_, *path_);
  sqlite3_reset(statement_.get());
  return fault;
}

Result<void> Statement::run() {
  for (;;) {
    SLUICE_ASSIGN(row, step());
    if (row) continue;
    reset();
    return {};
  }
}

void Statement::reset() { sqlite3_reset(statement_.get()); }

std::string_view Statement::text(int column) const {
  // In this order: the conversion that the first call may do decides the size.
  auto* data = static_cast<const char*>(sqlite3_column_blob(statement_.get(), column));
  return {data ? data : "", static_cast<size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

int64_t Statement::integer(int column) const { return sqlite3_column_int64(statement_.get(), column); }

// A statement that outlived its database would keep it open, with its locks.
void Database::Close::operator()(sqlite3* database) const { CHECK(sqlite3_close(database) == SQLITE_OK); }

Result<std::unique_ptr<Database>> Database::open(std::string path) {
  return open_as(std::move(path), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
}

// Not SQLITE_OPEN_READONLY, which cannot read a write-ahead log that nobody else holds open.
Result<std::unique_ptr<Database>> Database::open_to_read(std::string path) {
  SLUICE_ASSIGN(database, open_as(std::move(path), SQLITE_OPEN_READWRITE));
  SLUICE_TRY(database->run("PRAGMA query_only=ON"));
  return database;
}

Result<std::unique_ptr<Database>> Database::open_as(std::string path, int how) {
  std::unique_ptr<Database> database(new Database(std::move(path)));
  sqlite3* handle = nullptr;
  int code = sqlite3_open_v2(database->path_.c_str(), &handle, how | SQLITE_OPEN_NOMUTEX, nullptr);
  CHECK(handle != nullptr);
  database->handle_.reset(handle);
  if (code != SQLITE_OK) return failure(handle, database->path_);
  sqlite3_extended_result_codes(handle, 1);
  // Somebody may look into it with a shell of their own.
  sqlite3_busy_timeout(handle, 5000);
  return database;
}

Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  int code = sqlite3_prepare_v3(handle_.get(), sql.data(), static_cast<int>(sql.size()),
                                SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) return failure(handle_.get(), path_);
  return Statement(handle_.get(), statement, &path_);
}

Result<void> Database::run(const char* sql) {
  if (sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
    return failure(handle_.get(), path_);
  }
  return {};
}

int64_t Database::changed_rows() const { return sqlite3_changes64(handle_.get()); }

int Database::error_code() const { return sqlite3_extended_errcode(handle_.get()); }

bool Database::refused() const {
  switch (error_code() & 0xff) {
    case SQLITE_ERROR:
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_RANGE:
    case SQLITE_TOOBIG: return true;
    default: return false;
  }
}

void Database::roll_back() {
  if (!sqlite3_get_autocommit(handle_.get()))
    sqlite3_exec(handle_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
}

}  // namespace sluice::sqlite
