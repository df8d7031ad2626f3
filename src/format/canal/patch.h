// Updates within JSON documents (binlog_row_value_options=PARTIAL_JSON) as the expression that canal shows.
#pragma once

#include <string_view>

#include "base/bytes.h"

namespace sluice::canal {

// JSON_REMOVE(JSON_REPLACE(@doc, '$.a', 1, '$.b', 2), '$.c') of what a cell of JsonPatch holds, as compact
// JSON text. Text of another form is appended as it is.
void append_patch(Bytes& out, std::string_view column, std::string_view steps);

}  // namespace sluice::canal
