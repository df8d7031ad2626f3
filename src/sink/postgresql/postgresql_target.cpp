#include "sink/postgresql/postgresql_target.h"

#include <unordered_set>

#include "base/interrupt.h"
#include "mirror/fold.h"
#include "sink/postgresql/column_type.h"
#include "sink/postgresql/columns.h"
#include "sink/postgresql/name.h"
#include "sink/postgresql/spelling.h"

namespace sluice::postgresql {
namespace {

using mirror::Act;
using mirror::Place;
using mirror::RowOp;
using mirror::Shape;
using mirror::Step;
using mirror::Stored;
using mirror::TableAt;
using mirror::TableThere;

constexpr size_t kStatementBytes = 1 << 20;  // of many rows
constexpr std::chrono::milliseconds kAsLongAsItTakes{0};

struct Prepared final : TableAt::Prepared {
  std::string name;                    // quoted
  std::string insert, upsert, remove;  // whole statements, of an array for each column
  std::vector<uint32_t> types, key_types;
};

// Returns what stands for it in the statement.
std::string add_field(std::vector<Parameter>& parameters, std::string_view field, const std::string& type) {
  bool null = field_size(field.data()) < 0;
  parameters.push_back({null ? std::string_view() : field.substr(4), true});
  return fmt::format("${}::{}", parameters.size(), sent_type(type));
}

class PostgresqlTarget final : public mirror::Target {
 public:
  PostgresqlTarget(ConnectionOptions options, std::string schema, bool several)
      : options_(std::move(options)),
        schema_(std::move(schema)),
        address_(address(options_)),
        several_(several) {}

  Result<void> connect() override;
  void close() override { connection_.reset(); }
  void interrupt() noexcept override { interrupt_.raise(); }
  std::string name() const override { return address_; }
  Result<void> begin() override {
    refused_ = false;
    if (!connection_) return retryable("cannot begin a transaction ({}): the connection was lost", address_);
    return run("BEGIN", {}, "begin a transaction");
  }
  Result<void> commit() override;
  void roll_back() override;
  Result<void> begin_step() override { return run("SAVEPOINT step", {}, "begin a step"); }
  Result<void> end_step(bool good) override {
    if (!good) SLUICE_TRY(run("ROLLBACK TO SAVEPOINT step", {}, "undo a step"));
    return run("RELEASE SAVEPOINT step", {}, "end a step");
  }
  bool refused() const override { return refused_; }
  Result<std::optional<TableThere>> describe(const std::string& place) override;
  bool fits(std::string_view there, std::string_view wanted) const override { return holds(there, wanted); }
  bool ddl_commits() const override { return false; }
  Result<void> create(const std::string& place, const Shape& shape) override;
  Result<void> drop(const std::string& place) override { return shape("DROP TABLE IF EXISTS ", place); }
  Result<void> truncate(const std::string& place) override { return shape("TRUNCATE TABLE ", place); }
  Result<void> rename(const std::string& from, const std::string& to) override;
  Result<void> alter(const std::string& place, const Step& step, const Shape& shape) override;
  void prepare(TableAt& table) override { prepared(table); }
  Result<void> apply(TableAt& table, std::span<const RowOp> rows) override;
  Result<std::optional<Stored>> load(const std::string& checkpoint) override;
  Result<void> save(const std::string& checkpoint, const Stored& stored) override;

 private:
  Result<Answer> note(Result<Answer> answer) {
    refused_ = !answer && answer.error().fault == Fault::Fatal;
    return answer;
  }
  Result<Answer> ask(const std::string& sql, std::span<const Parameter> parameters,
                     std::string_view attempt) {
    return note(connection_->query(sql, parameters, attempt));
  }
  Result<void> run(const std::string& sql, std::span<const Parameter> parameters, std::string_view attempt) {
    SLUICE_TRY(ask(sql, parameters, attempt));
    return {};
  }
  // Rewriting a table may take long.
  Result<void> shape(std::string_view verb, const std::string& place, const std::string& rest = "") {
    SLUICE_TRY(note(connection_->query(fmt::format("{}{}{}", verb, quoted(place_of(place)), rest), {},
                                       "change the table " + place, kAsLongAsItTakes)));
    return {};
  }
  Place place_of(std::string_view text) const { return mirror::read_place(text, schema_); }
  std::string checkpoints() const { return quoted(Place{schema_, "sluice_checkpoint"}); }
  Result<void> check_name(std::string_view name);
  Result<void> need_schema(const std::string& name);
  Prepared& prepared(TableAt& table);
  Result<void> send(const std::string& statement, const std::vector<uint32_t>& types,
                    std::span<const RowOp* const> rows, bool keys, const std::string& attempt);
  Result<void> insert(const Prepared& with, std::span<const RowOp* const> rows, bool upserts) {
    return send(upserts ? with.upsert : with.insert, with.types, rows, false, "insert into " + with.name);
  }
  Result<void> remove(const Prepared& with, std::span<const RowOp* const> rows) {
    return send(with.remove, with.key_types, rows, true, "delete from " + with.name);
  }
  Result<void> many(const TableAt& table, const Prepared& with, std::span<const RowOp> rows);
  Result<void> in_order(const Prepared& with, std::span<const RowOp> rows);
  Result<void> match(const TableAt& table, const Prepared& with, const RowOp& row);
  Result<void> patch(const TableAt& table, const Prepared& with, const RowOp& row);

