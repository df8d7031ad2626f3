// Sluice's own format: one lean JSON object a change. docs/formats/json.md describes it field by field.
#include <algorithm>
#include <memory>
#include <optional>

#include "format/change_stamp.h"
#include "format/encoder.h"
#include "format/json/fields.h"
#include "format/json/options.h"
#include "format/json_row.h"
#include "format/json_text.h"
#include "format/plan_cache.h"
#include "format/put.h"
#include "format/snippet.h"

namespace sluice {
namespace json {
namespace {

// The most that an object needs besides its columns, texts and prefixes: names of fields, times, positions.
constexpr size_t kEnvelopeBytes = 512;
constexpr size_t kFields = 20;

// The table with its columns as they are called beside the fields: of a name that a field has, the next one
// with a number that nobody has. Null: no column has such a name.
TablePtr beside(const Table& table, const std::vector<std::string>& fields) {
  auto is_field = [&](const std::string& name) {
    return std::find(fields.begin(), fields.end(), name) != fields.end();
  };
  auto is_column = [&](const std::string& name) {
    return std::any_of(table.columns.begin(), table.columns.end(),
                       [&](const Column& column) { return column.name == name; });
  };
  std::shared_ptr<Table> renamed;
  for (size_t i = 0; i < table.columns.size(); ++i) {
    const std::string& name = table.columns[i].name;
    if (!is_field(name)) continue;
    if (!renamed) renamed = std::make_shared<Table>(table);
    std::string other;
    for (int number = 2; other.empty() || is_field(other) || is_column(other); ++number) {
      other = fmt::format("{}_{}", name, number);
    }
    renamed->columns[i].name = std::move(other);
  }
  return renamed;
}

struct Plan {
  Plan(TablePtr table, const Fields& fields) : row(std::move(table)) {
    if (TablePtr others = beside(*row.table, fields.beside)) renamed.emplace(std::move(others));
    constexpr std::string_view kOps[] = {"insert", "update", "delete"};
    for (size_t i = 0; i < 3; ++i) {
      heads[i] =
          Snippet(fmt::format(R"({}{}"{}{}{}{}{})", fields.op, kOps[i], fields.db,
                              quoted(row.table->database), fields.table, quoted(row.table->name), fields.ts));
    }
  }

  JsonRowPlan row;
  std::optional<JsonRowPlan> renamed;  // where columns would be called like fields
  const JsonRowPlan& shown() const { return renamed ? *renamed : row; }
  Snippet heads[3];  // {"op":"insert","db":…,"table":…,"ts":"  by Op
};

class Json final : public Encoder {
 public:
  explicit Json(Options options)
      : options_(std::move(options)),
        fields_(options_),
        name_(quoted(options_.name)),
        more_(options_.source || options_.tx || options_.query),
        stamp_(fields_.id),
        rows_({.nulls = options_.nulls, .big_as_text = options_.big_as_text}) {}

  void encode(const Batch& batch, std::span<const Change> changes, Outbox& outbox) override;
  std::unique_ptr<Encoder> clone() const override { return std::make_unique<Json>(options_); }

 private:
  char* put_more(char* out, const Batch& batch, const Change& change);
  char* put_source(char* out, const Event& event, const Transaction& transaction) const;
  char* put_tx(char* out, const Change& change, const Transaction& transaction) const;
  char* put_images(char* out, const Plan& plan, const Change& change);
  char* put_changed(char* out, const JsonRowPlan& plan, const Change& change);
  void encode_flat(char* out, const Plan& plan, const Change& change, Outbox& outbox);
  void encode_ddl(const Batch& batch, const Change& change, Bytes& bytes);
  size_t others(const Batch& batch, const Change& change) const;
  // Members that each begin with a comma, as an object of their own, or, in the flat layout, as they are.
  char* enclosed(char* begin, char* end) const {
    if (options_.layout == Layout::Flat) return end;
    *begin = '{';
    *end = '}';
    return end + 1;
  }

