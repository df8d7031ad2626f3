#include "sink/sqlite/sqlite_target.h"

#include <algorithm>
#include <map>

#include "client/sqlite/database.h"
#include "sink/sqlite/spelling.h"

namespace sluice::sqlite {
namespace {

using mirror::Act;
using mirror::RowOp;
using mirror::Shape;
using mirror::Step;
using mirror::Stored;
using mirror::TableAt;
using mirror::TableThere;

constexpr std::string_view kGenerated = " GENERATED";  // behind a column's type

std::string quoted(std::string_view name) {
  std::string made = "\"";
  for (char c : name) made.append(c == '"' ? 2 : 1, c);
  return made + '"';
}

// SQLite manual, "Determination Of Column Affinity".
enum class Affinity : uint8_t { Integer, Text, Blob, Real, Numeric };

Affinity affinity_of(std::string_view type) {
  std::string upper(type);
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? c - 32 : c; });
  auto has = [&](std::string_view part) { return upper.find(part) != std::string::npos; };
  if (has("INT")) return Affinity::Integer;
  if (has("CHAR") || has("CLOB") || has("TEXT")) return Affinity::Text;
  if (has("BLOB") || upper.empty()) return Affinity::Blob;
  if (has("REAL") || has("FLOA") || has("DOUB")) return Affinity::Real;
  return Affinity::Numeric;
}

std::string where_key(const Shape& shape) {
  std::string text;
  for (uint32_t column : shape.key) {
    text += text.empty() ? " WHERE " : " AND ";
    text += quoted(shape.columns[column].name) + "=?";
  }
  return text;
}

// One of its names that no column has taken (SQLite manual, "Rowid Tables").
std::string row_number(const Shape& shape) {
  for (const char* name : {"_rowid_", "rowid"}) {
    if (!shape.find(name)) return name;
  }
  return "oid";
}

struct Prepared final : TableAt::Prepared {
  Statement append, upsert, remove;                  // where there is no key, `remove` matches all columns
  std::map<std::string, Statement> updates, begins;  // by the columns that they set
};

class SqliteTarget final : public mirror::Target {
 public:
  explicit SqliteTarget(std::string path) : path_(std::move(path)) {}

  Result<void> connect() override;
  void close() override { database_.reset(); }
  std::string name() const override { return path_; }
  Result<void> begin() override { return run("BEGIN IMMEDIATE"); }
  Result<void> commit() override { return run("COMMIT"); }
  void roll_back() override {
    if (database_) database_->roll_back();
  }
  Result<void> begin_step() override { return run("SAVEPOINT step"); }
  Result<void> end_step(bool good) override {
    if (!good) SLUICE_TRY(run("ROLLBACK TO step"));
    return run("RELEASE step");
  }
  bool refused() const override { return refused_; }
  Result<std::optional<TableThere>> describe(const std::string& place) override;
  bool fits(std::string_view there, std::string_view wanted) const override {
    Affinity has = affinity_of(there);
    return !there.ends_with(kGenerated) && (has == affinity_of(wanted) || has == Affinity::Blob);
  }
  bool ddl_commits() const override { return false; }
  Result<void> create(const std::string& place, const Shape& shape) override;
  Result<void> drop(const std::string& place) override {
    return run("DROP TABLE IF EXISTS " + quoted(place));
  }
  Result<void> truncate(const std::string& place) override { return run("DELETE FROM " + quoted(place)); }
  Result<void> rename(const std::string& from, const std::string& to) override {
    return run("ALTER TABLE " + quoted(from) + " RENAME TO " + quoted(to));
  }
  Result<void> alter(const std::string& place, const Step& step, const Shape& shape) override;
  Result<void> apply(TableAt& table, std::span<const RowOp> rows) override;
  Result<std::optional<Stored>> load(const std::string& checkpoint) override;
  Result<void> save(const std::string& checkpoint, const Stored& stored) override;

