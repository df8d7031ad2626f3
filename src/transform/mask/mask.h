// The pipeline's masks: values are hidden on the source thread, before anyone else sees the batch. Rows, old
// and new, table versions and statements: what leaves here holds no plain value of a masked column.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/option.h"
#include "base/secret.h"
#include "model/selection.h"
#include "rule/json_path.h"
#include "transform/mask/kind.h"
#include "transform/transform.h"

namespace sluice::mask {

// The columns that a rule is for, and how they are masked. Shared by all threads.
struct MaskRule {
  std::string where;                  // "sluice.yaml:12:3", for messages
  std::vector<std::string> patterns;  // of `columns`, one by one
  Selection columns;                  // over `database.table.column` in lower case
  const MaskKind* kind;
  Settings settings;                       // kind->options
  std::vector<rule::JsonPath> paths = {};  // of what is masked within documents; empty: all of the column
};

// The rules for one column: the first for all of it, which may be none, and those for parts that stand in
// front of that.
struct ColumnRules {
  const MaskRule* whole = nullptr;
  std::vector<const MaskRule*> parts;
};

struct MaskSetup {
  Secret key;
  std::vector<MaskRule> rules;

  // In any case of ASCII letters, since servers take `Phone` for `phone`.
  ColumnRules rules_of(const Table& table, const Column& column) const;
  // The table as it is behind the masks; null: as it was. A Usage fault: a mask does not go with a column.
  Result<TablePtr> masked(const Table& table) const;
  // Whether each masked column of `before` is named by a rule in `after` as well; `origins` tells which it is
  // there. A Fatal fault: one got a name that no rule knows.
  Result<void> stay_masked(const Table& before, const Table& after, std::span<const uint32_t> origins) const;
  // What is made of the key for another use; `purpose` tells the uses apart.
  Secret derived(std::string_view purpose) const;
};

// Whether the patterns mean the column, in any case.
bool fits(const Selection& columns, const Table& table, const Column& column);
// The patterns as a Selection over names in lower case.
Result<Selection> parse_columns(const std::vector<std::string>& patterns);

std::unique_ptr<Transform> make_mask(std::shared_ptr<const MaskSetup> setup);

}  // namespace sluice::mask
