// Maxwell's `filter`: include: shop.*, exclude: shop.audit, exclude: shop.orders.state = draft
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/row_filter.h"

namespace sluice::app {

// What no rule speaks of is there; of those that fit, the last one decides.
struct MaxwellFilter {
  std::vector<std::string> tables;  // patterns of a Selection: the tables of which some rows may be wanted
  std::shared_ptr<const RowFilter> rows;  // null: all rows of those
};
Result<MaxwellFilter> maxwell_filter(std::string_view filter);

}  // namespace sluice::app
