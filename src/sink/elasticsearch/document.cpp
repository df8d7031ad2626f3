#include "sink/elasticsearch/document.h"

#include <algorithm>

#include "format/calendar.h"
#include "format/json_row.h"
#include "format/json_text.h"
#include "format/plain.h"
#include "format/plan_cache.h"
#include "format/put.h"
#include "format/statement_words.h"
#include "sink/elasticsearch/mapping.h"

namespace sluice::elasticsearch {
namespace {

constexpr size_t kMostId = 512;  // bytes that the servers take (IndexRequest.validate)

// What one version of a table makes of its rows, decided once.
struct Plan {
  explicit Plan(TablePtr shared) : row(std::move(shared)) {}

  JsonRowPlan row;
  std::vector<uint32_t> id;     // ordinals of the columns that `_id` is made of
  std::vector<uint32_t> dates;  // and of those that may hold a date that no calendar has
  std::string fault;            // why its rows have no `_id`; empty: they have
};

// The image spoken of, else the other: a partial image may carry a column on one side only.
const Cell& cell_of(const Row& row, const Row& other, uint32_t column) {
  static constexpr Cell kMissing{};
  if (column < row.count && row[column].present()) return row[column];
  return column < other.count ? other[column] : kMissing;
}

class Document final : public Encoder {
 public:
  explicit Document(DocumentOptions options)
      : options_(std::move(options)),
        rows_({.documents = true,
               .bare_decimals = !options_.decimals_as_text,
               .bad_dates_null = options_.zero_dates == ZeroDates::Null}) {}

  void encode(const Batch& batch, std::span<const Change> changes, Outbox& out) override;
  Notation notation() const override { return Notation::Quoted; }
  bool headed() const override { return options_.mappings; }
  void heading(const Table& table, Bytes& out) override { out.append(mapping_of(table, options_)); }
  std::unique_ptr<Encoder> clone() const override { return std::make_unique<Document>(options_); }

 private:
  std::unique_ptr<Plan> plan(const Table& table) const;
  bool moves(const Plan& plan, const Change& change) const;
  // False: the message became a refusal.
  bool put_id(const Plan& plan, const Row& row, const Row& other, Outbox& out);
  void put_row(const Plan& plan, const Change& change, Outbox& out);
  std::string why_not(const Plan& plan, const Change& change) const;
  static void encode_ddl(const Batch& batch, const Change& change, Outbox& out);
  static void refuse(Outbox& out, std::string_view why) {
    out.bytes.append(why);
    out.no_value();
  }