 private:
  Result<void> note(Result<void> done) {
    refused_ = !done && done.error().fault == Fault::Fatal && database_->refused();
    return done;
  }
  Result<void> run(const std::string& sql) { return note(database_->run(sql.c_str())); }
  Result<Statement> statement_of(const std::string& sql);
  Result<Prepared*> prepared(TableAt& table);
  Result<void> row(TableAt& table, Prepared& with, const RowOp& row);
  Result<void> patch(TableAt& table, Prepared& with, const RowOp& row);
  static int bind(Statement& to, int index, std::string_view values);

  const std::string path_;
  std::unique_ptr<Database> database_;
  bool refused_ = false;
};

Result<void> SqliteTarget::connect() {
  refused_ = false;
  database_.reset();
  SLUICE_ASSIGN(database, Database::open(path_));
  database_ = std::move(database);
  // What is committed must stay, since the source is told so. Debian's library overwrites what is deleted
  // unless told otherwise.
  constexpr const char* kSettings =
      "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=OFF; PRAGMA foreign_keys=OFF; "
      "PRAGMA cache_size=-65536; PRAGMA wal_autocheckpoint=4000; PRAGMA busy_timeout=500";
  SLUICE_TRY(database_->run(kSettings));
  return database_->run(
      "CREATE TABLE IF NOT EXISTS sluice_checkpoint (name TEXT PRIMARY KEY, position TEXT NOT NULL, mark "
      "TEXT NOT "
      "NULL, serial INTEGER NOT NULL) WITHOUT ROWID");
}

Result<Statement> SqliteTarget::statement_of(const std::string& sql) {
  auto statement = database_->prepare(sql);
  if (statement) return statement;
  return tl::unexpected(note(tl::unexpected(std::move(statement).error())).error());
}

Result<std::optional<TableThere>> SqliteTarget::describe(const std::string& place) {
  SLUICE_ASSIGN(named, statement_of("SELECT name, type FROM sqlite_master WHERE type IN ('table','view') AND "
                                    "name=? COLLATE NOCASE"));
  named.bind(1, place);
  SLUICE_ASSIGN(found, named.step());
  if (!found) return std::nullopt;
  TableThere there{.any_case = true, .view = named.text(1) == "view"};
  if (named.text(0) != place) there.taken_by = named.text(0);
  SLUICE_ASSIGN(statement,
                statement_of("SELECT name, type, pk, hidden FROM pragma_table_xinfo(?) ORDER BY cid"));
  statement.bind(1, place);
  std::map<int64_t, std::string> key;
  for (;;) {
    SLUICE_ASSIGN(more, statement.step());
    if (!more) break;
    std::string name(statement.text(0));
    if (int64_t number = statement.integer(2)) key[number] = name;
    std::string type(statement.text(1));
    if (statement.integer(3) > 1) type += kGenerated;
    there.columns.push_back({std::move(name), std::move(type)});
  }
  for (auto& [number, name] : key) there.key.push_back(std::move(name));
  return there;
}

Result<void> SqliteTarget::create(const std::string& place, const Shape& shape) {
  std::string sql = "CREATE TABLE " + quoted(place) + " (", key;
  // The row's own number, where it can be: else the key is what the table is sorted by.
  bool alias = shape.key.size() == 1 && shape.columns[shape.key[0]].type == "INTEGER";
  for (size_t i = 0; i < shape.columns.size(); ++i) {
    sql += (i == 0 ? "" : ", ") + quoted(shape.columns[i].name) + " " + shape.columns[i].type;
    if (alias && shape.key[0] == i) sql += " PRIMARY KEY";
  }
  for (uint32_t column : shape.key) key += (key.empty() ? "" : ", ") + quoted(shape.columns[column].name);
  if (!alias && !key.empty())
    sql += ", PRIMARY KEY (" + key + ")) WITHOUT ROWID";
  else
    sql += ")";
  return run(sql);
}

