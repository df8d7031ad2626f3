// Labels: the members of ENUM and SET columns of one table version, for a Spelling.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "model/cell.h"
#include "model/table.h"

namespace sluice::mirror {

// Appends what an Enum or Set cell says; false: its column's members are not known, or too few.
inline bool append_label(Bytes& out, const Cell& cell, const std::vector<std::string>& members) {
  if (cell.kind == Kind::Enum) {
    if (cell.u > members.size() || (members.empty() && cell.u != 0)) return false;
    if (cell.u != 0) out.append(members[cell.u - 1]);
    return true;
  }
  if (members.size() < 64 && cell.u >> members.size() != 0) return false;
  uint64_t bits = cell.u;
  for (bool first = true; bits != 0; bits &= bits - 1, first = false) {
    if (!first) out.push(',');
    out.append(members[static_cast<size_t>(std::countr_zero(bits))]);
  }
  return true;
}

}  // namespace sluice::mirror
