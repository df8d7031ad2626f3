#include "pipeline/view.h"

#include <algorithm>

namespace sluice {
namespace {

constexpr size_t kMostPlans = 50'000;  // beyond so many table versions all are forgotten and made again

}  // namespace

bool View::wants_column(const Table& table, const Column& column) const {
  std::string name = table.name + "." + column.name;
  return std::all_of(setup_->columns.begin(), setup_->columns.end(),
                     [&](const auto& each) { return each->wants(table.database, name); });
}

bool View::wants_ddl(std::string_view database, std::string_view table) const {
  if (setup_->tables && !setup_->tables->wants(database, table)) return false;
  return std::all_of(setup_->rows.begin(), setup_->rows.end(),
                     [&](const auto& each) { return each->wants_table(database, table); });
}

Result<std::unique_ptr<View::Plan>> View::make_plan(const Table& table) const {
  auto plan = std::make_unique<Plan>();
  plan->table = share(table);
  plan->wanted = !setup_->tables || setup_->tables->wants(table.database, table.name);
  if (!plan->wanted) return plan;
  for (const auto& filter : setup_->rows) {
    if (auto bound = filter->bind(table); !bound.empty()) plan->rows.push_back(std::move(bound));
  }
  Table shaped = table;
  shaped.columns.clear();
  for (uint32_t i = 0; i < table.columns.size(); ++i) {
    const Column& column = table.columns[i];
    if (!wants_column(table, column)) continue;
    plan->columns.push_back(i);
    shaped.columns.push_back(column);
  }
  bool narrowed = plan->columns.size() < table.columns.size();
  SLUICE_ASSIGN(renamed, rename_columns(setup_->rename, table, shaped.columns));
  SLUICE_ASSIGN(computing, Computing::make(setup_->compute, table, shaped.columns));
  plan->computing = std::move(computing);
  if (!narrowed && !renamed && !plan->computing.any()) return plan;
  shaped.unique.clear();
  // A part of the key is no key.
  for (uint32_t& column : shaped.key) {
    auto found = std::find(plan->columns.begin(), plan->columns.end(), column);
    if (found == plan->columns.end()) {
      shaped.key.clear();
      break;
    }
    column = static_cast<uint32_t>(found - plan->columns.begin());
  }
  plan->shaped = freeze(std::move(shaped));
  return plan;
}

Result<TablePtr> View::check(const Table& table) const {
  if (!setup_) return share(table);
  SLUICE_ASSIGN(plan, make_plan(table));
  if (!plan->wanted) return TablePtr();
  if (setup_->where) SLUICE_TRY(setup_->where->condition(table));
  return plan->shaped ? plan->shaped : share(table);
}

Result<const View::Plan*> View::plan_of(const Table& table) {
  if (last_ && table.serial == last_serial_) return last_;
  if (plans_.size() >= kMostPlans) plans_.clear();
  auto found = plans_.find(table.serial);
  if (found == plans_.end()) {
    SLUICE_ASSIGN(plan, make_plan(table));
    found = plans_.emplace(table.serial, std::move(plan)).first;
  }
  last_serial_ = table.serial;
  return last_ = found->second.get();
}

Result<const Table*> View::show(const Table& table) {
  SLUICE_ASSIGN(plan, plan_of(table));
  return plan->shaped ? plan->shaped.get() : &table;
}

Result<Row> View::shape(const Batch& batch, const Change& change, const Row& row, const Plan& plan,
                        Arena& arena) {
  if (!row) return row;
  size_t count = plan.shaped->columns.size();
  Cell* cells = arena.array<Cell>(count);
  std::fill_n(cells, count, Cell());
  uint32_t text_bytes = 0;
  for (size_t i = 0; i < plan.columns.size(); ++i) {
    if (plan.columns[i] < row.count) cells[i] = row[plan.columns[i]];
    if (has_bytes(cells[i].kind)) text_bytes += cells[i].size;
  }
  bool after = row.cells == change.after.cells;
  SLUICE_TRY(plan.computing.fill(batch, change, after, cells, text_bytes, arena, frame_));
  return Row{cells, static_cast<uint32_t>(count), text_bytes};
}

Result<std::optional<Change>> View::show(const Batch& batch, const Change& change, Arena& arena) {
  if (!setup_->ops[static_cast<size_t>(change.op)]) return std::nullopt;
  if (change.op == Op::Ddl) {
    const Event& event = batch.events[change.event];
    bool wanted = change.table ? wants_ddl(change.table->database, change.table->name)
                               : wants_ddl(event.database, event.ddl_table);
    return wanted ? std::optional(change) : std::nullopt;
  }
  SLUICE_ASSIGN(plan, plan_of(*change.table));
  if (!plan->wanted) return std::nullopt;
  for (const auto& rules : plan->rows) {
    if (!RowFilter::wants(rules, change, scratch_)) return std::nullopt;
  }
  if (filter_) {
    SLUICE_ASSIGN(passes, filter_->passes(batch, change));
    if (!passes) return std::nullopt;
  }
  if (!plan->shaped) return change;
  Change shown = change;
  shown.table = plan->shaped.get();
  SLUICE_ASSIGN(before, shape(batch, change, change.before, *plan, arena));
  SLUICE_ASSIGN(after, shape(batch, change, change.after, *plan, arena));
  shown.before = before;
  shown.after = after;
  return shown;
}

}  // namespace sluice
