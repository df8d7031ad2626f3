// What kinds of masks there are: each says which columns it takes and what becomes of their cells.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "base/arena.h"
#include "base/option.h"
#include "base/result.h"
#include "base/secret.h"
#include "model/cell.h"
#include "model/table.h"

namespace sluice::mask {

// The row image of a masked cell, and the change's other one, which may be none; both in plain.
struct Image {
  const Row& row;
  const Row& other;
  Arena& arena;  // of the batch
};

// One kind's for one column of one table version. The source thread's own.
class Mask {
 public:
  virtual ~Mask() = default;
  // Of a cell that has a value. What it fails with never holds the value. Allocates nothing once warm.
  virtual Result<Cell> apply(const Cell& cell, const Image& image) = 0;
  // Whether the value plays no part, so that any cell will do.
  virtual bool blind() const { return false; }
  // Whether what was changed within a document (JsonPatch) is masked, too; else it is left out.
  virtual bool patches() const { return false; }
  // Whether NULL, which stays otherwise, is masked, too.
  virtual bool nulls() const { return false; }
};

using MaskPtr = std::unique_ptr<Mask>;

// What a mask is made from.
struct Making {
  const Settings& settings;  // of the kind's options
  const Secret& key;
  const Table& table;
  uint32_t ordinal;  // of the column

  const Column& column() const { return table.columns[ordinal]; }
};

struct MaskKind {
  std::string_view name;
  std::string_view help;
  std::string_view takes;  // which columns, for people
  std::span<const Option> options;
  // Shapes `column` as it is behind the mask. A Usage fault: the column's type does not go with the kind, or
  // the settings with themselves. Null: the column stays as it is, or goes (see `drops`).
  Result<MaskPtr> (*make)(const Making& making, Column& column);
  bool drops = false;
  // What is wrong with the settings whatever the column; null: nothing can be.
  Result<void> (*check)(const Settings& settings) = nullptr;
};

std::span<const MaskKind* const> kinds();
// Null: there is none of this name.
const MaskKind* find_kind(std::string_view name);
// All names, separated by `|`, as option tables want them.
std::string_view kind_names();

}  // namespace sluice::mask
