// Values as SQL literals that every server reads as the same value, whatever its sql_mode says of
// backslashes.
#pragma once

#include <string_view>

#include "base/bytes.h"
#include "format/spell.h"
#include "format/sql/plan.h"
#include "model/cell.h"

namespace sluice::sql {

// Text in UTF-8: 'plain', _utf8mb4'Grüße', or in hexadecimal where it has backslashes or control characters.
void append_text(Bytes& out, std::string_view text);

// One thread's own.
class Literals {
 public:
  // A value to be stored in the column; of a present cell that is no JsonPatch.
  void append(Bytes& out, const Cell& cell, const ColumnPlan& column);
  // A condition that holds for exactly this value: case, trailing spaces and the types within documents
  // count.
  void append_exact(Bytes& out, const Cell& cell, const ColumnPlan& column);

 private:
  void append_set(Bytes& out, uint64_t bits, const ColumnPlan& column);
  void append_json(Bytes& out, std::string_view document);
  void append_json_text(Bytes& out, std::string_view document);

  Bytes scratch_;
  DayMemo day_;
};

}  // namespace sluice::sql
