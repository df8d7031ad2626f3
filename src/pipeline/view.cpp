#include "pipeline/view.h"

#include <algorithm>

namespace sluice {
namespace {

constexpr size_t kMostPlans = 50'000;  // beyond so many table versions all are forgotten and made again

}  // namespace

std::unique_ptr<View::Plan> View::make_plan(const Table& table) const {
  auto plan = std::make_unique<Plan>();
  plan->table = share(table);
  plan->wanted = !setup_->tables || setup_->tables->wants(table.database, table.name);
  if (!plan->wanted || !setup_->columns) return plan;
  for (uint32_t i = 0; i < table.columns.size(); ++i) {
    if (setup_->columns->wants(table.database, table.name + "." + table.columns[i].name)) {
      plan->columns.push_back(i);
    }
  }
  if (plan->columns.size() == table.columns.size()) return plan;
  Table narrowed = table;
  narrowed.columns.clear();
  for (uint32_t i : plan->columns) narrowed.columns.push_back(table.columns[i]);
  // A part of the key is no key.
  for (uint32_t& column : narrowed.key) {
    auto found = std::find(plan->columns.begin(), plan->columns.end(), column);
    if (found == plan->columns.end()) {
      narrowed.key.clear();
      break;
    }
    column = static_cast<uint32_t>(found - plan->columns.begin());
  }
  plan->narrowed = freeze(std::move(narrowed));
  return plan;
}

const View::Plan& View::plan_of(const Table& table) {
  if (last_ && table.serial == last_serial_) return *last_;
  if (plans_.size() >= kMostPlans) plans_.clear();
  std::unique_ptr<Plan>& plan = plans_[table.serial];
  if (!plan) plan = make_plan(table);
  last_serial_ = table.serial;
  return *(last_ = plan.get());
}

Row View::narrow(const Row& row, const Plan& plan, Arena& arena) {
  if (!row) return row;
  Cell* cells = arena.array<Cell>(plan.columns.size());
  uint32_t text_bytes = 0;
  for (size_t i = 0; i < plan.columns.size(); ++i) {
    cells[i] = plan.columns[i] < row.count ? row[plan.columns[i]] : Cell();
    if (has_bytes(cells[i].kind)) text_bytes += cells[i].size;
  }
  return {cells, static_cast<uint32_t>(plan.columns.size()), text_bytes};
}

Result<std::optional<Change>> View::show(const Batch& batch, const Change& change, Arena& arena) {
  if (!setup_->ops[static_cast<size_t>(change.op)]) return std::nullopt;
  if (!change.table) {  // a schema change of no single known table
    const Event& event = batch.events[change.event];
    if (setup_->tables && !setup_->tables->wants(event.database, event.ddl_table)) return std::nullopt;
    return change;
  }
  const Plan& plan = plan_of(*change.table);
  if (!plan.wanted) return std::nullopt;
  if (change.op == Op::Ddl) return change;
  if (filter_) {
    SLUICE_ASSIGN(passes, filter_->passes(batch, change));
    if (!passes) return std::nullopt;
  }
  if (!plan.narrowed) return change;
  Change shown = change;
  shown.table = plan.narrowed.get();
  shown.before = narrow(change.before, plan, arena);
  shown.after = narrow(change.after, plan, arena);
  return shown;
}

}  // namespace sluice
