// Table definitions from a file of SQL: a dump by mysqldump or mariadb-dump, or CREATE TABLE statements by
// hand.
#pragma once

#include <string_view>

#include "base/result.h"
#include "model/catalogue.h"

namespace sluice::mysql {

// Puts the tables that the text leaves behind into the catalogue. What is no schema (INSERT, views, routines,
// …) is passed over at little cost. `origin` names the file in faults, which are the operator's and name the
// line. Tables without a database belong to the one of the USE before them, else to the one that the head of
// a dump names.
Result<void> read_schema(std::string_view sql, std::string_view origin, Catalogue& catalogue);

}  // namespace sluice::mysql
