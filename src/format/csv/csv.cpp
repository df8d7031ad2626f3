// CSV: a line a row (docs/formats/csv.md), with chosen facts of the change in front of the row's columns.
#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include "base/base64.h"
#include "format/csv/field.h"
#include "format/encoder.h"
#include "format/plain.h"
#include "format/plan_cache.h"
#include "format/spell.h"

namespace sluice {
namespace csv {
namespace {

enum class Meta : uint8_t { Op, Id, Ts, Db, Table, Gtid, Xid, File, Pos, ServerId };
constexpr std::array<std::string_view, 10> kMetaNames = {"op",   "id",  "ts",   "db",  "table",
                                                         "gtid", "xid", "file", "pos", "server_id"};

struct Options {
  bool header = true;
  char delimiter = ',';
  std::string null, missing;
  std::vector<Meta> meta;
  bool before = false;
  bool hex = false;
};

// What one version of a table makes of its rows, decided once.
struct Plan {
  TablePtr table;
  std::string database, name;                    // as fields
  std::vector<std::vector<std::string>> labels;  // of Enum columns, as fields
  FieldWriter fields;
};

class Csv final : public Encoder {
 public:
  explicit Csv(Options options)
      : options_(std::move(options)), fields_(options_.delimiter, options_.null, options_.missing) {}

  void encode(const Batch& batch, std::span<const Change> changes, Outbox& out) override {
    const Change& change = changes.front();
    if (change.op == Op::Ddl) return;
    const Plan& plan = plans_.of(*change.table, [&] { return make_plan(share(*change.table)); });
    if (change.op == Op::Update && options_.before && change.before) {
      out.of_before();
      line(batch, change, plan, change.before, "before", out);
      out.end_message();
    }
    if (change.op == Op::Delete) out.of_before();
    constexpr std::string_view kOps[] = {"insert", "update", "delete"};
    const Row& row = change.op == Op::Delete ? change.before : change.after;
    line(batch, change, plan, row, kOps[static_cast<size_t>(change.op)], out);
  }
  Notation notation() const override { return Notation::Quoted; }
  bool headed() const override { return options_.header; }
  void heading(const Table& table, Bytes& out) override;
  std::unique_ptr<Encoder> clone() const override { return std::make_unique<Csv>(options_); }

 private:
  std::unique_ptr<Plan> make_plan(TablePtr table) const;
  void line(const Batch& batch, const Change& change, const Plan& plan, const Row& row, std::string_view op,
            Outbox& out);
  void meta(Meta fact, const Batch& batch, const Change& change, const Plan& plan, std::string_view op,
            Bytes& out);
  void stamp(const Batch& batch, const Change& change, const FieldWriter& fields, Bytes& out);
  void value(const Cell& cell, const Plan& plan, size_t column, Bytes& out);
  void blob(std::string_view bytes, const FieldWriter& fields, Bytes& out);
  template <class Spell>
  static void scalar(const FieldWriter& fields, Bytes& out, size_t most, Spell spell) {
    size_t begin = out.size();
    char* at = out.reserve(most + kSlack);
    out.commit(spell(at));
    fields.finish_plain(begin, out);
  }
  static void number(uint64_t n, const FieldWriter& fields, Bytes& out) {
    scalar(fields, out, kScalarBytes, [&](char* at) { return spell_uint(at, n); });
  }

