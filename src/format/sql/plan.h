// Plan: what the statements of one table version need again and again, spelt once.
#pragma once

#include <string>
#include <vector>

#include "format/snippet.h"
#include "model/table.h"

namespace sluice::sql {

struct ColumnPlan {
  Snippet name;                     // `name`
  Snippet comma_name;               // ,`name`
  std::vector<std::string> labels;  // of Enum: literals; of Set: as they are
  std::string charset;              // empty: not known, or bytes
  bool writable = true;             // a statement may give it a value
  bool in_key = false;
};

struct Plan {
  explicit Plan(TablePtr shape);

  TablePtr table;
  std::string name;                    // `database`.`table`
  std::string insert, update, remove;  // INSERT INTO … (, UPDATE … SET, DELETE FROM … WHERE
  std::vector<ColumnPlan> columns;
  bool odd_names = false;  // names with control characters
  // Stand for statements that cannot be made.
  std::string part_of_row, part_of_document;
};

// A statement that fails with these words: nothing is passed over in silence.
std::string refusal(std::string_view what, std::string_view why);

// `name`, with what quoting asks for.
std::string quoted_name(std::string_view name);

}  // namespace sluice::sql
