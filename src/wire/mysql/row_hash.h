// MariaDB's hidden columns DB_ROW_HASH_1, DB_ROW_HASH_2, …: one for each UNIQUE key that is too long for an
// index (MariaDB sql/sql_table.cc, add_hash_field). They stand in the log behind all other columns, but
// neither in any statement nor in information_schema.
#pragma once

#include <optional>

#include "model/table.h"
#include "wire/mysql/table_map.h"

namespace sluice::mysql {

// The known shape with as many of them as the map has columns more than it; nothing where that is not the
// difference.
std::optional<Table> with_row_hashes(const TableMap& map, const Table& known);

}  // namespace sluice::mysql
