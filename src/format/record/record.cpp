// The formats avro and protobuf (docs/formats/avro.md): a record a change, with exact values, its schema in a
// registry.
#include <algorithm>
#include <memory>

#include "format/binary_wire.h"
#include "format/encoder.h"
#include "format/json_binary.h"
#include "format/plan_cache.h"
#include "format/record/plan.h"
#include "format/registry_options.h"

namespace sluice {
namespace record {
namespace {

// What the fields around the rows take, but for texts.
constexpr size_t kEnvelopeBytes = 256;

template <SchemaLanguage kLanguage>
class Record final : public Encoder {
 public:
  explicit Record(const Options& options) : options_(options) {}

  void encode(const Batch& batch, std::span<const Change> changes, Outbox& outbox) override {
    const Change& change = changes.front();
    if (change.op == Op::Ddl) return schema_change(batch, change, outbox);
    const Plan& plan = plans_.of(*change.table, [&] {
      return std::make_unique<Plan>(share(*change.table), change.table->database, change.table->name,
                                    options_);
    });
    Bytes& bytes = outbox.bytes;
    open(bytes, plan, batch, change);
    rows_.clear_seen();
    image(bytes, kBefore, plan, change.before);
    image(bytes, kAfter, plan, change.after);
    if (rows_.lacks()) {
      absent(bytes, kBeforeAbsent, *plan.table, change.before);
      absent(bytes, kAfterAbsent, *plan.table, change.after);
      patches(bytes, *plan.table, change.after);
    } else if (!On::kProto) {
      bytes.append({"\0\0\0", 3});
    }
    if (!On::kProto) bytes.push(0);  // no statement
    if (options_.registry) outbox.numbered();
    if (outbox.addressed() && !plan.key.empty()) key(plan, change, outbox);
  }

  Notation notation() const override { return Notation::Binary; }
  std::unique_ptr<Encoder> clone() const override { return std::make_unique<Record>(options_); }

 private:
  using On = Wire<kLanguage>;

  // Up to the rows.
  void open(Bytes& bytes, const Plan& plan, const Batch& batch, const Change& change) {
    const std::string& head = plan.heads[static_cast<size_t>(change.op)];
    const Transaction& transaction = batch.transactions[change.transaction];
    char* out = bytes.reserve(head.size() + transaction.id.size() + kEnvelopeBytes);
    std::memcpy(out, head.data(), head.size());
    out += head.size();
    uint64_t us = transaction.commit_us != 0 ? transaction.commit_us
                                             : uint64_t{batch.events[change.event].timestamp} * 1'000'000;
    if (On::kProto) out = put_tag(out, kTs, WireType::Varint);
    out = On::number(out, static_cast<int64_t>(us));
    char digits[kScalarBytes + kSlack];
    digits[0] = '#';
    auto count = static_cast<size_t>(spell_uint(digits + 1, change.index) - digits);
    if (On::kProto) out = put_tag(out, kId, WireType::Bytes);
    out = On::size(out, transaction.id.size() + count);
    out = std::copy(transaction.id.begin(), transaction.id.end(), out);  // an empty one may be no pointer
    std::memcpy(out, digits, count);
    bytes.commit(out + count);
  }

  void image(Bytes& bytes, uint32_t number, const Plan& plan, const Row& row) {
    if (!On::kProto) {
      bytes.push(row ? 2 : 0);
      if (row) rows_.append(bytes, plan.row, row);
      return;
    }
    if (!row) return;
    nested(bytes, number, [&] { rows_.append(bytes, plan.row, row); });
  }

  // A message within one: its size stands in front, in as many bytes as that of the message before had, which
  // mostly is right.
  template <class Write>
  void nested(Bytes& bytes, uint32_t number, Write write) {
    bytes.commit(put_tag(bytes.reserve(kVarintBytes), number, WireType::Bytes));
    size_t begin = bytes.size();
    bytes.commit(bytes.reserve(size_bytes_) + size_bytes_);
    write();
    size_t length = bytes.size() - begin - size_bytes_, guessed = size_bytes_;
    size_bytes_ = On::size_bytes(length);
    if (size_bytes_ > guessed) bytes.reserve(size_bytes_ - guessed);
    char* at = bytes.data() + begin;
    bytes.commit(On::close(at, at + guessed, at + guessed + length));
  }

  static bool lacks(const Cell& cell) { return !cell.present() || cell.kind == Kind::JsonPatch; }

  // The names of the columns that a row lacks.
  void absent(Bytes& bytes, uint32_t number, const Table& table, const Row& row) {
    int64_t count = 0;
    for (const Cell& cell : row) count += lacks(cell);
    if (!On::kProto && count > 0) bytes.commit(On::number(bytes.reserve(kVarintBytes), count));
    for (size_t i = 0; i < row.count; ++i) {
      if (!lacks(row[i])) continue;
      const std::string& name = table.columns[i].name;
      char* out = bytes.reserve(name.size() + 2 * kVarintBytes);
      if (On::kProto) out = put_tag(out, number, WireType::Bytes);
      bytes.commit(On::bytes(out, name));
    }
    if (!On::kProto) bytes.push(0);
  }

