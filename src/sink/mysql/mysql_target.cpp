#include "sink/mysql/mysql_target.h"

#include <algorithm>

#include "base/interrupt.h"
#include "format/sql/literal.h"
#include "format/sql/plan.h"
#include "mirror/fold.h"
#include "mirror/place.h"
#include "sink/mysql/column_type.h"

namespace sluice::mysql {
namespace {

using mirror::Act;
using mirror::RowOp;
using mirror::Shape;
using mirror::Step;
using mirror::Stored;
using mirror::TableAt;
using mirror::TableThere;

constexpr size_t kStatementBytes =
    1 << 20;                       // of many rows; what one row needs is bounded by the server alone
constexpr size_t kMostKeys = 500;  // of a DELETE: far more make the server read the whole table

// A table may be rewritten for hours; that its server is there TCP's probes tell.
constexpr std::chrono::hours kAsLongAsItTakes{240};

constexpr unsigned kUnknownDatabase = 1049;

// ER_DISK_FULL, ER_OUTOFMEMORY, ER_OUT_OF_RESOURCES, ER_GET_ERRNO, ER_RECORD_FILE_FULL, ER_LOCK_TABLE_FULL,
// ER_OPTION_PREVENTS_STATEMENT (read_only), ER_READ_ONLY_MODE: of the server as it is now.
constexpr unsigned kPassing[] = {1021, 1037, 1041, 1030, 1114, 1206, 1290, 1836};

std::string quoted(const mirror::Place& place) {
  return sql::quoted_name(place.database) + "." + sql::quoted_name(place.table);
}

std::string literal(std::string_view text) {
  Bytes out;
  sql::append_text(out, text);
  return std::string(out.view());
}

// Whether texts that differ in anything differ in it: case, accents, trailing spaces.
bool is_exact(std::string_view collation) {
  return collation == "binary" || collation == "utf8mb4_0900_bin" || collation.ends_with("_nopad_bin");
}

struct Prepared final : TableAt::Prepared {
  std::string name;
  std::string insert;  // INSERT INTO … VALUES
  std::string update;  // behind the rows: ON DUPLICATE KEY UPDATE …
  std::string key;     // (`a`,`b`), or `a`
  bool compound = false;
};

class MysqlTarget final : public mirror::Target {
 public:
  MysqlTarget(ConnectionOptions options, std::string database, bool several)
      : options_(std::move(options)),
        database_(std::move(database)),
        address_(address(options_)),
        several_(several) {}

  Result<void> connect() override;
  void close() override { connection_.reset(); }
  void interrupt() noexcept override { interrupt_.raise(); }
  std::string name() const override { return address_; }
  Result<void> begin() override {
    refused_ = false;
    if (!connection_) return retryable("cannot begin a transaction ({}): the connection was lost", address_);
    return run("START TRANSACTION", "begin a transaction");
  }
  Result<void> commit() override { return run("COMMIT", "commit"); }
  void roll_back() override;
  bool refused() const override { return refused_; }
  Result<std::optional<TableThere>> describe(const std::string& place) override;
  bool fits(std::string_view there, std::string_view wanted) const override { return holds(there, wanted); }
  bool ddl_commits() const override { return true; }
  Result<void> create(const std::string& place, const Shape& shape) override;
  Result<void> drop(const std::string& place) override { return shape("DROP TABLE IF EXISTS ", place); }
  Result<void> truncate(const std::string& place) override { return shape("TRUNCATE TABLE ", place); }
  Result<void> rename(const std::string& from, const std::string& to) override {
    return shape("RENAME TABLE ", from, " TO " + quoted(name_of(to)));
  }
  Result<void> alter(const std::string& place, const Step& step, const Shape& shape) override;
  void prepare(TableAt& table) override { prepared(table); }
  Result<void> apply(TableAt& table, std::span<const RowOp> rows) override;
  Result<std::optional<Stored>> load(const std::string& checkpoint) override;
  Result<void> save(const std::string& checkpoint, const Stored& stored) override;