  const DocumentOptions options_;
  JsonRow rows_;
  PlanCache<Plan> plans_;
  Bytes id_;  // as text
};

std::unique_ptr<Plan> Document::plan(const Table& table) const {
  auto made = std::make_unique<Plan>(share(table));
  for (uint32_t i = 0; i < table.columns.size(); ++i) {
    ColumnType type = table.columns[i].type;
    if (type == ColumnType::Date || type == ColumnType::DateTime || type == ColumnType::Timestamp) {
      made->dates.push_back(i);
    }
  }
  if (options_.id.empty()) {
    made->id = table.key;
    if (table.key.empty()) {
      made->fault = fmt::format(
          "table {} has no primary key that is known, of which _id could be made; name columns by the option "
          "id",
          full_name(table));
    }
    return made;
  }
  for (const DocumentOptions::Part& part : options_.id) {
    if (!part.column) continue;
    auto found = std::find_if(table.columns.begin(), table.columns.end(),
                              [&](const Column& column) { return column.name == part.text; });
    if (found == table.columns.end()) {
      made->fault = fmt::format("the option id names the column {}, which table {} does not have", part.text,
                                full_name(table));
      break;
    }
    made->id.push_back(static_cast<uint32_t>(found - table.columns.begin()));
  }
  return made;
}

// Whether the row before has, or may have, a document of its own elsewhere.
bool Document::moves(const Plan& plan, const Change& change) const {
  if (options_.index_by_row) return true;
  return std::any_of(plan.id.begin(), plan.id.end(), [&](uint32_t column) {
    const Cell& now = cell_of(change.after, change.before, column);
    return !same_value(cell_of(change.before, change.after, column), now);
  });
}

// Values one behind the other with a | between them; within several, | and \ have a \ in front. Bytes that
// are no text are hexadecimal.
bool Document::put_id(const Plan& plan, const Row& row, const Row& other, Outbox& out) {
  id_.clear();
  size_t next = 0;
  auto value = [&] {
    uint32_t ordinal = plan.id[next++];
    const Cell& cell = cell_of(row, other, ordinal);
    size_t begin = id_.size();
    if (cell.kind == Kind::Blob) {
      for (char c : cell.bytes()) id_.append(fmt::format("{:02x}", static_cast<uint8_t>(c)));
    } else {
      append_plain(id_, cell, plan.row.table->columns[ordinal]);
    }
    return begin;
  };
  if (options_.id.empty()) {
    for (size_t i = 0; i < plan.id.size(); ++i) {
      if (i > 0) id_.push('|');
      size_t begin = value();
      if (plan.id.size() == 1 || id_.view().find_first_of("|\\", begin) == std::string_view::npos) continue;
      std::string text(id_.view().substr(begin));
      id_.truncate(begin);
      for (char c : text) {
        if (c == '|' || c == '\\') id_.push('\\');
        id_.push(c);
      }
    }
  } else {
    for (const DocumentOptions::Part& part : options_.id) {
      if (part.column) {
        value();
      } else {
        id_.append(part.text);
      }
    }
  }
  if (id_.empty() || id_.size() > kMostId) {
    refuse(out, id_.empty() ? "its _id would be empty, which no server takes"
                            : "its _id would be longer than the 512 bytes that servers take");
    return false;
  }
  size_t size = id_.size();
  id_.reserve(16);  // which spell_json_text may read
  char* at = out.bytes.reserve(6 * size + kSlack + 16);
  at = put(at, R"("_id":")");
  at = spell_json_text(at, {id_.data(), size});
  out.bytes.commit(put(at, "\"}}"));
  return true;
}

std::string Document::why_not(const Plan& plan, const Change& change) const {
  const Table& table = *plan.row.table;
  for (uint32_t i = 0; i < change.after.count; ++i) {
    Kind kind = change.after[i].kind;
    if (kind != Kind::Missing && kind != Kind::JsonPatch) continue;
    return fmt::format(
        "the log holds only parts of the row ({} is not whole), of which no document can be made; set "
        "binlog_row_image=FULL and no binlog_row_value_options",
        table.columns[i].name);
  }
  if (options_.zero_dates != ZeroDates::Refuse) return {};
  for (uint32_t i : plan.dates) {
    if (i >= change.after.count || is_calendar_date(change.after[i])) continue;
    return fmt::format(
        "{} holds a date that no calendar has; the option zero_dates tells what becomes of such",
        table.columns[i].name);
  }
  return {};
}

void Document::put_row(const Plan& plan, const Change& change, Outbox& out) {
  if (std::string why = why_not(plan, change); !why.empty()) return refuse(out, why);
  if (!put_id(plan, change.after, change.before, out)) return;
  char* at = rows_.begin(out.bytes, plan.row, change, 1);
  *at++ = '\n';
  out.bytes.commit(rows_.object(at, plan.row, change.after));
}

void Document::encode_ddl(const Batch& batch, const Change& change, Outbox& out) {
  const Event& event = batch.events[change.event];
  StatementWords words(event.query);
  bool truncate = words.is({"TRUNCATE"}), drop = words.is({"DROP"});
  if (drop) {
    words.next();
    drop = words.is({"TABLE", "DATABASE", "SCHEMA"});
    if (drop && event.ddl_table.empty()) {  // of a temporary table nothing is told
      return refuse(out, "it drops several tables at once, whose indices must be deleted by hand");
    }
  }
  if (words.take({"CREATE"}) && words.take({"OR"}) && words.take({"REPLACE"})) drop = words.is({"TABLE"});
  if (words.take({"ALTER"})) {
    for (; !words.word().empty(); words.next()) {
      if (!words.take({"TRUNCATE", "DROP"}) || !words.is({"PARTITION"})) continue;
      return refuse(
          out, "it empties partitions, of whose rows the log tells nothing; delete their documents by hand");
    }
  }
  const Table* before = event.ddl_before;
  if (before && change.table && full_name(*before) != full_name(*change.table)) {
    return refuse(out, fmt::format("{} became {}; its index does not follow by itself: reindex it by hand",
                                   full_name(*before), full_name(*change.table)));
  }
  if (truncate) out.bytes.append(kTruncate);
  if (drop) out.bytes.append(kDrop);
}

void Document::encode(const Batch& batch, std::span<const Change> changes, Outbox& out) {
  const Change& change = changes.front();
  if (change.op == Op::Ddl) return encode_ddl(batch, change, out);
  const Plan& made = plans_.of(*change.table, [&] { return plan(*change.table); });
  if (!made.fault.empty()) return refuse(out, made.fault);
  if (change.op == Op::Delete || (change.op == Op::Update && moves(made, change))) {
    put_id(made, change.before, change.after, out);
    out.of_before();
    out.end_message();
  }
  if (change.op != Op::Delete) put_row(made, change, out);
}

}  // namespace

std::unique_ptr<Encoder> make_document(DocumentOptions options) {
  return std::make_unique<Document>(std::move(options));
}

}  // namespace sluice::elasticsearch
