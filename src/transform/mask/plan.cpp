#include "transform/mask/plan.h"

#include <algorithm>

#include "transform/mask/document.h"
#include "transform/mask/kinds.h"

namespace sluice::mask {
namespace {

bool is_masked(const ColumnRules& rules) {
  return !rules.parts.empty() || (rules.whole && rules.whole->kind != &keep_kind);
}

// MariaDB's hidden column of a UNIQUE key that is too long for an index: whoever guesses the key's values can
// tell by it that the guess is right, without any secret.
bool is_row_hash(const Column& column) { return column.hidden && column.name.starts_with("DB_ROW_HASH_"); }

Result<void> fill(const MaskSetup& setup, const Table& table, Plan& plan) {
  if (!table.named) {
    return fatal(
        "the names of the columns of {} are not known, so that nobody can tell which are masked; set "
        "binlog_row_metadata=FULL, or tell the names by a schema",
        full_name(table));
  }
  Table shaped = table;
  shaped.columns.clear();
  bool masked = false;
  bool hides = std::any_of(table.columns.begin(), table.columns.end(),
                           [&](const Column& column) { return is_masked(setup.rules_of(table, column)); });
  for (uint32_t i = 0; i < table.columns.size(); ++i) {
    const Column& column = table.columns[i];
    ColumnRules rules = setup.rules_of(table, column);
    if (hides && is_row_hash(column) && !rules.whole) continue;
    Column made = column;
    MaskPtr mask;
    if (const MaskRule* rule = rules.whole) {
      auto result = rule->kind->make({rule->settings, setup.key, table, i}, made);
      if (!result) return while_doing(rule->where, std::move(result).error());
      mask = std::move(*result);
      bool touched = mask || rule->kind->drops;
      masked |= touched;
      if (touched && !column.members.empty()) plan.members = false;
      if (rule->kind->drops) continue;
    }
    if (!mask && !rules.parts.empty()) {
      SLUICE_ASSIGN(parts, make_document_mask(rules.parts, setup.key, table, i, made));
      mask = std::move(parts);
      masked = true;
    }
    plan.columns.push_back({i, std::move(mask)});
    shaped.columns.push_back(std::move(made));
  }
  if (!masked) return {};
  shaped.unique.clear();  // their ordinals are those of the plain table, and values may have become equal
  // A part of the key is no key.
  for (uint32_t& ordinal : shaped.key) {
    auto found = std::find_if(plan.columns.begin(), plan.columns.end(),
                              [&](const Plan::Column& each) { return each.from == ordinal; });
    if (found == plan.columns.end()) {
      shaped.key.clear();
      break;
    }
    ordinal = static_cast<uint32_t>(found - plan.columns.begin());
  }
  plan.shaped = freeze(std::move(shaped));
  return {};
}

}  // namespace

std::unique_ptr<Plan> Plan::make(const MaskSetup& setup, const Table& table) {
  auto plan = std::make_unique<Plan>();
  plan->table = share(table);
  if (auto filled = fill(setup, table, *plan); !filled) plan->error = std::move(filled).error();
  return plan;
}

Result<Row> Plan::masked(const Image& image) const {
  const Row& row = image.row;
  if (!row) return row;
  Cell* cells = image.arena.array<Cell>(columns.size());
  uint32_t text_bytes = 0;
  for (size_t i = 0; i < columns.size(); ++i) {
    const Column& column = columns[i];
    Cell cell = column.from < row.count ? row[column.from] : Cell();
    Mask* mask = column.mask.get();
    if (mask && (cell.has_value() || (cell.kind == Kind::Null && mask->nulls()))) {
      if (cell.kind == Kind::JsonPatch && !mask->blind() && !mask->patches()) {
        cell = Cell();  // a part of a document says nothing of what the mask makes of the whole
      } else {
        auto made = mask->apply(cell, image);
        if (!made) {
          return while_doing(
              fmt::format("masking {}.{}", full_name(*table), table->columns[column.from].name),
              std::move(made).error());
        }
        cell = *made;
      }
    }
    if (has_bytes(cell.kind)) text_bytes += cell.size;
    cells[i] = cell;
  }
  return Row{cells, static_cast<uint32_t>(columns.size()), text_bytes};
}

}  // namespace sluice::mask
