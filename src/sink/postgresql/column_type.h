// PostgreSQL's types as the mirror has them: `numeric(10,2)`, `varchar(40)`, `int4`, as pg_type spells them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::postgresql {

// The type without what is in parentheses and behind: `numeric`.
std::string_view base_type(std::string_view type);

// The type of an array element or parameter whose values are assigned to such a column: the same without a
// length, so that the column's own is held to, not cut to.
std::string_view sent_type(std::string_view type);

// The number of such a type (src/include/catalog/pg_type.dat).
uint32_t type_number(std::string_view sent);

// Whether a column of the type that is there holds every value of the one wanted.
bool holds(std::string_view there, std::string_view wanted);

// Whether ALTER COLUMN … TYPE makes of each value what the source makes of it.
bool converts_alike(std::string_view from, std::string_view to);

}  // namespace sluice::postgresql
