// Changes as SQL statements (docs/formats/sql.md): to make them again, or to take them back.
#include <algorithm>
#include <memory>

#include "format/encoder.h"
#include "format/plan_cache.h"
#include "format/sql/ddl.h"
#include "format/sql/literal.h"
#include "format/sql/plan.h"

namespace sluice {
namespace sql {
namespace {

bool present(const Row& row, size_t i) { return i < row.count && row[i].present(); }

class Sql final : public Encoder {
 public:
  explicit Sql(bool undo) : undo_(undo) {}

  void encode(const Batch& batch, std::span<const Change> changes, Outbox& outbox) override {
    const Change& change = changes.front();
    Bytes& out = outbox.bytes;
    if (change.op == Op::Ddl) return ddl(batch.events[change.event], out);
    const Plan& plan = plans_.of(*change.table, [&] { return std::make_unique<Plan>(share(*change.table)); });
    size_t begin = out.size();
    std::string_view refused = undo_ ? backward(out, plan, change) : forward(out, plan, change);
    if (!refused.empty()) {
      out.truncate(begin);
      return out.append(refused);
    }
    if (!plan.odd_names) return;
    std::string line = prepared(out.view().substr(begin));
    out.truncate(begin);
    out.append(line);
  }

  Notation notation() const override { return Notation::Text; }
  std::unique_ptr<Encoder> clone() const override { return std::make_unique<Sql>(undo_); }

 private:
  // Each returns what stands for a statement that cannot be made, or nothing.
  std::string_view forward(Bytes& out, const Plan& plan, const Change& change) {
    if (has_patch(change.after)) return plan.part_of_document;
    switch (change.op) {
      case Op::Insert: return insert(out, plan, change.after);
      case Op::Update: return update(out, plan, change.after, change.before);
      default: return remove(out, plan, change.before);
    }
  }

  std::string_view backward(Bytes& out, const Plan& plan, const Change& change) {
    if (has_patch(change.after)) return plan.part_of_document;
    // What the image that is to come back lacks, nobody knows.
    for (size_t i = 0; i < plan.columns.size(); ++i) {
      bool wanted = change.op == Op::Delete || (change.op == Op::Update && present(change.after, i));
      if (wanted && plan.columns[i].writable && !present(change.before, i)) return plan.part_of_row;
    }
    switch (change.op) {
      case Op::Insert: return remove(out, plan, change.after);
      case Op::Update: return update(out, plan, change.before, change.after);
      default: return insert(out, plan, change.before);
    }
  }

  static bool has_patch(const Row& row) {
    return std::any_of(row.begin(), row.end(), [](const Cell& cell) { return cell.kind == Kind::JsonPatch; });
  }

  std::string_view insert(Bytes& out, const Plan& plan, const Row& row) {
    out.append(plan.insert);
    bool first = true;
    for (size_t i = 0; i < plan.columns.size(); ++i) {
      if (!plan.columns[i].writable || !present(row, i)) continue;
      append_name(out, plan.columns[i], first);
      first = false;
    }
    out.append(") VALUES (");
    first = true;
    for (size_t i = 0; i < plan.columns.size(); ++i) {
      if (!plan.columns[i].writable || !present(row, i)) continue;
      if (!first) out.push(',');
      literals_.append(out, row[i], plan.columns[i]);
      first = false;
    }
    out.append(");");
    return {};
  }

  // All columns, not only those that differ: what sets itself (ON UPDATE CURRENT_TIMESTAMP) must not.
  std::string_view update(Bytes& out, const Plan& plan, const Row& to, const Row& from) {
    out.append(plan.update);
    bool first = true;
    for (size_t i = 0; i < plan.columns.size(); ++i) {
      if (!plan.columns[i].writable || !present(to, i)) continue;
      append_name(out, plan.columns[i], first);
      out.push('=');
      literals_.append(out, to[i], plan.columns[i]);
      first = false;
    }
    if (first) return plan.part_of_row;
    out.append(" WHERE ");
    return where(out, plan, from, to);
  }

  std::string_view remove(Bytes& out, const Plan& plan, const Row& row) {
    out.append(plan.remove);
    return where(out, plan, row, row);
  }

  // Which row it is: by the primary key, else by all columns. A partial image may carry the key only on the
  // other side.
  std::string_view where(Bytes& out, const Plan& plan, const Row& row, const Row& other) {
    bool keyed = !plan.table->key.empty(), first = true;
    for (size_t i = 0; i < plan.columns.size(); ++i) {
      const ColumnPlan& column = plan.columns[i];
      if (keyed ? !column.in_key : !column.writable) continue;
      const Row& holder = present(row, i) || !keyed ? row : other;
      if (!present(holder, i)) return plan.part_of_row;
      if (!first) out.append(" AND ");
      first = false;
      const Cell& cell = holder[i];
      if (keyed && cell.has_value()) {
        append_name(out, column, true);
        out.push('=');
        literals_.append(out, cell, column);
      } else {
        literals_.append_exact(out, cell, column);
      }
    }
    if (first) return plan.part_of_row;
    // Of rows that are all the same, one was meant.
    out.append(keyed ? ";" : " LIMIT 1;");
    return {};
  }

  static void append_name(Bytes& out, const ColumnPlan& column, bool first) {
    const Snippet& name = first ? column.name : column.comma_name;
    out.commit(name.put(out.reserve(name.size() + kSlack)));
  }

  void ddl(const Event& event, Bytes& out) const {
    std::string_view table = event.ddl_table.empty() ? event.database : event.ddl_table;
    if (undo_) return out.append(refusal(table, "a schema change cannot be taken back"));
    std::string line = one_line(event.query);
    if (!event.database.empty() && !shapes_database(line)) {
      out.append(fmt::format("USE {};", quoted_name(event.database)));
    }
    out.append(line.empty() ? prepared(event.query) : line + ";");
  }

  const bool undo_;
  Literals literals_;
  PlanCache<Plan> plans_;
};

constexpr Option kOptions[] = {
    {"direction", OptionKind::Choice, "redo",
     "redo: statements that make the changes again; undo: statements that take them back, to be run in "
     "reverse order (tac)",
     "redo|undo"},
};

Result<std::unique_ptr<Encoder>> make(const Settings& settings) {
  return std::make_unique<Sql>(settings.text("direction") == "undo");
}

}  // namespace
}  // namespace sql

extern const FormatType sql_format;
const FormatType sql_format = {"sql", "SQL statements, to make changes again or to take them back",
                               sql::kOptions, sql::make};

}  // namespace sluice
