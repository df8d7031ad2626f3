#include "format/debezium/binary.h"

#include <algorithm>

#include "format/binary_wire.h"
#include "format/debezium/binary_plan.h"
#include "format/debezium/json_key.h"
#include "format/debezium/transaction.h"
#include "format/plan_cache.h"

namespace sluice::debezium {
namespace {

// What the fields around the rows take, but for texts.
constexpr size_t kEnvelopeBytes = 512;

// The fields of a record, one after the other.
template <class On>
class Fields {
 public:
  explicit Fields(char* out, uint32_t before = 0) : at_(out), number_(before) {}

  char* end() const { return at_; }
  void text(std::string_view text) {
    tag(WireType::Bytes);
    at_ = On::bytes(at_, text);
  }
  void number(int64_t value) {
    tag(WireType::Varint);
    at_ = On::number(at_, value);
  }
  // Of an optional field: which branch of the union follows, null's being the first.
  void some() {
    if (!On::kProto) at_ = On::number(at_, 1);
  }
  void none() {
    ++number_;
    if (!On::kProto) at_ = On::number(at_, 0);
  }
  // Null where it is empty.
  void text_or_none(std::string_view text) {
    if (text.empty()) return none();
    some();
    this->text(text);
  }
  void some_number(int64_t value) {
    some();
    number(value);
  }
  // Of a union whose first branch is the text.
  void first_text(std::string_view text) {
    if (!On::kProto) at_ = On::number(at_, 0);
    this->text(text);
  }

 private:
  void tag(WireType type) {
    ++number_;
    if (On::kProto) at_ = put_tag(at_, number_, type);
  }
  char* at_;
  uint32_t number_;
};

template <SchemaLanguage kLanguage>
class Binary final : public Encoder {
 public:
  explicit Binary(const Options& options) : options_(options), key_text_(options_) {}

  void encode(const Batch& batch, std::span<const Change> changes, Outbox& out) override {
    const Change& change = changes.front();
    std::string_view connector = batch.flavor == Flavor::MariaDb ? "mariadb" : "mysql";
    if (connector != connector_) {
      connector_ = connector;
      plans_.clear();
      partial_plans_.clear();
      statement_.reset();
    }
    if (change.op == Op::Ddl) return schema_change(batch, change, out);
    const BinaryPlan& plan = plan_of(*change.table);
    switch (change.op) {
      case Op::Insert: return row(batch, change, plan, 'c', out);
      case Op::Update:
        return key_changed(plan.key, change) ? change_of_key(batch, change, plan, out)
                                             : row(batch, change, plan, 'u', out);
      default: return deleted(batch, change, plan, out);
    }
  }

  Notation notation() const override { return Notation::Binary; }
  std::unique_ptr<Encoder> clone() const override { return std::make_unique<Binary>(options_); }

 private:
  using On = Wire<kLanguage>;

  const BinaryPlan& plan_of(const Table& table) {
    return plans_.of(table,
                     [&] { return std::make_unique<BinaryPlan>(share(table), options_, connector_, false); });
  }

  // A delete under the old key and an insert under the new one; each names the other's.
  void change_of_key(const Batch& batch, const Change& change, const BinaryPlan& plan, Outbox& out) {
    Change half = change;
    half.op = Op::Delete;
    half.after = {};
    if (out.addressed()) key_text_.set(*plan.table, plan.key, change, change.after);
    deleted(batch, half, plan, out, true);
    half = change;
    half.op = Op::Insert;
    half.before = {};
    if (out.addressed()) key_text_.set(*plan.table, plan.key, change, change.before);
    row(batch, half, plan, 'c', out, "__debezium.oldkey");
  }

  void deleted(const Batch& batch, const Change& change, const BinaryPlan& plan, Outbox& out,
               bool new_key = false) {
    if (options_.row_of_delete()) {
      out.of_before();
      row(batch, change, plan, 'd', out, new_key ? "__debezium.newkey" : "");
    }
    if (!options_.tombstone_of_delete() || !out.addressed() || plan.key.empty()) return;
    out.of_before();
    out.no_value();
    key(plan, change, change.before, out);
    out.end_message();
  }

  // One message; with a header that has the other half's key, where it has a name.
  void row(const Batch& batch, const Change& change, const BinaryPlan& plan, char op, Outbox& out,
           std::string_view header = {}) {
    size_t begin = out.bytes.size();
    if (!value(batch, change, plan, op, out.bytes)) {
      out.bytes.truncate(begin);
      const BinaryPlan& partial = partial_plans_.of(
          *plan.table, [&] { return std::make_unique<BinaryPlan>(plan.table, options_, connector_, true); });
      value(batch, change, partial, op, out.bytes);
    }
    if (options_.registry) out.numbered();
    if (out.addressed()) {
      key(plan, change, change.after ? change.after : change.before, out);
      if (!header.empty()) out.header(header, key_text_.view());
    }
    out.end_message();
  }