  const Options options_;
  const Fields fields_;
  const std::string name_;
  const bool more_;  // any of `with`
  ChangeStamp stamp_;
  JsonRow rows_;
  PlanCache<Plan> plans_;
};

// What the message takes besides its columns. A log file's name may hold what JSON escapes.
size_t Json::others(const Batch& batch, const Change& change) const {
  const Transaction& transaction = batch.transactions[change.transaction];
  const Event& event = batch.events[change.event];
  return ChangeStamp::bound(batch, change) +
         6 * (transaction.id.size() + transaction.gtid.size() + transaction.xa.size() + event.file.size() +
              (options_.query ? event.query.size() : 0)) +
         name_.size() + 6 * kFields * options_.prefix.size() + kEnvelopeBytes + kSlack;
}

char* Json::put_source(char* out, const Event& event, const Transaction& transaction) const {
  char* begin = out = put(out, fields_.source);
  if (!options_.name.empty()) out = put(put(out, fields_.source_name), name_);
  out = spell_uint(put(out, fields_.source_server_id), event.server_id);
  out = spell_json_text(put(out, fields_.source_file), event.file);
  out = spell_uint(put(out, fields_.source_pos), event.offset);
  if (!transaction.gtid.empty()) {
    out = spell_json_text(put(out, fields_.source_gtid), transaction.gtid);
    *out++ = '"';
  }
  return enclosed(begin, out);
}

char* Json::put_tx(char* out, const Change& change, const Transaction& transaction) const {
  char* begin = out = put(out, fields_.tx);
  out = spell_json_text(put(out, fields_.tx_id), transaction.id);
  out = spell_uint(put(out, fields_.tx_index), change.index);
  if (change.last) out = put(out, fields_.tx_last);
  if (!transaction.xa.empty()) {
    out = spell_json_text(put(out, fields_.tx_xa), transaction.xa);
    *out++ = '"';
  }
  return enclosed(begin, out);
}

char* Json::put_more(char* out, const Batch& batch, const Change& change) {
  const Transaction& transaction = batch.transactions[change.transaction];
  const Event& event = batch.events[change.event];
  if (options_.source) out = put_source(out, event, transaction);
  if (options_.tx) out = put_tx(out, change, transaction);
  if (options_.query && !event.query.empty() && change.op != Op::Ddl) {
    out = spell_json_text(put(out, fields_.query), event.query);
    *out++ = '"';
  }
  return out;
}

void Json::encode_ddl(const Batch& batch, const Change& change, Bytes& bytes) {
  const Event& event = batch.events[change.event];
  char* out = bytes.reserve(6 * (event.query.size() + event.database.size() + event.ddl_table.size()) +
                            others(batch, change));
  out = put(put(put(out, fields_.op), "ddl\""), fields_.db);
  *out++ = '"';
  out = spell_json_text(out, event.database);
  *out++ = '"';
  if (!event.ddl_table.empty()) {
    out = put(out, fields_.table);
    *out++ = '"';
    out = spell_json_text(out, event.ddl_table);
    *out++ = '"';
  }
  out = stamp_.put(put(out, fields_.ts), batch, change);
  out = put_more(out, batch, change);
  out = spell_json_text(put(out, fields_.statement), event.query);
  bytes.commit(put(out, "\"}"));
}

// Of an update of a table without a key, the row before is all that tells which one it is.
char* Json::put_changed(char* out, const JsonRowPlan& plan, const Change& change) {
  out = put(out, ",\"before\":");
  out = plan.table->key.empty() ? rows_.object(out, plan, change.before)
                                : rows_.changed(out, plan, change, JsonRow::Image::Before);
  return rows_.changed(put(out, ",\"after\":"), plan, change, JsonRow::Image::After);
}

char* Json::put_images(char* out, const Plan& plan, const Change& change) {
  if (options_.layout == Layout::Changed && change.op == Op::Update) {
    out = put_changed(out, plan.row, change);
  } else {
    if (change.before) out = rows_.object(put(out, ",\"before\":"), plan.row, change.before);
    if (change.after) out = rows_.object(put(out, ",\"after\":"), plan.row, change.after);
  }
  if (rows_.has_patch()) out = rows_.patches(put(out, fields_.patch), plan.row, change.after);
  *out++ = '}';
  return out;
}

void Json::encode_flat(char* out, const Plan& plan, const Change& change, Outbox& outbox) {
  out = rows_.members(out, plan.shown(), change.after ? change.after : change.before);
  if (rows_.has_patch()) out = rows_.patches(put(out, fields_.patch), plan.shown(), change.after);
  *out++ = '}';
  Bytes& bytes = outbox.bytes;
  bytes.commit(out);
  if (!outbox.addressed() || plan.row.table->key.empty()) return;
  // Spelt behind the value, of which it is no part.
  size_t begin = bytes.size();
  bytes.commit(rows_.key(rows_.more(out, 0), plan.row, change));
  outbox.key().append(bytes.view().substr(begin));
  bytes.truncate(begin);
}

void Json::encode(const Batch& batch, std::span<const Change> changes, Outbox& outbox) {
  const Change& change = changes.front();
  Bytes& bytes = outbox.bytes;
  if (change.op == Op::Ddl) return encode_ddl(batch, change, bytes);
  const Plan& plan =
      plans_.of(*change.table, [&] { return std::make_unique<Plan>(share(*change.table), fields_); });
  const Snippet& head = plan.heads[static_cast<size_t>(change.op)];
  char* out = rows_.begin(bytes, plan.shown(), change, head.size() + others(batch, change));
  out = stamp_.put(head.put_long(out), batch, change);
  if (more_) out = put_more(out, batch, change);
  if (options_.layout == Layout::Flat) return encode_flat(out, plan, change, outbox);
  if (plan.row.table->key.empty()) return bytes.commit(put_images(out, plan, change));
  out = put(out, ",\"key\":");
  auto key_begin = static_cast<size_t>(out - bytes.data());
  out = rows_.key(out, plan.row, change);
  auto key_end = static_cast<size_t>(out - bytes.data());
  bytes.commit(put_images(out, plan, change));
  if (outbox.addressed()) outbox.key().append(bytes.view().substr(key_begin, key_end - key_begin));
}

Result<std::unique_ptr<Encoder>> make(const Settings& settings) {
  SLUICE_ASSIGN(options, read_options(settings));
  return std::make_unique<Json>(std::move(options));
}

}  // namespace
}  // namespace json

extern const FormatType json_format;
const FormatType json_format{"json", "one lean JSON object a change, exact values", json::option_table(),
                             json::make};

}  // namespace sluice
