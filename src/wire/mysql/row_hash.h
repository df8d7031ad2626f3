// MariaDB's hidden columns DB_ROW_HASH_1, DB_ROW_HASH_2, …: one for each UNIQUE key that is too long for an
// index (MariaDB sql/sql_table.cc, add_hash_field). They stand in the log behind all other columns, but
// neither in any statement nor in information_schema.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/table.h"

namespace sluice::mysql {

struct TableMap;

// The known shape with as many of them as the map has columns more than it; nothing where that is not the
// difference.
std::optional<Table> with_row_hashes(const TableMap& map, const Table& known);
// Those of new UNIQUE keys, which are given by names of columns: of a key over a TEXT, a BLOB or a shape as a
// whole. Which others are too long is the storage engine's business.
void add_row_hashes(Table& table, const std::vector<std::vector<std::string>>& unique);

}  // namespace sluice::mysql
