// A table of the catalogue as SQL.
#pragma once

#include <string>
#include <string_view>

#include "model/table.h"

namespace sluice::mysql {

// `name` between backticks.
std::string quoted_name(std::string_view name);

// The type as the servers spell it, `varchar(20)`; where the catalogue was never told that, as near as it
// comes.
std::string type_text(const Column& column);

// CREATE TABLE with everything that the catalogue knows of the table, which read_schema() reads back as the
// same. What it does not know (defaults, other keys, the expressions of generated columns) is not there or
// stands as NULL. Columns that the server hides are left out: it adds them again.
std::string create_statement(const Table& table);

}  // namespace sluice::mysql
