// Schema changes as Maxwell rows.
#pragma once

#include <string_view>

#include "base/bytes.h"
#include "model/batch.h"

namespace sluice::maxwell {

// Maxwell's word for a statement (`table-create`, `database-drop`); empty for those it shows nothing of.
std::string_view ddl_type(std::string_view sql);

// Appends the row, or nothing where Maxwell has none for such a statement.
void encode_ddl(const Batch& batch, const Change& change, bool with_position, bool with_gtid, Bytes& out);

}  // namespace sluice::maxwell
