#include "mirror/encoder.h"

#include <algorithm>

#include "format/plan_cache.h"
#include "format/statement_words.h"
#include "mirror/ddl_steps.h"
#include "mirror/shape.h"

namespace sluice::mirror {
namespace {

struct Plan {
  TablePtr table;
  std::vector<uint32_t> columns;  // ordinals of those that are mirrored
  std::vector<uint32_t> key;
  std::string refusal;  // why none of its rows can be mirrored
  std::string only_inserts;
};

bool has_patch(const Row& row) {
  return std::any_of(row.begin(), row.end(), [](const Cell& cell) { return cell.kind == Kind::JsonPatch; });
}

const Cell* present(const Row& row, uint32_t column) {
  return column < row.count && row[column].present() ? &row[column] : nullptr;
}

// A statement's beginning, on one line.
std::string excerpt(std::string_view sql) {
  std::string text(sql.substr(0, 120));
  std::replace(text.begin(), text.end(), '\n', ' ');
  return sql.size() > text.size() ? text + "…" : text;
}

class MirrorEncoder final : public Encoder {
 public:
  MirrorEncoder(std::unique_ptr<Spelling> spelling, EncoderOptions options)
      : spelling_(std::move(spelling)), options_(options) {}

  void encode(const Batch& batch, std::span<const Change> changes, Outbox& out) override {
    const Change& change = changes.front();
    if (change.op == Op::Ddl) return ddl(batch, change, out);
    const Plan& plan = plans_.of(*change.table, [&] { return make_plan(*change.table); });
    spelling_->begin(*change.table);
    std::string_view refused = plan.refusal;
    size_t begin = out.bytes.size(), messages = out.messages.size();
    if (refused.empty() && plan.key.empty()) refused = keyless(change, plan, out);
    if (refused.empty() && !plan.key.empty()) refused = keyed(change, plan, out);
    std::string_view misfit = spelling_->misfit();
    if (spelling_->met_invalid_text() && options_.refuse_invalid_text && misfit.empty())
      misfit = kInvalidText;
    if (!misfit.empty() && refused.empty()) {
      // Where the first half of a change of key is a message already, the other one alone is refused.
      out.bytes.truncate(out.messages.size() > messages ? out.messages.back().end : begin);
      refused = misfit;
    }
    if (!refused.empty()) refuse(refused, out);
  }
  Notation notation() const override { return Notation::Binary; }
  bool headed() const override { return true; }
  void heading(const Table& table, Bytes& out) override;
  std::unique_ptr<Encoder> clone() const override {
    return std::make_unique<MirrorEncoder>(spelling_->clone(), options_);
  }

 private:
  static constexpr std::string_view kPartOfDocument =
      "the log has only what was changed within a JSON document, see binlog_row_value_options";
  static constexpr std::string_view kInvalidText =
      "a text has bytes that its character set does not know, and `invalid_text: refuse` holds";
  static constexpr std::string_view kPartOfRow =
      "the log has only a part of the row, without its key, see binlog_row_image";

  std::unique_ptr<Plan> make_plan(const Table& table) const;
  // Each returns why it cannot, and has then appended nothing.
  std::string_view keyless(const Change& change, const Plan& plan, Outbox& out);
  std::string_view keyed(const Change& change, const Plan& plan, Outbox& out);
  std::string_view put(Act act, const Row& row, const Row& former, const Plan& plan, Bytes& out);
  bool put_values(const Row& row, const Plan& plan, Bytes& out);
  void put_key(const Row& row, const Row& other, const Plan& plan, Bytes& out);
  void put_parts(const Row& row, const Plan& plan, Bytes& out);
  void ddl(const Batch& batch, const Change& change, Outbox& out);
  void alter(const Change& change, const Event& event, Outbox& out);
  static void act(Act act, Outbox& out) { end_key(out.bytes, begin_record(out.bytes, act)); }
  static void refuse(std::string_view why, Outbox& out) {
    act(Act::Refuse, out);
    out.bytes.append(why);
  }

