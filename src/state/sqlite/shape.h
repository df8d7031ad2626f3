// The saved form of a table's shape: a version byte, then counted texts and numbers of 7 bits a byte. Small
// (a table of 30 columns is about 600 bytes), and read back with suspicion: what a damaged disk gave is a
// fault, never a wrong table.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "model/table.h"

namespace sluice::sqlite {

std::string pack(const Table& table);
Result<Table> unpack(std::string_view packed);

}  // namespace sluice::sqlite
