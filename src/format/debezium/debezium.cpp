// Debezium's messages (docs/formats/debezium.md): an envelope with the row before and behind the change,
// keys, tombstones, and records of schema changes; or the row alone.
#include <algorithm>
#include <memory>

#include "format/debezium/binary.h"
#include "format/debezium/json_key.h"
#include "format/debezium/plan.h"
#include "format/debezium/schema.h"
#include "format/debezium/schema_change.h"
#include "format/debezium/source_block.h"
#include "format/debezium/value.h"
#include "format/encoder.h"
#include "format/json_text.h"
#include "format/plan_cache.h"

namespace sluice {
namespace debezium {
namespace {

class Debezium final : public Encoder {
 public:
  explicit Debezium(const Options& options)
      : options_(options), values_(options_), source_(options_), transaction_(options_.schemas) {}

  void encode(const Batch& batch, std::span<const Change> changes, Outbox& out) override {
    const Change& change = changes.front();
    set_connector(batch);
    if (change.op == Op::Ddl) return schema_change(batch, change, out);
    if (options_.transactions && !transaction_.is_open(batch, change)) {
      if (transaction_.is_open()) tell_transaction(true, out);  // the rest of it was left out by a filter
      transaction_.open(batch, change);
      tell_transaction(false, out);
    }
    const Plan& plan = plan_of(*change.table);
    switch (change.op) {
      case Op::Insert: row(batch, change, plan, 'c', out); break;
      case Op::Update:
        if (key_changed(plan.key, change)) {
          change_of_key(batch, change, plan, out);
        } else {
          row(batch, change, plan, 'u', out);
        }
        break;
      default: deleted(batch, change, plan, out);
    }
  }

  bool in_order() const override { return options_.transactions; }

  void end_transaction(const Batch& batch, const Change& last, Outbox& out) override {
    if (!transaction_.is_open(batch, last)) return;
    tell_transaction(true, out);
    transaction_.close();
  }

  std::chrono::milliseconds heartbeat_interval() const override { return options_.heartbeat; }

  void heartbeat(int64_t now_us, Outbox& out) override {
    constexpr std::string_view kTopic = "__debezium-heartbeat.";  // topic.heartbeat.prefix
    auto with = [this](const std::string& schema, const std::string& payload) {
      return options_.schemas ? fmt::format(R"({{"schema":{},"payload":{}}})", schema, payload) : payload;
    };
    out.bytes.append(with(heartbeat_value_schema(), fmt::format(R"({{"ts_ms":{}}})", now_us / 1000)));
    out.key().append(
        with(heartbeat_key_schema(), fmt::format(R"({{"serverName":{}}})", quoted(options_.name))));
    out.destination(fmt::format("{}{}", kTopic, options_.name));
  }

  std::unique_ptr<Encoder> clone() const override { return std::make_unique<Debezium>(options_); }

 private:
  // MariaDB has a connector of its own, after which schemas and source.connector are named.
  void set_connector(const Batch& batch) {
    std::string_view connector = batch.flavor == Flavor::MariaDb ? "mariadb" : "mysql";
    if (connector == connector_) return;
    connector_ = connector;
    plans_.clear();
    source_.set_connector(connector);
  }

  // A change of key is a delete under the old key and an insert under the new one; each names the other's.
  void change_of_key(const Batch& batch, const Change& change, const Plan& plan, Outbox& out) {
    Change half = change;
    half.op = Op::Delete;
    half.after = {};
    if (out.addressed()) keep_other_key(plan, change, change.after);
    deleted(batch, half, plan, out, other_key_.view());
    half = change;
    half.op = Op::Insert;
    half.before = {};
    if (out.addressed()) keep_other_key(plan, change, change.before);
    row(batch, half, plan, 'c', out, "__debezium.oldkey", other_key_.view());
  }

  void deleted(const Batch& batch, const Change& change, const Plan& plan, Outbox& out,
               std::string_view new_key = {}) {
    if (options_.transactions) transaction_.count(*plan.table);
    if (options_.row_of_delete()) {
      out.of_before();
      row(batch, change, plan, 'd', out, "__debezium.newkey", new_key);
    }
    // Without a key there is nothing that it could speak of.
    if (!options_.tombstone_of_delete() || !out.addressed() || plan.key.empty()) return;
    out.of_before();
    out.no_value();
    key(plan, change, change.before, out);
    out.end_message();
  }

