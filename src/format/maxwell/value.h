// Values as Maxwell shows them.
#pragma once

#include "format/maxwell/plan.h"
#include "format/spell.h"
#include "model/cell.h"

namespace sluice::maxwell {

// Whether the cell, which is present, is shown as null: NULL itself, the ENUM value 0 of a bad insert, and
// the zero dates where `zero_dates` says so.
inline bool shown_as_null(const Cell& cell, bool zero_dates) {
  switch (cell.kind) {
    case Kind::Null: return true;
    case Kind::Enum: return cell.u == 0;
    case Kind::Date:
    case Kind::DateTime:
    case Kind::Timestamp: return zero_dates && cell.u == 0;
    default: return false;
  }
}

// Writes a cell that is present and not shown as null. Room: kScalarBytes, the column's label_bytes, and six
// bytes for each byte the cell points to.
char* spell_value(char* out, const Cell& cell, const ColumnPlan& column, DayMemo& memo);

}  // namespace sluice::maxwell
