// Types of columns as canal names them: the declared type, and the number of java.sql.Types.
#pragma once

#include <cstdint>
#include <string>

#include "model/cell.h"
#include "model/table.h"

namespace sluice::canal {

// `int(11) unsigned`: as the server spells it, or where only a log tells it, as far as that goes.
std::string mysql_type(const Column& column);

// By the declared type: an unsigned integer has the type that holds all of it; ENUM and SET are text.
int32_t sql_type(const Column& column);
// As canal (LogEventConvert, RowsLogBuffer) has it, by the value: an unsigned integer gets the larger type
// only where its highest bit is set, ENUM is a number, SET bits, and of NULL what its decoder falls back to.
int32_t strict_sql_type(const Column& column, const Cell& cell);

}  // namespace sluice::canal