Result<void> SqliteTarget::alter(const std::string& place, const Step& step, const Shape& shape) {
  std::string table = "ALTER TABLE " + quoted(place);
  std::string column = quoted(step.column);
  switch (step.what) {
    case Step::What::Rename: return run(table + " RENAME COLUMN " + column + " TO " + quoted(step.detail));
    case Step::What::Drop: return run(table + " DROP COLUMN " + column);
    case Step::What::Add:
      // A default must be a constant; nothing else than the rows that are there takes it from here.
      return run(table + " ADD COLUMN " + column + " " + shape.find(step.column)->type + " DEFAULT " +
                 (step.detail.starts_with("CAST") ? "x''" : step.detail));
    default: break;
  }
  SLUICE_ASSIGN(there, describe(place));
  const std::string& has = there->find(step.column)->type;
  const std::string& wanted = shape.find(step.column)->type;
  auto digits = [](const std::string& type) { return type.substr(std::min(type.find(','), type.size())); };
  bool same =
      has == wanted || (has.starts_with("TEXT(") && !digits(has).empty() && digits(has) == digits(wanted));
  if (same) return {};
  refused_ = true;
  return fatal(
      "{}: SQLite cannot change the column {} of {} from {} to {}; make a new table with it by hand, then "
      "drop this "
      "change",
      path_, step.column, place, has, wanted);
}

Result<Prepared*> SqliteTarget::prepared(TableAt& table) {
  if (table.prepared) return static_cast<Prepared*>(table.prepared.get());
  const Shape& shape = table.shape;
  auto made = std::make_unique<Prepared>();
  std::string names, places, key, set;
  for (size_t i = 0; i < shape.columns.size(); ++i) {
    std::string name = quoted(shape.columns[i].name);
    names += (i == 0 ? "" : ",") + name;
    places += i == 0 ? "?" : ",?";
    if (!shape.in_key(i)) set += fmt::format("{0}{1}=excluded.{1}", set.empty() ? "" : ",", name);
  }
  for (uint32_t column : shape.key) key += (key.empty() ? "" : ",") + quoted(shape.columns[column].name);
  std::string insert = "INSERT INTO " + quoted(table.place) + " (" + names + ") VALUES (" + places + ")";
  if (key.empty()) {
    SLUICE_ASSIGN(append, statement_of(insert));
    made->append = std::move(append);
    std::string number = row_number(shape), same;
    for (const auto& column : shape.columns)
      same += (same.empty() ? "" : " AND ") + quoted(column.name) + " IS ?";
    SLUICE_ASSIGN(
        remove, statement_of(fmt::format("DELETE FROM {0} WHERE {1}=(SELECT {1} FROM {0} WHERE {2} LIMIT 1)",
                                         quoted(table.place), number, same)));
    made->remove = std::move(remove);
  } else {
    SLUICE_ASSIGN(upsert, statement_of(insert + " ON CONFLICT (" + key + ") DO " +
                                       (set.empty() ? "NOTHING" : "UPDATE SET " + set)));
    made->upsert = std::move(upsert);
    SLUICE_ASSIGN(remove, statement_of("DELETE FROM " + quoted(table.place) + where_key(shape)));
    made->remove = std::move(remove);
  }
  table.prepared = std::move(made);
  return static_cast<Prepared*>(table.prepared.get());
}

// Returns the index behind the last one bound.
int SqliteTarget::bind(Statement& to, int index, std::string_view values) {
  each_value(values, [&](Tag tag, std::string_view bytes) {
    int64_t whole;
    double real;
    switch (tag) {
      case Tag::Null: to.bind_null(index++); break;
      case Tag::Integer:
        std::memcpy(&whole, bytes.data(), 8);
        to.bind(index++, whole);
        break;
      case Tag::Real:
        std::memcpy(&real, bytes.data(), 8);
        to.bind(index++, real);
        break;
      case Tag::Text: to.bind(index++, bytes); break;
      case Tag::Blob: to.bind_blob(index++, bytes); break;
    }
  });
  return index;
}

