// What masks make of one table version.
#pragma once

#include <optional>
#include <vector>

#include "transform/mask/mask.h"

namespace sluice::mask {

struct Plan {
  struct Column {
    uint32_t from;  // ordinal in the plain table
    MaskPtr mask;   // null: as it is
  };

  TablePtr table;       // keeps its serial from coming again
  TablePtr shaped;      // null: nothing of it is masked
  bool members = true;  // no ENUM or SET column is masked
  std::vector<Column> columns;
  std::optional<Error> error;  // why it cannot be masked

  static std::unique_ptr<Plan> make(const MaskSetup& setup, const Table& table);
  // The row as it is behind the masks, in the arena of the image.
  Result<Row> masked(const Image& image) const;
};

}  // namespace sluice::mask