  const Options options_;
  const FieldWriter fields_;
  PlanCache<Plan> plans_;
  DayMemo stamp_day_, cell_day_;
  Bytes scratch_;
};

std::unique_ptr<Plan> Csv::make_plan(TablePtr shared) const {
  const Table& table = *shared;
  // A line of one empty field is an empty line, which readers pass over.
  bool alone = table.columns.size() + options_.meta.size() == 1;
  FieldWriter fields(options_.delimiter, alone && options_.null.empty() ? "NULL" : options_.null,
                     alone && options_.missing.empty() ? "MISSING" : options_.missing, alone);
  auto plan = std::make_unique<Plan>(Plan{std::move(shared), {}, {}, {}, std::move(fields)});
  auto field = [&](std::string_view text) {
    Bytes out;
    plan->fields.append(text, out);
    return std::string(out.view());
  };
  plan->database = field(table.database);
  plan->name = field(table.name);
  for (const Column& column : table.columns) {
    plan->labels.emplace_back();
    if (column.type != ColumnType::Enum) continue;
    for (const std::string& member : column.members) plan->labels.back().push_back(field(member));
  }
  return plan;
}

void Csv::heading(const Table& table, Bytes& out) {
  size_t begin = out.size();
  auto next = [&] {
    if (out.size() != begin) out.push(options_.delimiter);
  };
  for (Meta fact : options_.meta) {
    next();
    out.push('_');
    out.append(kMetaNames[static_cast<size_t>(fact)]);
  }
  for (const Column& column : table.columns) {
    next();
    fields_.append(column.name, out);
  }
  out.push('\n');
}

// The column of `row`. What a partial image of the row behind an update lacks is as it was before.
const Cell& shown(const Change& change, const Row& row, size_t column) {
  static constexpr Cell kMissing{};
  if (column < row.count && row[column].present()) return row[column];
  bool after = row.cells == change.after.cells;
  return after && column < change.before.count ? change.before[column] : kMissing;
}

void Csv::line(const Batch& batch, const Change& change, const Plan& plan, const Row& row,
               std::string_view op, Outbox& outbox) {
  Bytes& out = outbox.bytes;
  bool first = true;
  auto next = [&] {
    if (!first) out.push(options_.delimiter);
    first = false;
  };
  for (Meta fact : options_.meta) {
    next();
    meta(fact, batch, change, plan, op, out);
  }
  for (size_t i = 0; i < plan.table->columns.size(); ++i) {
    next();
    value(shown(change, row, i), plan, i, out);
  }
  if (!outbox.addressed() || plan.table->key.empty()) return;
  Bytes& key = outbox.key();
  for (uint32_t column : plan.table->key) {
    if (column != plan.table->key.front()) key.push(options_.delimiter);
    value(shown(change, row, column), plan, column, key);
  }
}

void Csv::meta(Meta fact, const Batch& batch, const Change& change, const Plan& plan, std::string_view op,
               Bytes& out) {
  const Transaction& transaction = batch.transactions[change.transaction];
  const Event& event = batch.events[change.event];
  const FieldWriter& fields = plan.fields;
  switch (fact) {
    case Meta::Op: return out.append(op);
    case Meta::Db: return out.append(plan.database);
    case Meta::Table: return out.append(plan.name);
    case Meta::Ts: return stamp(batch, change, fields, out);
    case Meta::Gtid:
      return transaction.gtid.empty() ? out.append(fields.null()) : fields.append(transaction.gtid, out);
    case Meta::Xid:
      return transaction.xid == 0 ? out.append(fields.null()) : number(transaction.xid, fields, out);
    case Meta::File: return fields.append(event.file, out);
    case Meta::Pos: return number(event.offset, fields, out);
    case Meta::ServerId: return number(event.server_id, fields, out);
    case Meta::Id: {
      scratch_.clear();
      scratch_.append(transaction.id);
      scratch_.push('#');
      scratch_.commit(spell_uint(scratch_.reserve(kScalarBytes), change.index));
      return fields.append(scratch_.view(), out);
    }
  }
}

// 2026-01-15T10:30:00.123456Z, with microseconds where the server logs them.
void Csv::stamp(const Batch& batch, const Change& change, const FieldWriter& fields, Bytes& out) {
  uint64_t commit_us = batch.transactions[change.transaction].commit_us;
  uint64_t seconds = commit_us != 0 ? commit_us / 1'000'000 : batch.events[change.event].timestamp;
  scalar(fields, out, kScalarBytes, [&](char* at) {
    at = stamp_day_.spell(at, seconds, 'T');
    if (commit_us != 0) at = spell_fraction(at, static_cast<uint32_t>(commit_us % 1'000'000), 6);
    *at++ = 'Z';
    return at;
  });
}

void Csv::blob(std::string_view bytes, const FieldWriter& fields, Bytes& out) {
  constexpr char kDigits[] = "0123456789abcdef";
  scalar(fields, out, options_.hex ? 2 * bytes.size() : base64_size(bytes.size()), [&](char* at) {
    if (!options_.hex) return base64_encode(at, bytes);
    for (char c : bytes) {
      auto byte = static_cast<uint8_t>(c);
      *at++ = kDigits[byte >> 4];
      *at++ = kDigits[byte & 15];
    }
    return at;
  });
}

void Csv::value(const Cell& cell, const Plan& plan, size_t column, Bytes& out) {
  const FieldWriter& fields = plan.fields;
  auto spelt = [&](auto spell) { scalar(fields, out, kScalarBytes, spell); };
  switch (cell.kind) {
    case Kind::Missing:
    case Kind::JsonPatch: return out.append(fields.missing());
    case Kind::Null: return out.append(fields.null());
    case Kind::Int: return spelt([&](char* at) { return spell_int(at, cell.i); });
    case Kind::Uint:
    case Kind::Bit: return spelt([&](char* at) { return spell_uint(at, cell.u); });
    case Kind::Float:
    case Kind::Double: return spelt([&](char* at) { return spell_plain_real(at, cell); });
    case Kind::Decimal:
      return scalar(fields, out, kScalarBytes + 3 * size_t{cell.size},
                    [&](char* at) { return spell_decimal(at, cell.bytes(), cell.aux, cell.aux2); });
    case Kind::Date: return spelt([&](char* at) { return spell_date(at, cell.u); });
    case Kind::Time: return spelt([&](char* at) { return spell_time(at, cell.i, cell.aux); });
    case Kind::DateTime:
      return spelt([&](char* at) { return cell_day_.spell_datetime(at, cell.u, cell.aux); });
    case Kind::Timestamp:
      if (cell.u == 0) return spelt([&](char* at) { return spell_datetime(at, 0, cell.aux); });
      return spelt([&](char* at) {
        return spell_fraction(cell_day_.spell(at, cell.u >> 24, ' '), cell.u & 0xffffff, cell.aux);
      });
    case Kind::Text: return fields.append(cell.bytes(), out);
    case Kind::Blob: return blob(cell.bytes(), fields, out);
    case Kind::Enum:
      if (cell.u > 0 && cell.u <= plan.labels[column].size()) {
        return out.append(plan.labels[column][cell.u - 1]);
      }
      break;
    default: break;
  }
  scratch_.clear();
  append_plain(scratch_, cell, plan.table->columns[column]);
  fields.append(scratch_.view(), out);
}

constexpr Option kOptions[] = {
    {"header", OptionKind::Boolean, "true",
     "a line of names in front of the rows of a table, for files and the console"},
    {"delimiter", OptionKind::Text, ",", "the one character between two fields; tab for a tab"},
    {"null_as", OptionKind::Text, "", "what stands for NULL; a value that reads the same is quoted"},
    {"missing_as", OptionKind::Text, "(missing)",
     "what stands for a column that the log does not carry (binlog_row_image)"},
    {"meta", OptionKind::List, "op,id,ts",
     "columns in front of those of the row, named _op and so on in the line of names; none: []",
     "op|id|ts|db|table|gtid|xid|file|pos|server_id"},
    {"before", OptionKind::Boolean, "false",
     "of an update also the row before it, as a line of its own in front, with the op before"},
    {"binary", OptionKind::Choice, "base64", "how bytes are written", "base64|hex"},
};

// What may stand in numbers, times and base64 cannot stand between them.
bool may_delimit(char c) {
  constexpr std::string_view kGood = ",;|\t^~!@#$%&*?<>";
  return kGood.find(c) != kGood.npos;
}

Result<std::unique_ptr<Encoder>> make(const Settings& settings) {
  Options options;
  options.header = settings.boolean("header");
  std::string delimiter = settings.text("delimiter");
  if (delimiter == "tab" || delimiter == "\\t") delimiter = "\t";
  if (delimiter.size() != 1 || !may_delimit(delimiter[0])) {
    return usage("{}: delimiter: '{}': expected tab or one of , ; | ^ ~ ! @ # $ % & * ? < >",
                 settings.where("delimiter"), delimiter);
  }
  options.delimiter = delimiter[0];
  options.null = settings.text("null_as");
  options.missing = settings.text("missing_as");
  for (std::string_view name : {"null_as", "missing_as"}) {
    std::string text = settings.text(name);
    if (text.find_first_of(std::string("\"\r\n") + options.delimiter) != text.npos) {
      return usage("{}: {}: '{}' holds what separates fields or lines; such a text would be read as more",
                   settings.where(name), name, text);
    }
  }
  if (options.null == options.missing) {
    return usage("{}: null_as and missing_as are both '{}'; a reader could not tell one from the other",
                 settings.where("missing_as"), options.null);
  }
  options.before = settings.boolean("before");
  options.hex = settings.text("binary") == "hex";
  for (const std::string& name : settings.list("meta")) {
    auto known = std::find(kMetaNames.begin(), kMetaNames.end(), name);
    options.meta.push_back(static_cast<Meta>(known - kMetaNames.begin()));
  }
  return std::make_unique<Csv>(std::move(options));
}

}  // namespace
}  // namespace csv

extern const FormatType csv_format;
const FormatType csv_format = {"csv", "a line a row, for spreadsheets and loaders (RFC 4180)", csv::kOptions,
                               csv::make};

}  // namespace sluice
