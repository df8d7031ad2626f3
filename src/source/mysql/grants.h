// Grants as SHOW GRANTS spells them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sluice::mysql {

// Where the account may read tables: `*.*`, `shop.*`, `shop.orders`; unquoted, in the order of the lines. A
// line that gives no table privilege adds nothing.
std::vector<std::string> readable_scopes(const std::vector<std::string>& lines);

}  // namespace sluice::mysql