  // False: the row lacks the value of a column that must have one.
  bool value(const Batch& batch, const Change& change, const BinaryPlan& plan, char op, Bytes& bytes) {
    bytes.append(plan.value_head);
    if (options_.unwrap) {
      if (!rows_.append(bytes, plan.row, change.after ? change.after : change.before)) return false;
      if (options_.unwrap_deletes != Options::UnwrapDeletes::Rewrite) return true;
      char* at = bytes.reserve(plan.deleted_tag.size() + 16);
      if (On::kProto) {
        std::memcpy(at, plan.deleted_tag.data(), plan.deleted_tag.size());
        at += plan.deleted_tag.size();
      } else {
        at = On::number(at, 1);
      }
      bytes.commit(On::bytes(at, op == 'd' ? "true" : "false"));
      return true;
    }
    if (!image(bytes, 1, plan, change.before) || !image(bytes, 2, plan, change.after)) return false;
    const Event& event = batch.events[change.event];
    source(bytes, 3, batch, change, plan.table->database, plan.table->name, change.index - event.first,
           options_.query ? event.query : std::string_view());
    Fields<On> end(bytes.reserve(kEnvelopeBytes), 3);
    end.none();  // transaction
    end.text({&op, 1});
    end.some_number(batch.read_us / 1000);
    end.some_number(batch.read_us);
    end.some_number(batch.read_us * 1000);
    bytes.commit(end.end());
    return true;
  }

  bool image(Bytes& bytes, uint32_t number, const BinaryPlan& plan, const Row& row) {
    if (!On::kProto) {
      bytes.push(row ? 2 : 0);
      return !row || rows_.append(bytes, plan.row, row);
    }
    bool whole = true;
    if (row) nested(bytes, number, [&] { whole = rows_.append(bytes, plan.row, row); });
    return whole;
  }

  // Of Protobuf, a message within one: its size stands in front, in as many bytes as that of the one before
  // had, which mostly is right.
  template <class Write>
  void nested(Bytes& bytes, uint32_t number, Write write) {
    if (!On::kProto) return write();
    bytes.commit(put_tag(bytes.reserve(kVarintBytes), number, WireType::Bytes));
    size_t begin = bytes.size(), guessed = size_bytes_;
    bytes.commit(bytes.reserve(guessed) + guessed);
    write();
    size_t length = bytes.size() - begin - guessed;
    size_bytes_ = On::size_bytes(length);
    if (size_bytes_ > guessed) bytes.reserve(size_bytes_ - guessed);
    char* at = bytes.data() + begin;
    bytes.commit(On::close(at, at + guessed, at + guessed + length));
  }

  void source(Bytes& bytes, uint32_t number, const Batch& batch, const Change& change,
              std::string_view database, std::string_view table, uint32_t row, std::string_view query) {
    const Event& event = batch.events[change.event];
    const Transaction& transaction = batch.transactions[change.transaction];
    auto us = static_cast<int64_t>(commit_us(transaction, event));
    nested(bytes, number, [&] {
      Fields<On> fields(bytes.reserve(kEnvelopeBytes + options_.name.size() + database.size() + table.size() +
                                      event.file.size() + transaction.gtid.size() + query.size()));
      fields.text(SLUICE_VERSION);
      fields.text(connector_);
      fields.text(options_.name);
      fields.number(us / 1000);
      fields.first_text("false");  // snapshot
      fields.text(database);
      fields.none();  // sequence
      fields.some_number(us);
      fields.some_number(us * 1000);
      fields.text_or_none(table);
      fields.number(event.server_id);
      fields.text_or_none(transaction.gtid);
      fields.text(event.file);
      fields.number(static_cast<int64_t>(event.offset));
      fields.number(row);
      if (event.thread_id != 0) {
        fields.some_number(event.thread_id);
      } else {
        fields.none();
      }
      fields.text_or_none(query);
      bytes.commit(fields.end());
    });
  }

  void key(const BinaryPlan& plan, const Change& change, const Row& row, Outbox& out) {
    if (plan.key.empty()) return;
    Bytes& bytes = options_.registry ? out.numbered_key() : out.key();
    bytes.append(plan.key_head);
    rows_.append_key(bytes, plan.key_row, plan.key, row,
                     row.cells == change.after.cells ? change.before : change.after);
  }

  void schema_change(const Batch& batch, const Change& change, Outbox& out) {
    if (options_.unwrap) return;  // a topic of rows: a schema change is none
    if (!statement_) statement_ = std::make_unique<BinaryStatementPlan>(options_, connector_);
    const Event& event = batch.events[change.event];
    Bytes& bytes = out.bytes;
    bytes.append(statement_->value_head);
    source(bytes, 1, batch, change, event.database, event.ddl_table, 0, {});
    Fields<On> fields(bytes.reserve(kEnvelopeBytes + event.database.size() + event.query.size()), 1);
    fields.number(batch.read_us / 1000);
    fields.text_or_none(event.database);
    fields.none();  // schemaName
    fields.text_or_none(event.query);
    bytes.commit(fields.end());
    if (options_.registry) out.numbered();
    if (!out.addressed()) return;
    Bytes& key = options_.registry ? out.numbered_key() : out.key();
    key.append(statement_->key_head);
    Fields<On> name(key.reserve(event.database.size() + 2 * kVarintBytes));
    name.text(event.database);
    key.commit(name.end());
    out.destination(options_.name);
  }

  const Options options_;
  JsonKey key_text_;  // of the other half of a change of key
  BinaryRow<kLanguage> rows_;
  std::string_view connector_;
  PlanCache<BinaryPlan> plans_, partial_plans_;
  std::unique_ptr<BinaryStatementPlan> statement_;
  size_t size_bytes_ = 1;
};

}  // namespace

std::unique_ptr<Encoder> make_binary(const Options& options) {
  if (options.encoding == Options::Encoding::Avro)
    return std::make_unique<Binary<SchemaLanguage::Avro>>(options);
  return std::make_unique<Binary<SchemaLanguage::Protobuf>>(options);
}

}  // namespace sluice::debezium
