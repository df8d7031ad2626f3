// Column types as information_schema.COLUMNS.COLUMN_TYPE spells them: `int(10) unsigned`, `enum('a','b')`.
#pragma once

#include <string_view>

#include "model/table.h"

namespace sluice::mysql {

// Sets type, is_unsigned, length, precision, scale, fraction_digits, members and declared. A type that is not
// known leaves ColumnType::Unknown.
void set_declared_type(std::string_view declared, Column& column);

}  // namespace sluice::mysql
