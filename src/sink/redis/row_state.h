// RowState: the encoder of the sink redis_cache. A message is what its script (row_script.h) is told of a row
// or a table, as an array in MessagePack:
//   h, version, index, key, n, n names of look-ups, name, value, …   a row as a hash
//   j, version, index, key, n, n names of look-ups, JSON             a row as text
//   d, version, index, key                                           a row that is gone
//   c, version, index                                                a table that was emptied
// A message that is no_value() says why there is none, for a refusal.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "format/encoder.h"
#include "sink/redis/row_keys.h"

namespace sluice::redis {

struct RowStateOptions {
  bool json = false;
  RowKey key;
  std::vector<RowKey> lookups;
  std::string index;  // before the table's name
};

std::unique_ptr<Encoder> make_row_state(RowStateOptions options);

}  // namespace sluice::redis
