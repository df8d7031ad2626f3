// Maxwell's `filter`: include: shop.*, exclude: shop.audit, blacklist: other.*
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sluice::app {

// As patterns of a Selection. What no rule speaks of is there; of those that fit a table the last one
// decides.
Result<std::vector<std::string>> maxwell_tables(std::string_view filter);

}  // namespace sluice::app
