#include "sink/redis/row_state.h"

#include <algorithm>

#include "format/json_row.h"
#include "format/plain.h"
#include "format/plan_cache.h"
#include "format/statement_words.h"
#include "model/row_version.h"

namespace sluice::redis {
namespace {

constexpr size_t kVersionDigits = 18;  // of a number below 2^57

// MessagePack (github.com/msgpack/msgpack, spec.md): sizes are big-endian.
void put_size(Bytes& out, uint8_t mark, uint32_t size) {
  char* at = out.reserve(5);
  *at++ = static_cast<char>(mark);
  for (int shift = 24; shift >= 0; shift -= 8) *at++ = static_cast<char>(size >> shift);
  out.commit(at);
}
void begin_array(Bytes& out, size_t size) { put_size(out, 0xdd, static_cast<uint32_t>(size)); }
void put_word(Bytes& out, std::string_view word) {
  if (word.size() < 32) {
    out.push(static_cast<char>(0xa0 | word.size()));
  } else {
    put_size(out, 0xdb, static_cast<uint32_t>(word.size()));
  }
  out.append(word);
}

// What one version of a table makes of its rows, decided once.
struct Plan {
  explicit Plan(TablePtr shared) : row(std::move(shared)) {}

  JsonRowPlan row;
  std::string index;
  RowKey::Bound key;
  std::vector<RowKey::Bound> lookups;
  std::string fault;
};

class RowState final : public Encoder {
 public:
  explicit RowState(RowStateOptions options) : options_(std::move(options)) {}

  void encode(const Batch& batch, std::span<const Change> changes, Outbox& out) override;
  Notation notation() const override { return Notation::Binary; }
  std::unique_ptr<Encoder> clone() const override { return std::make_unique<RowState>(options_); }

 private:
  std::unique_ptr<Plan> plan(const Table& table) const;
  std::string index_of(std::string_view database, std::string_view table) const {
    return fmt::format("{}:{}.{}", options_.index, database, table);
  }
  void begin(Bytes& out, size_t words, std::string_view what, std::string_view index) const {
    begin_array(out, words + 3);
    put_word(out, what);
    put_word(out, version_);
    put_word(out, index);
  }
  // False: the message became a refusal.
  bool make_key(const Plan& plan, const Row& row, const Row& other, Outbox& out);
  void put_row(const Plan& plan, const Change& change, Outbox& out);
  void encode_ddl(const Batch& batch, const Change& change, Outbox& out) const;
  static void refuse(Outbox& out, std::string_view why) {
    out.bytes.append(why);
    out.no_value();
  }