  // What was changed within documents, by column.
  void patches(Bytes& bytes, const Table& table, const Row& row) {
    for (size_t i = 0; i < row.count; ++i) {
      if (row[i].kind != Kind::JsonPatch) continue;
      const std::string& name = table.columns[i].name;
      scratch_.clear();
      scratch_.commit(spell_json_binary_or_marker(scratch_.reserve(json_binary_bound(row[i].size) + kSlack),
                                                  row[i].bytes(), JsonSpacing::Compact));
      if (!On::kProto) {
        char* out = On::number(bytes.reserve(name.size() + scratch_.size() + 3 * kVarintBytes), 1);
        bytes.commit(On::bytes(On::bytes(out, name), scratch_.view()));
        continue;
      }
      nested(bytes, kPatch, [&] {
        char* out = bytes.reserve(name.size() + scratch_.size() + 4 * kVarintBytes);
        out = On::bytes(put_tag(out, 1, WireType::Bytes), name);
        bytes.commit(On::bytes(put_tag(out, 2, WireType::Bytes), scratch_.view()));
      });
    }
    if (!On::kProto) bytes.push(0);
  }

  void key(const Plan& plan, const Change& change, Outbox& outbox) {
    Bytes& bytes = options_.registry ? outbox.numbered_key() : outbox.key();
    bytes.append(plan.key_head);
    const Row& row = change.after ? change.after : change.before;
    const Row& other = change.after ? change.before : change.after;
    // A primary key has values.
    rows_.append_key(bytes, plan.key_row, plan.key, row, other);
  }

  // Of a table as it is behind the statement, or was before; else of a record whose rows have no columns.
  void schema_change(const Batch& batch, const Change& change, Outbox& outbox) {
    const Event& event = batch.events[change.event];
    const Table* table = change.table ? change.table : event.ddl_before;
    std::unique_ptr<Plan> bare;
    if (!table) bare = std::make_unique<Plan>(nullptr, event.database, event.ddl_table, options_);
    const Plan& plan = bare ? *bare : plans_.of(*table, [&] {
      return std::make_unique<Plan>(share(*table), table->database, table->name, options_);
    });
    Bytes& bytes = outbox.bytes;
    open(bytes, plan, batch, change);
    if (!On::kProto) bytes.append({"\0\0\0\0\0\2", 6});
    char* out = bytes.reserve(event.query.size() + 2 * kVarintBytes);
    if (On::kProto) out = put_tag(out, kStatement, WireType::Bytes);
    bytes.commit(On::bytes(out, event.query));
    if (options_.registry) outbox.numbered();
  }

  const Options options_;
  BinaryRow<kLanguage> rows_;
  PlanCache<Plan> plans_;
  size_t size_bytes_ = 1;
  Bytes scratch_;
};

constexpr Option kTimes = {"times", OptionKind::Choice, "text",
                           "dates and times: text: as they are, zero dates and all; logical: numbers with "
                           "Avro's logical types, days "
                           "and microseconds, dates that no calendar has null",
                           "text|logical"};
constexpr Option kFieldNumbers = {"field_numbers", OptionKind::Choice, "name",
                                  "how columns are numbered: by their name, so that a column that goes, "
                                  "comes or moves changes no other's; or "
                                  "by their position",
                                  "name|position"};

constexpr Option kAvroOptions[] = {kTimes, SLUICE_REGISTRY_OPTIONS};
constexpr Option kProtobufOptions[] = {kTimes, kFieldNumbers, SLUICE_REGISTRY_OPTIONS};

template <SchemaLanguage kLanguage>
Result<std::unique_ptr<Encoder>> make(const Settings& settings) {
  Options options;
  options.columns.language = kLanguage;
  options.columns.logical_times = settings.text("times") == "logical";
  options.registry = !settings.list("registry").empty();
  if (kLanguage == SchemaLanguage::Protobuf && settings.text("field_numbers") == "position") {
    options.numbers = FieldNumbers::Position;
  }
  return std::make_unique<Record<kLanguage>>(options);
}

}  // namespace
}  // namespace record

extern const FormatType avro_format;
const FormatType avro_format = {"avro", "Avro: a record a change, its schema in a registry",
                                record::kAvroOptions, record::make<SchemaLanguage::Avro>};

extern const FormatType protobuf_format;
const FormatType protobuf_format = {"protobuf", "Protobuf: a message a change, its schema in a registry",
                                    record::kProtobufOptions, record::make<SchemaLanguage::Protobuf>};

}  // namespace sluice
