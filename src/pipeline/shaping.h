// Shaping: the columns that a lane makes of a table's own: computed ones and new names.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/arena.h"
#include "model/selection.h"
#include "rule/filter.h"

namespace sluice {

struct ComputedColumn {
  std::shared_ptr<const Selection> tables;  // null: all
  std::string name;
  std::shared_ptr<const rule::Rule> value;
};

struct RenamedColumn {
  std::shared_ptr<const Selection> tables;  // null: all
  std::string name, becomes;
};

// `[[DATABASE.]TABLE.]COLUMN = REST`: the tables that it is for, the column and the rest. A Usage fault says
// what was expected.
struct ColumnLine {
  std::shared_ptr<const Selection> tables;
  std::string column, rest;
};
Result<ColumnLine> parse_column_line(std::string_view text);

// The programs of one table version's computed columns.
class Computing {
 public:
  // Adds to `columns`, which begin as those of `table` that are wanted, the computed ones; one that is there
  // already is replaced. Usage faults: an expression does not fit the table, or has no type of its own.
  static Result<Computing> make(const std::vector<ComputedColumn>& all, const Table& table,
                                std::vector<Column>& columns);

  bool any() const { return !parts_.empty(); }
  // Fills the computed cells of a row image of `change`, `after` or before. What they point to lies in
  // `arena` and is counted in `text_bytes`. Faults where a number does not fit its column.
  Result<void> fill(const Batch& batch, const Change& change, bool after, Cell* cells, uint32_t& text_bytes,
                    Arena& arena, rule::Frame& frame) const;

 private:
  struct Part {
    std::shared_ptr<const rule::Rule> rule;
    std::unique_ptr<rule::Program> program;
    uint32_t place = 0;
    Column column;
  };
  std::vector<Part> parts_;
};

// Gives the columns of `table` their new names; false: none has one. A Usage fault: two would have the same
// one.
Result<bool> rename_columns(const std::vector<RenamedColumn>& all, const Table& table,
                            std::vector<Column>& columns);

}  // namespace sluice
