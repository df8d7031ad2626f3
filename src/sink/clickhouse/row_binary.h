// RowBinary: the encoder of the sink clickhouse. A message is a row as the format RowBinary has it: its
// columns, its version without the epoch (8 bytes, little-endian) and whether it is deleted (1 byte). A
// message that is no_value() says why there is none, for a refusal. Of a schema change (Op::Ddl) it is lines:
//   truncate | drop
//   rename `a` `b`, drop `c`    of columns
// The heading is a table's shape, see Shape.
#pragma once

#include <memory>

#include "format/encoder.h"
#include "sink/clickhouse/options.h"

namespace sluice::clickhouse {

constexpr size_t kVersionBytes = 9;  // at the end of a row: version and mark of deletion

std::unique_ptr<Encoder> make_row_binary(RowOptions options);

}  // namespace sluice::clickhouse
