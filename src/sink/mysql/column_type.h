// Whether a column of a MySQL or MariaDB table, as information_schema names its type, holds what another type
// has.
#pragma once

#include <string_view>

namespace sluice::mysql {

// False where values would be another's kind, or become others without a word: a strict server refuses what
// is too large, but rounds fractions, cuts trailing spaces and fills bytes up in silence.
bool holds(std::string_view there, std::string_view wanted);

// FLOAT or DOUBLE.
bool is_real(std::string_view type);

}  // namespace sluice::mysql
