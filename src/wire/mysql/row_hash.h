// MariaDB's hidden columns DB_ROW_HASH_1, DB_ROW_HASH_2, …: one for each UNIQUE key that is too long for an
// index (MariaDB sql/sql_table.cc, add_hash_field). They stand in the log behind all other columns, but
// neither in any statement nor in information_schema.
#pragma once

#include <optional>

#include "model/gtid.h"
#include "model/table.h"

namespace sluice::mysql {

struct TableMap;

// Chooses the key, and gives the table of a MariaDB those that its UNIQUE keys have with InnoDB, and takes
// others away. Other storage engines have other limits, which only the log tells of.
void settle_keys(Table& table, Flavor flavor);

struct RowHashes {
  Table table;
  bool certain;  // no more than it has keys that may be too long
};
// The known shape with as many of them as the map has columns more than it; nothing where that is not the
// difference.
std::optional<RowHashes> with_row_hashes(const TableMap& map, const Table& known);

}  // namespace sluice::mysql
