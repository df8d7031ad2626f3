// KeyColumns: which columns are the key of a message in the place of the table's own, as message.key.columns
// says it: shop.orders:customer,day;(.*).log:host. Tables and columns are regular expressions over the whole
// name, in any case.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "model/selection.h"
#include "model/table.h"

namespace sluice::debezium {

class KeyColumns {
 public:
  static Result<KeyColumns> parse(std::string_view text);

  // Ordinals, in the order in which they are said; of a table that nothing is said of, its own key.
  std::vector<uint32_t> of(const Table& table) const;

 private:
  std::vector<Selection> columns_;  // each over `database.table` and the column
};

}  // namespace sluice::debezium
