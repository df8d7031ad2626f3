// Values as MessagePack (docs/formats/msgpack.md).
#pragma once

#include <string>
#include <vector>

#include "format/spell.h"
#include "model/cell.h"

namespace sluice::msgpack {

// A value that the log does not carry: nil would be a lie. Extension values of the application's own types.
enum class Extension : uint8_t {
  Missing = 0,  // one byte, 0
  Patch = 1,    // JSON text: what was changed within a document
};

struct ColumnPlan {
  std::vector<std::string> labels;  // of Enum: packed; of Set: as they are
  size_t label_bytes = 0;           // the most that the labels of one value take
};

// What a cell may take besides label_bytes and, of cells with bytes, long_bound().
constexpr size_t kCellBytes = kScalarBytes + 16;
constexpr size_t long_bound(size_t size) { return 6 * size + kCellBytes; }

// Writes the value at `out` and returns the end.
char* pack_value(char* out, const Cell& cell, const ColumnPlan& column, DayMemo& day);

}  // namespace sluice::msgpack