 private:
  Result<void> begin_among_others();
  Result<void> note(Result<void> done);
  Result<void> run(std::string_view sql, std::string_view attempt);
  Result<Rows> ask(std::string_view sql, std::string_view attempt);
  Result<void> shape(std::string_view verb, const std::string& place, const std::string& rest = "");
  mirror::Place name_of(std::string_view place) const { return mirror::read_place(place, database_); }
  Prepared& prepared(TableAt& table);
  Result<void> insert(const Prepared& with, std::span<const RowOp* const> rows, bool upserts);
  Result<void> remove(const Prepared& with, std::span<const RowOp* const> rows);
  Result<void> many(const Prepared& with, std::span<const RowOp> rows);
  Result<void> single(TableAt& table, const Prepared& with, const RowOp& row);
  Result<void> match(const TableAt& table, const Prepared& with, const RowOp& row);
  Result<void> patch(TableAt& table, const Prepared& with, const RowOp& row);
  std::string checkpoints() const { return sql::quoted_name(database_) + ".sluice_checkpoint"; }

  const ConnectionOptions options_;
  const std::string database_, address_;
  const bool several_;
  Interrupt interrupt_;
  std::optional<Connection> connection_;
  std::string collation_;  // of tables that are made
  size_t most_bytes_ = 0;  // max_allowed_packet
  bool refused_ = false;
  Bytes statement_;
  mirror::Fold fold_;
  std::vector<const RowOp*> rows_;
};

Result<void> MysqlTarget::note(Result<void> done) {
  refused_ = false;
  if (done || done.error().fault != Fault::Fatal) return done;
  bool passing =
      std::find(std::begin(kPassing), std::end(kPassing), connection_->error_code()) != std::end(kPassing);
  if (passing) done.error().fault = Fault::Retryable;
  refused_ = !passing;
  return done;
}

Result<void> MysqlTarget::run(std::string_view sql, std::string_view attempt) {
  return note(connection_->execute(sql, attempt));
}

Result<Rows> MysqlTarget::ask(std::string_view sql, std::string_view attempt) {
  auto rows = connection_->query(sql, attempt);
  if (rows) return rows;
  return tl::unexpected(note(tl::unexpected(std::move(rows).error())).error());
}

Result<void> MysqlTarget::connect() {
  refused_ = false;
  connection_.emplace(options_, interrupt_);
  SLUICE_TRY(connection_->connect());
  // Strict, so that nothing is cut off in silence; zero dates are values like others. Parents may come after
  // their children within a delivery.
  SLUICE_TRY(
      run("SET SESSION sql_mode='STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES', "
          "time_zone='+00:00', foreign_key_checks=0, lock_wait_timeout=50, innodb_lock_wait_timeout=50",
          "begin a session"));
  if (several_) { SLUICE_TRY(begin_among_others()); }
  SLUICE_ASSIGN(facts, ask("SELECT @@max_allowed_packet AS bytes, VERSION() AS version", "ask for limits"));
  most_bytes_ = std::stoull(*facts.get(0, "bytes"));
  const std::string& version = *facts.get(0, "version");
  // Of any two texts that differ, trailing spaces included.
  bool mariadb = version.find("MariaDB") != std::string::npos;
  bool old = version.starts_with("5.");
  collation_ = mariadb ? "utf8mb4_nopad_bin" : old ? "utf8mb4_bin" : "utf8mb4_0900_bin";
  SLUICE_ASSIGN(there,
                ask("SELECT 1 FROM information_schema.schemata WHERE schema_name=" + literal(database_),
                    "look for the database"));
  if (there.rows.empty()) {
    SLUICE_TRY(run("CREATE DATABASE IF NOT EXISTS " + sql::quoted_name(database_), "make the database"));
  }
  // An account that may not make tables is enough where this one is there.
  SLUICE_ASSIGN(table, ask("SELECT 1 FROM information_schema.tables WHERE table_schema=" +
                               literal(database_) + " AND table_name='sluice_checkpoint'",
                           "look for the table of the checkpoint"));
  if (!table.rows.empty()) return {};
  return run("CREATE TABLE IF NOT EXISTS " + checkpoints() +
                 " (name VARCHAR(191) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PRIMARY KEY, position "
                 "MEDIUMTEXT NOT NULL, "
                 "mark TEXT NOT NULL, serial BIGINT UNSIGNED NOT NULL) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4",
             "make the table of the checkpoint");
}

Result<void> MysqlTarget::begin_among_others() {
  // So that nobody locks the gaps between rows, into which another one inserts. The first one waits for the
  // others, which no server sees: should they want what it holds, that ends soon.
  SLUICE_TRY(run("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED", "begin a session"));
  SLUICE_TRY(run("SET SESSION innodb_lock_wait_timeout=5", "begin a session"));
  // It would refuse what locks or writes, in words of isolation levels. Some servers lack the variable.
  SLUICE_ASSIGN(found, ask("SHOW VARIABLES WHERE (variable_name='log_bin' AND value='ON') OR "
                           "(variable_name='binlog_format' AND value='STATEMENT')",
                           "ask for the log's format"));
  if (found.rows.size() < 2) return {};
  return fatal(
      "{}: with its binlog_format=STATEMENT several connections cannot write at once; set it to ROW there, "
      "or "
      "leave `connections` at 1",
      address_);
}

void MysqlTarget::roll_back() {
  bool refused = refused_;
  if (connection_ && !run("ROLLBACK", "roll back")) connection_.reset();
  refused_ = refused;
}

Result<std::optional<TableThere>> MysqlTarget::describe(const std::string& place) {
  mirror::Place name = name_of(place);
  std::string where =
      " WHERE table_schema=" + literal(name.database) + " AND table_name=" + literal(name.table);
  SLUICE_ASSIGN(columns, ask("SELECT column_name AS c, column_type AS t, extra AS e, collation_name AS l "
                             "FROM information_schema.columns" +
                                 where + " ORDER BY ordinal_position",
                             "describe a table"));
  if (columns.rows.empty()) return std::nullopt;
  SLUICE_ASSIGN(kind,
                ask("SELECT table_type AS t FROM information_schema.tables" + where, "describe a table"));
  const std::string* type = kind.rows.empty() ? nullptr : kind.get(0, "t");
  TableThere there{.any_case = true, .view = type && type->ends_with("VIEW")};
  std::vector<std::string> loose;
  for (size_t i = 0; i < columns.rows.size(); ++i) {
    const std::string* collation = columns.get(i, "l");
    bool signed_zero = is_real(*columns.get(i, "t"));  // 0 and -0 are one
    if (signed_zero || (collation && !is_exact(*collation))) loose.push_back(*columns.get(i, "c"));
    const std::string* extra = columns.get(i, "e");
    bool generated = extra && (extra->find("GENERATED") != std::string::npos) &&
                     extra->find("DEFAULT_GENERATED") == std::string::npos;
    there.columns.push_back({*columns.get(i, "c"), *columns.get(i, "t") + (generated ? " GENERATED" : "")});
  }
  SLUICE_ASSIGN(keys, ask("SELECT index_name AS i, column_name AS c FROM information_schema.statistics" +
                              where + " AND non_unique=0 ORDER BY index_name, seq_in_index",
                          "describe a table's keys"));
  for (size_t i = 0; i < keys.rows.size(); ++i) {
    if (*keys.get(i, "i") != "PRIMARY") {
      there.more_unique = true;
      continue;
    }
    there.key.push_back(*keys.get(i, "c"));
    if (std::find(loose.begin(), loose.end(), there.key.back()) != loose.end()) there.loose_key = true;
  }
  return there;
}

Result<void> MysqlTarget::create(const std::string& place, const Shape& shape) {
  mirror::Place name = name_of(place);
  std::string sql = "CREATE TABLE " + quoted(name) + " (", key;
  for (size_t i = 0; i < shape.columns.size(); ++i) {
    const auto& column = shape.columns[i];
    bool in_key = shape.in_key(i);
    // Old servers give the first TIMESTAMP that is NOT NULL a life of its own.
    bool moves = in_key && column.type.starts_with("timestamp");
    sql += (i == 0 ? "" : ", ") + sql::quoted_name(column.name) + " " + column.type +
           (moves    ? " NOT NULL DEFAULT '2000-01-01'"
            : in_key ? " NOT NULL"
                     : " NULL");
  }
  for (uint32_t column : shape.key)
    key += (key.empty() ? "" : ",") + sql::quoted_name(shape.columns[column].name);
  if (!key.empty()) sql += ", PRIMARY KEY (" + key + ")";
  sql += ") ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=" + collation_;
  auto made = run(sql, "make the table " + place);
  if (made || connection_->error_code() != kUnknownDatabase) return made;
  SLUICE_TRY(run("CREATE DATABASE IF NOT EXISTS " + sql::quoted_name(name.database),
                 "make the database " + name.database));
  return run(sql, "make the table " + place);
}

Result<void> MysqlTarget::shape(std::string_view verb, const std::string& place, const std::string& rest) {
  return note(connection_->execute(fmt::format("{}{}{}", verb, quoted(name_of(place)), rest),
                                   "change the table " + place, kAsLongAsItTakes));
}

Result<void> MysqlTarget::alter(const std::string& place, const Step& step, const Shape& shape) {
  std::string column = sql::quoted_name(step.column);
  const mirror::ShapeColumn* wanted = shape.find(step.column);
  auto nullable = [&](const mirror::ShapeColumn& of) {
    return shape.in_key(static_cast<size_t>(&of - shape.columns.data())) ? " NOT NULL" : " NULL";
  };
  switch (step.what) {
    case Step::What::Rename: {
      // RENAME COLUMN is unknown to MySQL before 8.0.
      const mirror::ShapeColumn& now = *shape.find(step.detail);
      return this->shape(
          "ALTER TABLE ", place,
          " CHANGE " + column + " " + sql::quoted_name(step.detail) + " " + now.type + nullable(now));
    }
    case Step::What::Drop: return this->shape("ALTER TABLE ", place, " DROP COLUMN " + column);
    case Step::What::Add:
      return this->shape("ALTER TABLE ", place,
                         " ADD COLUMN " + column + " " + wanted->type + " " + step.detail);
    default:
      return this->shape("ALTER TABLE ", place, " MODIFY " + column + " " + wanted->type + nullable(*wanted));
  }
}

Prepared& MysqlTarget::prepared(TableAt& table) {
  if (!table.prepared) {
    auto made = std::make_unique<Prepared>();
    const Shape& shape = table.shape;
    made->name = quoted(name_of(table.place));
    std::string names;
    for (size_t i = 0; i < shape.columns.size(); ++i) {
      std::string name = sql::quoted_name(shape.columns[i].name);
      names += (i == 0 ? "" : ",") + name;
      if (shape.in_key(i)) continue;
      made->update += fmt::format("{}{}=VALUES({})", made->update.empty() ? "" : ",", name, name);
    }
    made->insert = "INSERT INTO " + made->name + " (" + names + ") VALUES ";
    for (uint32_t column : shape.key) {
      std::string name = sql::quoted_name(shape.columns[column].name);
      made->key += (made->key.empty() ? "" : ",") + name;
      // Of a table that is all key, to set it to itself says that a repeat is none.
      if (shape.key.size() == shape.columns.size()) made->update = fmt::format("{}={}", name, name);
    }
    made->compound = shape.key.size() > 1;
    if (made->compound) made->key = "(" + made->key + ")";
    made->update = " ON DUPLICATE KEY UPDATE " + made->update;
    table.prepared = std::move(made);
  }
  return static_cast<Prepared&>(*table.prepared);
}

Result<void> MysqlTarget::insert(const Prepared& with, std::span<const RowOp* const> rows, bool upserts) {
  for (size_t i = 0; i < rows.size();) {
    statement_.clear();
    statement_.append(with.insert);
    size_t first = i;
    for (; i < rows.size() && (i == first || statement_.size() + rows[i]->values.size() < kStatementBytes);
         ++i) {
      statement_.append(i == first ? "(" : ",(");
      statement_.append(rows[i]->values);
      statement_.push(')');
    }
    if (upserts) statement_.append(with.update);
    if (statement_.size() + 16 > most_bytes_) {
      refused_ = true;
      return fatal("a row of {} needs a statement of {} bytes, and the server's max_allowed_packet is {}",
                   with.name, statement_.size(), most_bytes_);
    }
    SLUICE_TRY(run(statement_.view(), "insert into " + with.name));
  }
  statement_.shrink(4 * kStatementBytes);
  return {};
}

Result<void> MysqlTarget::remove(const Prepared& with, std::span<const RowOp* const> rows) {
  for (size_t i = 0; i < rows.size();) {
    statement_.clear();
    statement_.append("DELETE FROM " + with.name + " WHERE " + with.key + " IN (");
    for (size_t n = 0; n < kMostKeys && i < rows.size(); ++n, ++i) {
      if (n > 0) statement_.push(',');
      if (with.compound) statement_.push('(');
      statement_.append(rows[i]->key);
      if (with.compound) statement_.push(')');
    }
    statement_.push(')');
    SLUICE_TRY(run(statement_.view(), "delete from " + with.name));
  }
  return {};
}

Result<void> MysqlTarget::apply(TableAt& table, std::span<const RowOp> rows) {
  const Prepared& with = prepared(table);
  auto joins = [&](const RowOp& row) {
    return row.act == Act::Append || (!table.more_unique && !table.shape.key.empty() &&
                                      (row.act == Act::Upsert || row.act == Act::Delete));
  };
  for (size_t i = 0; i < rows.size();) {
    size_t end = i;
    while (end < rows.size() && joins(rows[end])) ++end;
    if (end > i) {
      SLUICE_TRY(many(with, rows.subspan(i, end - i)));
      i = end;
    } else {
      SLUICE_TRY(single(table, with, rows[i++]));
    }
  }
  return {};
}

Result<void> MysqlTarget::many(const Prepared& with, std::span<const RowOp> rows) {
  auto deletes = [](const RowOp& row) { return row.act == Act::Delete; };
  if (std::none_of(rows.begin(), rows.end(), deletes)) {
    // In one statement, too, the later row of a key wins.
    rows_.clear();
    for (const RowOp& row : rows) rows_.push_back(&row);
    return insert(with, rows_, rows[0].act == Act::Upsert);
  }
  fold_.run(rows);
  SLUICE_TRY(remove(with, fold_.removes));
  return insert(with, fold_.upserts, true);
}

Result<void> MysqlTarget::single(TableAt& table, const Prepared& with, const RowOp& row) {
  const RowOp* one = &row;
  if (row.act == Act::Delete && table.shape.key.empty()) return match(table, with, row);
  if (row.act == Act::Delete) return remove(with, {&one, 1});
  if (row.act != Act::Upsert) return patch(table, with, row);
  // ON DUPLICATE KEY UPDATE changes whichever row a unique index finds: the primary key is the first that is
  // asked, and decides where there is such a row.
  std::string key = with.compound ? "(" + std::string(row.key) + ")" : std::string(row.key);
  SLUICE_ASSIGN(there, ask("SELECT 1 FROM " + with.name + " WHERE " + with.key + "=" + key + " FOR UPDATE",
                           "look for a row of " + with.name));
  return insert(with, {&one, 1}, !there.rows.empty());
}

Result<void> MysqlTarget::match(const TableAt& table, const Prepared& with, const RowOp& row) {
  SLUICE_TRY(
      run(fmt::format("DELETE FROM {} WHERE {} LIMIT 1", with.name, row.key), "delete from " + with.name));
  if (connection_->affected_rows() == 1) return {};
  refused_ = true;
  return fatal("{}: the table {} lacks the row that is to go", address_, table.place);
}

Result<void> MysqlTarget::patch(TableAt& table, const Prepared& with, const RowOp& row) {
  std::string names, values, set;
  mirror::each_part(row.values, [&](uint32_t column, std::string_view value) {
    std::string name = sql::quoted_name(table.shape.columns[column].name);
    std::string comma = names.empty() ? "" : ",";
    names += comma + name;
    values += comma + std::string(value);
    set += comma + name + "=" + std::string(value);
  });
  if (names.empty()) return {};
  std::string key = with.compound ? "(" + std::string(row.key) + ")" : std::string(row.key);
  SLUICE_TRY(
      run("UPDATE " + with.name + " SET " + set + " WHERE " + with.key + "=" + key, "update " + with.name));
  if (connection_->affected_rows() > 0) return {};
  if (row.act == Act::Begin) {
    return run("INSERT INTO " + with.name + " (" + names + ") VALUES (" + values + ")",
               "insert into " + with.name);
  }
  refused_ = true;
  return fatal("{}: the table {} lacks the row, and the log has only a part of it, see binlog_row_image",
               address_, table.place);
}

// The COMMIT of a process that died may still be under way. It was sent with this row locked, so whoever gets
// the lock sees what became of it.
Result<std::optional<Stored>> MysqlTarget::load(const std::string& checkpoint) {
  SLUICE_ASSIGN(rows, ask("SELECT position, mark, serial FROM " + checkpoints() +
                              " WHERE name=" + literal(checkpoint) + " FOR UPDATE",
                          "read the checkpoint"));
  if (rows.rows.empty()) return std::nullopt;
  return Stored{*rows.get(0, "position"), *rows.get(0, "mark"), std::stoull(*rows.get(0, "serial"))};
}

Result<void> MysqlTarget::save(const std::string& checkpoint, const Stored& stored) {
  return run(
      fmt::format("INSERT INTO {} VALUES ({},{},{},{}) ON DUPLICATE KEY UPDATE position=VALUES(position), "
                  "mark=VALUES(mark), serial=VALUES(serial)",
                  checkpoints(), literal(checkpoint), literal(stored.position), literal(stored.mark),
                  stored.serial),
      "save the checkpoint");
}

}  // namespace

std::unique_ptr<mirror::Target> make_target(ConnectionOptions options, std::string database, bool several) {
  options.found_rows = true;
  return std::make_unique<MysqlTarget>(std::move(options), std::move(database), several);
}

}  // namespace sluice::mysql
