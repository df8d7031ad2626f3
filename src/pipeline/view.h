// View: what one lane sees of a batch: its tables, operations, rows and columns. The batch stays as it is; a
// change with other columns is a copy of its cells under a table version of the view's own.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/arena.h"
#include "model/batch.h"
#include "pipeline/row_filter.h"
#include "pipeline/shaping.h"
#include "rule/filter.h"

namespace sluice {

// Shared by the views of a lane's threads.
struct ViewSetup {
  std::optional<Selection> tables;  // none: all
  // Over `database.table.column`: a column must be wanted by each.
  std::vector<std::shared_ptr<const Selection>> columns;
  std::vector<std::shared_ptr<const RowFilter>> rows;  // as must a row
  bool ops[4] = {true, true, true, true};              // by Op
  std::shared_ptr<const rule::Rule> where;  // true of the rows' changes that are shown; null: all are
  std::vector<ComputedColumn> compute;
  std::vector<RenamedColumn> rename;
};

class View {
 public:
  // One thread's own.
  explicit View(std::shared_ptr<const ViewSetup> setup) : setup_(std::move(setup)) {
    if (setup_ && setup_->where) filter_.emplace(setup_->where);
  }

  // Whether there is anything to do: otherwise every change is shown as it is.
  bool narrows() const { return setup_ != nullptr; }
  // The change as the lane sees it, or none. Cells are copied into `arena`. Faults as Filter does.
  Result<std::optional<Change>> show(const Batch& batch, const Change& change, Arena& arena);
  // The table as the lane sees it, null where it sees none of it. A Usage fault: what was set up does not fit
  // it.
  Result<TablePtr> check(const Table& table) const;
  // The table with the columns that its rows are shown with; lives as long as the view keeps it in mind.
  Result<const Table*> show(const Table& table);

 private:
  struct Plan {
    TablePtr table;  // keeps its serial from coming again
    bool wanted = true;
    std::vector<std::vector<RowFilter::Bound>> rows;  // those that mean this table
    TablePtr shaped;                                  // null: its columns are shown as they are
    std::vector<uint32_t> columns;  // ordinals of those that are wanted, where shaped; computed ones follow
    Computing computing;
  };

  Result<const Plan*> plan_of(const Table& table);
  Result<std::unique_ptr<Plan>> make_plan(const Table& table) const;
  bool wants_column(const Table& table, const Column& column) const;
  bool wants_ddl(std::string_view database, std::string_view table) const;
  Result<Row> shape(const Batch& batch, const Change& change, const Row& row, const Plan& plan, Arena& arena);

  std::shared_ptr<const ViewSetup> setup_;
  std::optional<rule::Filter> filter_;
  rule::Frame frame_;
  std::unordered_map<uint64_t, std::unique_ptr<Plan>> plans_;  // by the table's serial
  const Plan* last_ = nullptr;
  uint64_t last_serial_ = 0;
  Bytes scratch_;
};

}  // namespace sluice
