// Database and Statement: SQLite with Result instead of codes. Not shared by threads without a lock around.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace sluice::sqlite {

class Statement {
 public:
  Statement() = default;
  Statement(sqlite3* database, sqlite3_stmt* statement, const std::string* path);

  // 1-based, in the order of the statement's `?`. The bytes must live until the next reset.
  Statement& bind(int index, std::string_view text);
  Statement& bind(int index, int64_t number);
  Statement& bind(int index, double number);
  Statement& bind_blob(int index, std::string_view bytes);
  Statement& bind_null(int index);

  // True: a row is there to be read; false: there is none (any more).
  Result<bool> step();
  // Runs to the end, and makes ready for the next use.
  Result<void> run();
  // Ends a reading early or late; the statement may be bound again.
  void reset();

  // 0-based; valid until the next step or reset.
  std::string_view text(int column) const;
  int64_t integer(int column) const;

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  sqlite3* database_ = nullptr;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  const std::string* path_ = nullptr;
};

class Database {
 public:
  static Result<std::unique_ptr<Database>> open(std::string path);
  // Writes nothing, so that another process may hold it.
  static Result<std::unique_ptr<Database>> open_to_read(std::string path);

  Result<Statement> prepare(std::string_view sql);
  Result<void> run(const char* sql);
  // Undoes an unfinished transaction; does nothing where there is none.
  void roll_back();
  // SQLite's number for the last failure.
  int error_code() const;
  // Whether that was about what the statement says: a constraint, a type, a size, a name.
  bool refused() const;
  // By the last INSERT, UPDATE or DELETE.
  int64_t changed_rows() const;
  const std::string& path() const { return path_; }

 private:
  explicit Database(std::string path) : path_(std::move(path)) {}
  static Result<std::unique_ptr<Database>> open_as(std::string path, int how);
  struct Close {
    void operator()(sqlite3* database) const;
  };
  std::string path_;
  std::unique_ptr<sqlite3, Close> handle_;
};

}  // namespace sluice::sqlite