  const std::unique_ptr<Spelling> spelling_;
  const EncoderOptions options_;
  PlanCache<Plan> plans_;
};

std::unique_ptr<Plan> MirrorEncoder::make_plan(const Table& table) const {
  auto plan = std::make_unique<Plan>();
  plan->table = share(table);
  for (uint32_t i = 0; i < table.columns.size(); ++i) {
    if (!table.columns[i].hidden) plan->columns.push_back(i);
  }
  plan->key = table.key;
  if (!table.named) {
    plan->refusal = fmt::format("the names of the columns of {} are not known", full_name(table));
  } else if (table.key.empty() && options_.keyless == Keyless::Refuse) {
    plan->refusal = fmt::format(
        "the table {} has no primary key to find its rows by: give it one, leave it out with `tables`, or "
        "take `keyless: append` if its rows are inserted only, else `keyless: match`",
        full_name(table));
  }
  plan->only_inserts = fmt::format(
      "the table {} has no primary key to find its rows by, and with `keyless: append` it takes inserted "
      "rows alone; `keyless: match` finds the others by all columns",
      full_name(table));
  return plan;
}

void MirrorEncoder::heading(const Table& table, Bytes& out) {
  Shape shape;
  std::vector<uint32_t> places(table.columns.size());
  for (uint32_t i = 0; i < table.columns.size(); ++i) {
    const Column& column = table.columns[i];
    if (column.hidden) continue;
    bool in_key = std::find(table.key.begin(), table.key.end(), i) != table.key.end();
    places[i] = static_cast<uint32_t>(shape.columns.size());
    shape.columns.push_back({column.name, spelling_->type(column, in_key)});
  }
  for (uint32_t column : table.key) shape.key.push_back(places[column]);
  append_shape(out, shape);
}

// Of an update, the row that was goes and the row that is comes.
std::string_view MirrorEncoder::keyless(const Change& change, const Plan& plan, Outbox& out) {
  auto whole = [&](const Row& row) {
    return std::all_of(plan.columns.begin(), plan.columns.end(),
                       [&](uint32_t column) { return present(row, column) != nullptr; });
  };
  bool goes = change.op != Op::Insert, comes = change.op != Op::Delete;
  if (goes && options_.keyless != Keyless::Match) return plan.only_inserts;
  if (comes && has_patch(change.after)) return kPartOfDocument;
  if ((goes && !whole(change.before)) || (comes && !whole(change.after))) {
    return "the log has only a part of the row, see binlog_row_image";
  }
  if (goes) {
    out.of_before();
    size_t begin = begin_record(out.bytes, Act::Delete);
    std::string_view and_so;
    for (uint32_t column : plan.columns) {
      out.bytes.append(and_so);
      spelling_->match(out.bytes, change.before[column], column);
      and_so = spelling_->conjunction();
    }
    end_key(out.bytes, begin);
  }
  if (goes && comes) out.end_message();
  if (comes) {
    act(Act::Append, out);
    put_values(change.after, plan, out.bytes);
  }
  return {};
}

std::string_view MirrorEncoder::keyed(const Change& change, const Plan& plan, Outbox& out) {
  if (change.op == Op::Insert) return put(Act::Begin, change.after, {}, plan, out.bytes);
  for (uint32_t column : plan.key) {
    if (!present(change.before, column) && !present(change.after, column)) return kPartOfRow;
  }
  if (change.op == Op::Update) {
    bool same_key = std::all_of(plan.key.begin(), plan.key.end(), [&](uint32_t column) {
      const Cell *from = present(change.before, column), *to = present(change.after, column);
      return !from || !to || same_value(*from, *to);
    });
    if (same_key) return put(Act::Patch, change.after, change.before, plan, out.bytes);
    bool whole = std::all_of(plan.columns.begin(), plan.columns.end(),
                             [&](uint32_t column) { return present(change.after, column) != nullptr; });
    // Of a partial image, the row itself moves: the rest of it is at the target alone.
    if (!whole || has_patch(change.after))
      return put(Act::Patch, change.after, change.before, plan, out.bytes);
  }
  out.of_before();
  size_t begin = begin_record(out.bytes, Act::Delete);
  put_key(change.before, change.after, plan, out.bytes);
  end_key(out.bytes, begin);
  if (change.op == Op::Delete) return {};
  out.end_message();
  return put(Act::Begin, change.after, {}, plan, out.bytes);
}

// A whole row as an upsert, of a partial one what is there as `partial`. The key is that of `former`, where
// it has one.
std::string_view MirrorEncoder::put(Act partial, const Row& row, const Row& former, const Plan& plan,
                                    Bytes& out) {
  if (has_patch(row)) return kPartOfDocument;
  size_t begin = begin_record(out, Act::Upsert);
  if (spelling_->keyed()) put_key(row, former, plan, out);
  end_key(out, begin);
  if (put_values(row, plan, out)) return {};
  out.truncate(begin);
  for (uint32_t column : plan.key) {
    if (!present(former ? former : row, column) && !present(row, column)) return kPartOfRow;
  }
  begin_record(out, partial);
  put_key(former ? former : row, row, plan, out);
  end_key(out, begin);
  put_parts(row, plan, out);
  return {};
}

// False: it is not whole.
bool MirrorEncoder::put_values(const Row& row, const Plan& plan, Bytes& out) {
  std::string_view comma;
  for (uint32_t column : plan.columns) {
    const Cell* cell = present(row, column);
    if (!cell) return false;
    out.append(comma);
    spelling_->value(out, *cell, column);
    comma = spelling_->comma();
  }
  return true;
}

void MirrorEncoder::put_key(const Row& row, const Row& other, const Plan& plan, Bytes& out) {
  std::string_view comma;
  for (uint32_t column : plan.key) {
    const Cell* cell = present(row, column);
    if (!cell) cell = present(other, column);
    if (!cell) continue;  // of an image that is found to be partial
    out.append(comma);
    spelling_->value(out, *cell, column);
    comma = spelling_->comma();
  }
}

void MirrorEncoder::put_parts(const Row& row, const Plan& plan, Bytes& out) {
  for (uint32_t i = 0; i < plan.columns.size(); ++i) {
    const Cell* cell = present(row, plan.columns[i]);
    if (!cell) continue;
    size_t part = begin_part(out, i);
    spelling_->value(out, *cell, plan.columns[i]);
    end_part(out, part);
  }
}

void MirrorEncoder::ddl(const Batch& batch, const Change& change, Outbox& out) {
  if (options_.ddl == OnDdl::Ignore) return;
  const Event& event = batch.events[change.event];
  const Table *before = event.ddl_before, *after = change.table;
  StatementWords words(event.query);
  std::string verb = words.word();
  words.next();
  bool replaces = false;
  for (; words.is({"OR", "REPLACE", "TEMPORARY", "ONLINE", "IGNORE"}); words.next()) {
    replaces |= words.is({"REPLACE"});
  }
  bool database = words.is({"DATABASE", "SCHEMA"});
  if (database && verb != "DROP") return;
  if (options_.ddl == OnDdl::Stop) {
    return refuse(fmt::format("the schema changes, and `ddl: stop` holds: {}", excerpt(event.query)), out);
  }
  if (verb == "TRUNCATE") return act(Act::Truncate, out);
  if (before && after) return alter(change, event, out);
  if (after) return act(replaces ? Act::Replace : Act::Create, out);
  if (verb == "CREATE" && !replaces) return;  // MySQL logs IF NOT EXISTS of a table that is there, too
  bool one = !event.ddl_table.empty();
  if (one && verb == "DROP" && !database && words.is({"TABLE", "TABLES"})) return act(Act::Drop, out);
  if (one && before) return act(Act::Drop, out);
  refuse(
      fmt::format(
          "what it does to the mirrored tables cannot be told: {}; carry it out at the target by hand, and "
          "drop this change, or take `ddl: ignore`",
          excerpt(event.query)),
      out);
}

void MirrorEncoder::alter(const Change& change, const Event& event, Outbox& out) {
  const Table& before = *event.ddl_before;
  const Table& after = *change.table;
  auto steps = steps_of(before, after, event, *spelling_);
  if (!steps) {
    return refuse(fmt::format("{}: {}; carry it out at the target by hand, and drop this change",
                              excerpt(event.query), steps.error().what),
                  out);
  }
  bool renamed = before.database != after.database || before.name != after.name;
  if (renamed) {
    out.of_before();
    act(Act::RenameFrom, out);
    out.end_message();
  }
  if (!renamed && steps->empty()) return;
  act(renamed ? Act::RenameTo : Act::Alter, out);
  append_steps(out.bytes, *steps);
}

}  // namespace

std::unique_ptr<Encoder> make_encoder(std::unique_ptr<Spelling> spelling, EncoderOptions options) {
  return std::make_unique<MirrorEncoder>(std::move(spelling), options);
}

}  // namespace sluice::mirror
