// MariaDB's compressed parts of events (log_bin_compress; sql/log_event.cc, binlog_buf_compress) and values
// of COMPRESSED columns (sql/field_comp.cc): a byte (0x80, the algorithm in three bits, 0: zlib; 0x08:
// without zlib's own frame; the length's length in three), the length before compression, big-endian, then
// the compressed bytes.
#pragma once

#include <string_view>

#include "base/arena.h"
#include "base/result.h"

namespace sluice::mysql {

// What it was before, in the arena. What the length claims is held against what zlib can reach at most, so
// that memory stays in proportion to the log.
Result<std::string_view> inflate_record(std::string_view record, Arena& arena);
// Of a column: it may also be empty, or a byte 0 and the value as it is.
Result<std::string_view> inflate_value(std::string_view stored, Arena& arena);

}  // namespace sluice::mysql