  const ConnectionOptions options_;
  const std::string schema_, address_;
  const bool several_;
  Interrupt interrupt_;
  std::optional<Connection> connection_;
  bool refused_ = false;
  Columns columns_;
  mirror::Fold fold_;
  std::vector<const RowOp*> rows_;
  std::unordered_set<std::string_view> keys_;
};

Result<void> PostgresqlTarget::connect() {
  refused_ = false;
  connection_.emplace(options_, interrupt_);
  SLUICE_TRY(connection_->connect());
  // A lock that is waited for longer lets go of those that are held. Of several connections the first one
  // waits for the others, which no server sees: should they want what it holds, that ends soon.
  Parameter patience{several_ ? "5s" : "50s"};
  SLUICE_TRY(
      run("SELECT set_config('lock_timeout', $1, false), set_config('TimeZone', 'UTC', false), "
          "set_config('DateStyle', 'ISO', false), set_config('IntervalStyle', 'postgres', false)",
          {&patience, 1}, "begin a session"));
  SLUICE_TRY(need_schema(schema_));
  Parameter schema{schema_};
  SLUICE_ASSIGN(there,
                ask("SELECT 1 FROM pg_tables WHERE schemaname=$1::text AND tablename='sluice_checkpoint'",
                    {&schema, 1}, "look for the table of the checkpoint"));
  if (!there.rows.empty()) return {};
  return run("CREATE TABLE IF NOT EXISTS " + checkpoints() +
                 " (name text PRIMARY KEY, position text NOT NULL, mark text NOT NULL, serial int8 NOT NULL)",
             {}, "make the table of the checkpoint");
}

// Where a statement has failed, the server rolls back and says so by the tag alone.
Result<void> PostgresqlTarget::commit() {
  SLUICE_ASSIGN(answer, ask("COMMIT", {}, "commit"));
  if (answer.command == "COMMIT") return {};
  return retryable("cannot commit ({}): the server answered {}", address_, answer.command);
}

void PostgresqlTarget::roll_back() {
  bool refused = refused_;
  if (connection_ && !run("ROLLBACK", {}, "roll back")) connection_.reset();
  refused_ = refused;
}

Result<std::optional<TableThere>> PostgresqlTarget::describe(const std::string& place) {
  Place name = place_of(place);
  Parameter names[] = {{name.database}, {name.table}};
  const std::string where = " WHERE n.nspname=$1::text AND c.relname=$2::text ";
  SLUICE_ASSIGN(
      columns,
      ask("SELECT a.attname, t.typname || coalesce(substring(format_type(a.atttypid, a.atttypmod) FROM "
          "'\\([0-9,]+\\)'), '') || CASE WHEN a.attgenerated <> '' THEN ' GENERATED' ELSE '' END, "
          "c.relkind IN ('v', 'm') FROM pg_attribute a JOIN pg_class c ON c.oid=a.attrelid JOIN pg_namespace "
          "n ON "
          "n.oid=c.relnamespace JOIN pg_type t ON t.oid=a.atttypid" +
              where +
              "AND c.relkind IN ('r','p','f','v','m') AND a.attnum>0 AND NOT a.attisdropped "
              "ORDER BY a.attnum",
          names, "describe a table"));
  if (columns.rows.empty()) return std::nullopt;
  TableThere there{.view = *columns.rows[0][2] == "t"};
  for (auto& row : columns.rows) there.columns.push_back({std::move(*row[0]), std::move(*row[1])});
  SLUICE_ASSIGN(
      keys,
      ask("SELECT i.indisprimary, a.attname, coalesce(l.collisdeterministic, true) AND a.atttypid NOT IN "
          "('float4'::regtype, 'float8'::regtype) FROM pg_index i JOIN pg_class c ON c.oid=i.indrelid "
          "JOIN pg_namespace n ON n.oid=c.relnamespace CROSS JOIN LATERAL unnest(i.indkey) WITH "
          "ORDINALITY k(number, place) LEFT JOIN pg_attribute a ON a.attrelid=i.indrelid AND "
          "a.attnum=k.number LEFT JOIN pg_collation l ON l.oid=a.attcollation" +
              where +
              "AND (i.indisunique OR i.indisexclusion) AND k.place<=i.indnkeyatts ORDER BY "
              "i.indexrelid, k.place",
          names, "describe a table's keys"));
  for (auto& row : keys.rows) {
    if (*row[0] != "t") {
      there.more_unique = true;
      continue;
    }
    there.key.push_back(std::move(*row[1]));
    if (*row[2] != "t") there.loose_key = true;
  }
  return there;
}

Result<void> PostgresqlTarget::check_name(std::string_view name) {
  if (name.size() <= kMostNameBytes) return {};
  refused_ = true;
  return fatal(
      "{}: the name {} is longer than PostgreSQL's {} bytes; give it another one by `to` or `rename`",
      address_, name, kMostNameBytes);
}

Result<void> PostgresqlTarget::need_schema(const std::string& name) {
  SLUICE_TRY(check_name(name));
  Parameter asked{name};
  SLUICE_ASSIGN(there,
                ask("SELECT 1 FROM pg_namespace WHERE nspname=$1::text", {&asked, 1}, "look for a schema"));
  if (!there.rows.empty()) return {};
  return run("CREATE SCHEMA IF NOT EXISTS " + quoted(name), {}, "make the schema " + name);
}

Result<void> PostgresqlTarget::create(const std::string& place, const Shape& shape) {
  Place name = place_of(place);
  SLUICE_TRY(check_name(name.table));
  SLUICE_TRY(need_schema(name.database));
  std::string columns, key;
  for (const auto& column : shape.columns) {
    SLUICE_TRY(check_name(column.name));
    columns += (columns.empty() ? "" : ", ") + quoted(column.name) + " " + column.type;
  }
  for (uint32_t column : shape.key) key += (key.empty() ? "" : ",") + quoted(shape.columns[column].name);
  if (!key.empty()) columns += ", PRIMARY KEY (" + key + ")";
  return this->shape("CREATE TABLE ", place, " (" + columns + ")");
}

Result<void> PostgresqlTarget::rename(const std::string& from, const std::string& to) {
  Place old = place_of(from), now = place_of(to);
  SLUICE_TRY(check_name(now.table));
  if (old.table != now.table) { SLUICE_TRY(shape("ALTER TABLE ", from, " RENAME TO " + quoted(now.table))); }
  if (old.database == now.database) return {};
  SLUICE_TRY(need_schema(now.database));
  return run("ALTER TABLE " + quoted(Place{old.database, now.table}) + " SET SCHEMA " + quoted(now.database),
             {}, "change the table " + from);
}

Result<void> PostgresqlTarget::alter(const std::string& place, const Step& step, const Shape& shape) {
  std::string column = quoted(step.column);
  const mirror::ShapeColumn* wanted = shape.find(step.column);
  switch (step.what) {
    case Step::What::Rename:
      SLUICE_TRY(check_name(step.detail));
      return this->shape("ALTER TABLE ", place, " RENAME COLUMN " + column + " TO " + quoted(step.detail));
    case Step::What::Drop: return this->shape("ALTER TABLE ", place, " DROP COLUMN " + column);
    case Step::What::Add:
      SLUICE_TRY(check_name(step.column));
      return this->shape("ALTER TABLE ", place,
                         " ADD COLUMN " + column + " " + wanted->type + " " + step.detail);
    default: break;
  }
  SLUICE_ASSIGN(there, describe(place));
  const std::string& has = there->find(step.column)->type;
  if (converts_alike(has, wanted->type)) {
    return this->shape("ALTER TABLE ", place, " ALTER COLUMN " + column + " TYPE " + wanted->type);
  }
  refused_ = true;
  return fatal(
      "{}: what the source made of the values of the column {} of {} cannot be told, where {} becomes {}; "
      "change it "
      "by hand, then drop this change",
      address_, step.column, place, has, wanted->type);
}

Prepared& PostgresqlTarget::prepared(TableAt& table) {
  if (table.prepared) return static_cast<Prepared&>(*table.prepared);
  auto made = std::make_unique<Prepared>();
  const Shape& shape = table.shape;
  std::string names, arrays, set, key, key_arrays, on;
  auto array = [](const std::string& type, size_t number) {
    return fmt::format("unnest(${}::{}[])", number, sent_type(type));
  };
  for (size_t i = 0; i < shape.columns.size(); ++i) {
    const auto& [name, type] = shape.columns[i];
    names += (i == 0 ? "" : ",") + quoted(name);
    arrays += (i == 0 ? "" : ",") + array(type, i + 1);
    made->types.push_back(type_number(sent_type(type)));
    if (!shape.in_key(i)) set += (set.empty() ? "" : ",") + quoted(name) + "=EXCLUDED." + quoted(name);
  }
  for (size_t i = 0; i < shape.key.size(); ++i) {
    const auto& [name, type] = shape.columns[shape.key[i]];
    std::string comma = i == 0 ? "" : ",";
    key += comma + quoted(name);
    key_arrays += comma + array(type, i + 1) + fmt::format(" AS k{}", i);
    on += (i == 0 ? "" : " AND ") + fmt::format("t.{}=k.k{}", quoted(name), i);
    made->key_types.push_back(type_number(sent_type(type)));
  }
  made->name = quoted(mirror::read_place(table.place, schema_));
  made->insert = "INSERT INTO " + made->name + " (" + names + ") OVERRIDING SYSTEM VALUE SELECT " + arrays;
  made->upsert =
      made->insert + " ON CONFLICT (" + key + ") DO " + (set.empty() ? "NOTHING" : "UPDATE SET " + set);
  made->remove = "DELETE FROM " + made->name + " t USING (SELECT " + key_arrays + ") k WHERE " + on;
  table.prepared = std::move(made);
  return static_cast<Prepared&>(*table.prepared);
}

// By columns or `keys`, in statements of bounded size.
Result<void> PostgresqlTarget::send(const std::string& statement, const std::vector<uint32_t>& types,
                                    std::span<const RowOp* const> rows, bool keys,
                                    const std::string& attempt) {
  columns_.begin(types);
  for (size_t i = 0; i < rows.size(); ++i) {
    columns_.add(keys ? rows[i]->key : rows[i]->values);
    if (i + 1 < rows.size() && columns_.bytes() < kStatementBytes) continue;
    SLUICE_TRY(run(statement, columns_.parameters(), attempt));
    columns_.shrink(kStatementBytes);
    columns_.begin(types);
  }
  return {};
}

Result<void> PostgresqlTarget::apply(TableAt& table, std::span<const RowOp> rows) {
  const Prepared& with = prepared(table);
  auto alone = [&](const RowOp& row) {
    return row.act == Act::Patch || row.act == Act::Begin ||
           (row.act == Act::Delete && table.shape.key.empty());
  };
  for (size_t i = 0; i < rows.size();) {
    size_t end = i;
    while (end < rows.size() && !alone(rows[end])) ++end;
    if (end > i) SLUICE_TRY(many(table, with, rows.subspan(i, end - i)));
    for (i = end; i < rows.size() && alone(rows[i]); ++i) {
      SLUICE_TRY(rows[i].act == Act::Delete ? match(table, with, rows[i]) : patch(table, with, rows[i]));
    }
  }
  return {};
}

Result<void> PostgresqlTarget::many(const TableAt& table, const Prepared& with, std::span<const RowOp> rows) {
  if (table.shape.key.empty()) {
    rows_.clear();
    for (const RowOp& row : rows) rows_.push_back(&row);
    return insert(with, rows_, false);
  }
  if (table.more_unique) return in_order(with, rows);
  fold_.run(rows);
  SLUICE_TRY(remove(with, fold_.removes));
  return insert(with, fold_.upserts, true);
}

// Within a statement the server checks each row by itself, but takes no row twice.
Result<void> PostgresqlTarget::in_order(const Prepared& with, std::span<const RowOp> rows) {
  for (size_t i = 0; i < rows.size();) {
    Act act = rows[i].act;
    rows_.clear();
    keys_.clear();
    for (; i < rows.size() && rows[i].act == act && keys_.insert(rows[i].key).second; ++i)
      rows_.push_back(&rows[i]);
    SLUICE_TRY(act == Act::Delete ? remove(with, rows_) : insert(with, rows_, true));
  }
  return {};
}

// Rows in different parts of a table may have one ctid.
Result<void> PostgresqlTarget::match(const TableAt& table, const Prepared& with, const RowOp& row) {
  std::string same;
  std::vector<Parameter> parameters;
  each_field(row.key, [&](std::string_view field) {
    const auto& [name, type] = table.shape.columns[parameters.size()];
    same += fmt::format("{}{} IS NOT DISTINCT FROM {}", same.empty() ? "" : " AND ", quoted(name),
                        add_field(parameters, field, type));
  });
  SLUICE_ASSIGN(
      removed,
      ask(fmt::format("DELETE FROM {0} WHERE ctid=(SELECT ctid FROM {0} WHERE {1} LIMIT 1)", with.name, same),
          parameters, "delete from " + with.name));
  if (removed.affected == 1) return {};
  refused_ = true;
  return fatal("{}: the table {} has {} rows in the place of the one that is to go", address_, table.place,
               removed.affected);
}

Result<void> PostgresqlTarget::patch(const TableAt& table, const Prepared& with, const RowOp& row) {
  const Shape& shape = table.shape;
  std::string names, values, set, where;
  std::vector<Parameter> parameters;
  auto add = [&](std::string_view field, const std::string& type) {
    return add_field(parameters, field, type);
  };
  mirror::each_part(row.values, [&](uint32_t column, std::string_view field) {
    const auto& [name, type] = shape.columns[column];
    std::string comma = names.empty() ? "" : ",", value = add(field, type);
    names += comma + quoted(name);
    values += comma + value;
    set += comma + quoted(name) + "=" + value;
  });
  if (names.empty()) return {};
  size_t given = parameters.size(), n = 0;
  each_field(row.key, [&](std::string_view field) {
    const auto& [name, type] = shape.columns[shape.key[n++]];
    where += (where.empty() ? "" : " AND ") + quoted(name) + "=" + add(field, type);
  });
  SLUICE_ASSIGN(updated, ask("UPDATE " + with.name + " SET " + set + " WHERE " + where, parameters,
                             "update " + with.name));
  if (updated.affected > 0) return {};
  if (row.act == Act::Begin) {
    return run(
        "INSERT INTO " + with.name + " (" + names + ") OVERRIDING SYSTEM VALUE VALUES (" + values + ")",
        {parameters.data(), given}, "insert into " + with.name);
  }
  refused_ = true;
  return fatal("{}: the table {} lacks the row, and the log has only a part of it, see binlog_row_image",
               address_, table.place);
}

// The COMMIT of a process that died may still be under way. It was sent with this row locked, so whoever gets
// the lock sees what became of it. A lock needs a row that is there.
Result<std::optional<Stored>> PostgresqlTarget::load(const std::string& checkpoint) {
  Parameter name{checkpoint};
  SLUICE_TRY(run("INSERT INTO " + checkpoints() + " VALUES ($1,'','',0) ON CONFLICT DO NOTHING", {&name, 1},
                 "make a checkpoint"));
  SLUICE_ASSIGN(answer,
                ask("SELECT position, mark, serial FROM " + checkpoints() + " WHERE name=$1 FOR UPDATE",
                    {&name, 1}, "read the checkpoint"));
  if (answer.rows.empty()) return std::nullopt;
  auto& row = answer.rows[0];
  return Stored{std::move(*row[0]), std::move(*row[1]), std::stoull(*row[2])};
}

Result<void> PostgresqlTarget::save(const std::string& checkpoint, const Stored& stored) {
  std::string serial = std::to_string(stored.serial);
  Parameter values[] = {{checkpoint}, {stored.position}, {stored.mark}, {serial}};
  return run("INSERT INTO " + checkpoints() +
                 " VALUES ($1,$2,$3,$4) ON CONFLICT (name) DO UPDATE SET "
                 "position=EXCLUDED.position, mark=EXCLUDED.mark, serial=EXCLUDED.serial",
             values, "save the checkpoint");
}

}  // namespace

std::unique_ptr<mirror::Target> make_target(ConnectionOptions options, std::string schema, bool several) {
  return std::make_unique<PostgresqlTarget>(std::move(options), std::move(schema), several);
}

}  // namespace sluice::postgresql
