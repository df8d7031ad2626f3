// Fold: of rows that are upserted and deleted one after another, what is left to do in the end. What happens
// to different keys does not depend on the order, where no other index is unique.
#pragma once

#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "mirror/target.h"

namespace sluice::mirror {

class Fold {
 public:
  // Upserts and Deletes; pointers to them stay until the next call.
  void run(std::span<const RowOp> rows) {
    removes.clear();
    upserts.clear();
    last_.clear();
    for (const RowOp& row : rows) last_[row.key] = &row;
    for (const RowOp& row : rows) {
      if (last_[row.key] == &row) (row.act == Act::Delete ? removes : upserts).push_back(&row);
    }
  }

  // To be carried out in this order.
  std::vector<const RowOp*> removes, upserts;

 private:
  std::unordered_map<std::string_view, const RowOp*> last_;
};

}  // namespace sluice::mirror
