// Tables as readable lines, for expectations in test data and for the comparison with a server:
//
//   shop.t charset=latin1 collation= key=id
//     id | int(11) | Int | not null
//     name | varchar(10) | VarChar(10) | null, utf8mb4, utf8mb4_bin
#pragma once

#include <string>

#include "model/catalogue.h"

namespace sluice::test {

std::string describe(const Table& table);
// Every table, in the order of their names.
std::string describe(const Catalogue& catalogue);

// Without the columns that the server hides and adds by itself.
std::string described_visible(const Catalogue& catalogue);
// The same of the catalogue that is read back from the SQL that this one is shown as, or why it is not.
std::string described_again(const Catalogue& catalogue);

}  // namespace sluice::test
