// MariaDB's compressed parts of events (log_bin_compress; sql/log_event.cc, binlog_buf_compress): a byte
// (0x80, the algorithm in three bits, 0: zlib; the length's length in three), the length before compression,
// big-endian, then the compressed bytes.
#pragma once

#include <string_view>

#include "base/arena.h"
#include "base/result.h"

namespace sluice::mysql {

// What it was before, in the arena. What the length claims is held against what zlib can reach at most, so
// that memory stays in proportion to the log.
Result<std::string_view> inflate_record(std::string_view record, Arena& arena);

}  // namespace sluice::mysql