  // One message; a header where `header_value` is not empty.
  void row(const Batch& batch, const Change& change, const Plan& plan, char op, Outbox& out,
           std::string_view header = {}, std::string_view header_value = {}) {
    if (options_.transactions && op != 'd') transaction_.count(*plan.table);
    Bytes& bytes = out.bytes;
    bytes.append(plan.value_head);
    if (options_.unwrap) {
      image(bytes, plan, change.after ? change.after : change.before);
      if (options_.unwrap_deletes == Options::UnwrapDeletes::Rewrite) {
        bytes.truncate(bytes.size() - 1);
        bytes.append(op == 'd' ? R"(,"__deleted":"true"})" : R"(,"__deleted":"false"})");
      }
    } else {
      bytes.append("{\"before\":");
      image(bytes, plan, change.before);
      bytes.append(",\"after\":");
      image(bytes, plan, change.after);
      bytes.push(',');
      source_.append_end(bytes, batch, change, plan, op, options_.transactions ? &transaction_ : nullptr);
    }
    if (options_.schemas) bytes.push('}');
    if (!out.addressed()) return out.end_message();
    key(plan, change, change.after ? change.after : change.before, out);
    if (!header_value.empty()) out.header(header, header_value);
    out.end_message();
  }

  // A row image as an object: every member begins with a comma, that of the first gives way to the brace.
  void image(Bytes& out, const Plan& plan, const Row& row) {
    if (!row) return out.append("null");
    size_t begin = out.size();
    size_t count = std::min<size_t>(row.count, plan.columns.size());
    for (size_t i = 0; i < count; ++i) {
      if (row[i].present()) values_.append(out, row[i], plan.columns[i]);
    }
    close_object(out, begin);
  }

  static void close_object(Bytes& out, size_t begin) {
    if (out.size() == begin) out.push('{');
    out.data()[begin] = '{';
    out.push('}');
  }

  // Between the rows where the target is one place, on its own topic where it has topics; files by table have
  // no place for it.
  void tell_transaction(bool ended, Outbox& out) {
    if (out.routed() && !out.addressed()) return;
    transaction_.append_message(out.bytes, ended);
    if (out.addressed()) {
      transaction_.append_key(out.key());
      out.destination(transaction_topic_);
    }
    out.end_message();
  }

  void key(const Plan& plan, const Change& change, const Row& row, Outbox& out) {
    if (plan.key.empty()) return;
    append_key(out.key(), plan, change, row);
  }

  void append_key(Bytes& bytes, const Plan& plan, const Change& change, const Row& row) {
    bytes.append(plan.key_head);
    size_t begin = bytes.size();
    const Row& other = row.cells == change.after.cells ? change.before : change.after;
    for (uint32_t column : plan.key) {
      const Row& holder = column < row.count && row[column].present() ? row : other;
      if (column < holder.count && holder[column].present()) {
        values_.append(bytes, holder[column], plan.columns[column]);
      }
    }
    close_object(bytes, begin);
    if (options_.schemas) bytes.push('}');
  }

  void keep_other_key(const Plan& plan, const Change& change, const Row& row) {
    other_key_.clear();
    append_key(other_key_, plan, change, row);
  }

  void schema_change(const Batch& batch, const Change& change, Outbox& out) {
    if (options_.unwrap) return;  // a topic of rows: a schema change is none
    const Event& event = batch.events[change.event];
    Bytes& bytes = out.bytes;
    std::string database = quoted(event.database);
    if (options_.schemas) {
      bytes.append("{\"schema\":" + schema_change_value_schema(connector_) + ",\"payload\":");
    }
    bytes.push('{');
    Snippet place(fmt::format(",\"table\":{},\"server_id\":",
                              event.ddl_table.empty() ? "null" : quoted(event.ddl_table)));
    source_.append(bytes, batch, change, database, place);
    bytes.append(
        fmt::format(R"(,"ts_ms":{},"databaseName":{},"schemaName":null,"ddl":{},"tableChanges":{}}})",
                    batch.read_us / 1000, database, quoted(event.query), table_changes(change, event)));
    if (options_.schemas) bytes.push('}');
    if (!out.addressed()) return;
    Bytes& key = out.key();
    if (options_.schemas) {
      key.append("{\"schema\":" + schema_change_key_schema(connector_) + ",\"payload\":");
    }
    key.append("{\"databaseName\":" + database + "}");
    if (options_.schemas) key.push('}');
    out.destination(options_.name);
  }

  const Plan& plan_of(const Table& table) {
    return plans_.of(table, [&] { return std::make_unique<Plan>(share(table), options_, connector_); });
  }

  const Options options_;
  ValueSpeller values_;
  Bytes other_key_;  // of the other half of a change of key
  std::string_view connector_;
  SourceBlock source_;
  TransactionBlock transaction_;
  const std::string transaction_topic_ = options_.name + ".transaction";
  PlanCache<Plan> plans_;
};

Result<std::unique_ptr<Encoder>> make(const Settings& settings) {
  SLUICE_ASSIGN(options, read_options(settings));
  if (options.encoding != Options::Encoding::Json) return make_binary(options);
  return std::make_unique<Debezium>(options);
}

}  // namespace
}  // namespace debezium

extern const FormatType debezium_format;
const FormatType debezium_format = {"debezium",
                                    "Debezium's messages: an envelope with the row before and behind",
                                    debezium::option_table(), debezium::make};

}  // namespace sluice