  const RowStateOptions options_;
  PlanCache<Plan> plans_;
  JsonRow rows_;
  std::string version_;
  Bytes key_, scratch_;
};

std::unique_ptr<Plan> RowState::plan(const Table& table) const {
  auto made = std::make_unique<Plan>(share(table));
  made->index = index_of(table.database, table.name);
  made->key = options_.key.bind(table);
  made->fault = made->key.fault;
  for (const RowKey& lookup : options_.lookups) {
    // What names a column of some tables concerns those alone.
    RowKey::Bound bound = lookup.bind(table);
    if (bound.fault.empty()) made->lookups.push_back(std::move(bound));
  }
  return made;
}

bool RowState::make_key(const Plan& plan, const Row& row, const Row& other, Outbox& out) {
  key_.clear();
  if (RowKey::append(key_, plan.key, *plan.row.table, row, other)) return true;
  refuse(out, "a column of its key is NULL or not in the log");
  return false;
}

void RowState::put_row(const Plan& plan, const Change& change, Outbox& out) {
  const Table& table = *plan.row.table;
  const Row& row = change.after;
  for (uint32_t i = 0; i < row.count; ++i) {
    if (row[i].present() && row[i].kind != Kind::JsonPatch) continue;
    return refuse(
        out,
        fmt::format("the log holds only parts of the row ({} is not whole); set binlog_row_image=FULL and "
                    "no binlog_row_value_options",
                    table.columns[i].name));
  }
  if (!make_key(plan, row, change.before, out)) return;
  size_t fields = 0;
  for (const Cell& cell : row) fields += cell.has_value();
  // A look-up by a column that is NULL has no such row.
  scratch_.clear();
  size_t lookups = 0;
  for (const RowKey::Bound& lookup : plan.lookups) {
    Bytes name;
    if (!RowKey::append(name, lookup, table, row, change.before)) continue;
    put_word(scratch_, name.view());
    ++lookups;
  }
  begin(out.bytes, 2 + lookups + (options_.json ? 1 : 2 * fields), options_.json ? "j" : "h", plan.index);
  put_word(out.bytes, key_.view());
  put_size(out.bytes, 0xce, static_cast<uint32_t>(lookups));
  out.bytes.append(scratch_.view());
  if (options_.json) {
    scratch_.clear();
    scratch_.commit(rows_.object(rows_.begin(scratch_, plan.row, change, 0), plan.row, row));
    return put_word(out.bytes, scratch_.view());
  }
  for (uint32_t i = 0; i < row.count; ++i) {
    if (!row[i].has_value()) continue;
    put_word(out.bytes, table.columns[i].name);
    if (row[i].kind == Kind::Text || row[i].kind == Kind::Blob) {
      put_word(out.bytes, row[i].bytes());
      continue;
    }
    scratch_.clear();
    append_plain(scratch_, row[i], table.columns[i]);
    put_word(out.bytes, scratch_.view());
  }
}

void RowState::encode_ddl(const Batch& batch, const Change& change, Outbox& out) const {
  const Event& event = batch.events[change.event];
  StatementWords words(event.query);
  bool drop = words.is({"TRUNCATE"});
  if (words.is({"DROP"})) {
    words.next();
    drop = words.is({"TABLE"});
    bool several = (drop && event.ddl_table.empty()) || words.is({"DATABASE"}) || words.is({"SCHEMA"});
    if (several) return refuse(out, "it drops several tables at once, whose keys must be deleted by hand");
  }
  if (words.take({"CREATE"}) && words.take({"OR"}) && words.take({"REPLACE"})) drop = words.is({"TABLE"});
  if (words.take({"ALTER"})) {
    for (; !words.word().empty(); words.next()) {
      if (!words.take({"TRUNCATE", "DROP"}) || !words.is({"PARTITION"})) continue;
      return refuse(out,
                    "it empties partitions, of whose rows the log tells nothing; delete their keys by hand");
    }
  }
  const Table* before = event.ddl_before;
  if (before && change.table && full_name(*before) != full_name(*change.table)) {
    return refuse(out, fmt::format("{} became {}; its keys do not follow by themselves", full_name(*before),
                                   full_name(*change.table)));
  }
  if (!drop) return;
  const Table* table = change.table ? change.table : before;
  begin(out.bytes, 0, "c",
        table ? index_of(table->database, table->name) : index_of(event.database, event.ddl_table));
}

void RowState::encode(const Batch& batch, std::span<const Change> changes, Outbox& out) {
  const Change& change = changes.front();
  version_ = fmt::format("{:0{}}", row_version(batch, change), kVersionDigits);
  if (change.op == Op::Ddl) return encode_ddl(batch, change, out);
  const Plan& made = plans_.of(*change.table, [&] { return plan(*change.table); });
  if (!made.fault.empty()) return refuse(out, made.fault);
  bool moved = false;
  if (change.op == Op::Update) {
    key_.clear();
    scratch_.clear();
    RowKey::append(key_, made.key, *made.row.table, change.before, change.after);
    RowKey::append(scratch_, made.key, *made.row.table, change.after, change.before);
    moved = key_.view() != scratch_.view();
  }
  if (change.op == Op::Delete || moved) {
    if (make_key(made, change.before, change.after, out)) {
      begin(out.bytes, 1, "d", made.index);
      put_word(out.bytes, key_.view());
    }
    out.of_before();
    out.end_message();
  }
  if (change.op != Op::Delete) put_row(made, change, out);
}

}  // namespace

std::unique_ptr<Encoder> make_row_state(RowStateOptions options) {
  return std::make_unique<RowState>(std::move(options));
}

}  // namespace sluice::redis