Result<void> SqliteTarget::apply(TableAt& table, std::span<const RowOp> rows) {
  SLUICE_ASSIGN(with, prepared(table));
  for (const RowOp& each : rows) SLUICE_TRY(row(table, *with, each));
  return {};
}

Result<void> SqliteTarget::row(TableAt& table, Prepared& with, const RowOp& row) {
  switch (row.act) {
    case Act::Upsert: bind(with.upsert, 1, row.values); return note(with.upsert.run());
    case Act::Append: bind(with.append, 1, row.values); return note(with.append.run());
    case Act::Delete:
      bind(with.remove, 1, row.key);
      SLUICE_TRY(note(with.remove.run()));
      if (!table.shape.key.empty() || database_->changed_rows() == 1) return {};
      refused_ = true;
      return fatal("{}: the table {} lacks the row that is to go", path_, table.place);
    default: return patch(table, with, row);
  }
}

Result<void> SqliteTarget::patch(TableAt& table, Prepared& with, const RowOp& row) {
  const Shape& shape = table.shape;
  std::string names, set, places;
  mirror::each_part(row.values, [&](uint32_t column, std::string_view) {
    std::string name = quoted(shape.columns[column].name);
    names += (names.empty() ? "" : ",") + name;
    set += (set.empty() ? "" : ",") + name + "=?";
    places += places.empty() ? "?" : ",?";
  });
  auto bind_parts = [&](Statement& to) {
    int index = 1;
    mirror::each_part(row.values, [&](uint32_t, std::string_view value) { index = bind(to, index, value); });
    return index;
  };
  if (names.empty()) return {};
  auto found = with.updates.find(names);
  if (found == with.updates.end()) {
    SLUICE_ASSIGN(update, statement_of("UPDATE " + quoted(table.place) + " SET " + set + where_key(shape)));
    found = with.updates.emplace(names, std::move(update)).first;
  }
  bind(found->second, bind_parts(found->second), row.key);
  SLUICE_TRY(note(found->second.run()));
  if (database_->changed_rows() > 0) return {};
  if (row.act == Act::Patch) {
    refused_ = true;
    return fatal("{}: the table {} lacks the row, and the log has only a part of it, see binlog_row_image",
                 path_, table.place);
  }
  auto begins = with.begins.find(names);
  if (begins == with.begins.end()) {
    SLUICE_ASSIGN(insert, statement_of("INSERT INTO " + quoted(table.place) + " (" + names + ") VALUES (" +
                                       places + ")"));
    begins = with.begins.emplace(names, std::move(insert)).first;
  }
  bind_parts(begins->second);
  return note(begins->second.run());
}

Result<std::optional<Stored>> SqliteTarget::load(const std::string& checkpoint) {
  SLUICE_ASSIGN(statement, statement_of("SELECT position, mark, serial FROM sluice_checkpoint WHERE name=?"));
  statement.bind(1, checkpoint);
  SLUICE_ASSIGN(found, statement.step());
  if (!found) return std::nullopt;
  return Stored{std::string(statement.text(0)), std::string(statement.text(1)),
                static_cast<uint64_t>(statement.integer(2))};
}

Result<void> SqliteTarget::save(const std::string& checkpoint, const Stored& stored) {
  SLUICE_ASSIGN(
      statement,
      statement_of("INSERT INTO sluice_checkpoint VALUES (?,?,?,?) ON CONFLICT (name) DO UPDATE SET "
                   "position=excluded.position, mark=excluded.mark, serial=excluded.serial"));
  statement.bind(1, checkpoint).bind(2, stored.position).bind(3, stored.mark);
  statement.bind(4, static_cast<int64_t>(stored.serial));
  return note(statement.run());
}

}  // namespace

std::unique_ptr<mirror::Target> make_target(std::string path) {
  return std::make_unique<SqliteTarget>(std::move(path));
}

}  // namespace sluice::sqlite
