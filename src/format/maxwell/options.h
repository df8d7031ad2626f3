// What the operator chooses of a Maxwell row, under Maxwell's own option names.
#pragma once

#include <cstdint>
#include <span>

#include "base/option.h"
#include "format/maxwell/names.h"

namespace sluice::maxwell {

// Of messages, for targets that have keys.
enum class KeyFormat : uint8_t {
  Hash,   // {"database":"shop","table":"orders","pk.id":1}
  Array,  // ["shop","orders",[{"id":1}]]
};

struct Options {
  bool binlog_position = false;
  bool gtid_position = false;
  bool commit_info = true;
  bool xoffset = false;
  bool nulls = true;
  bool server_id = false;
  bool thread_id = false;
  bool row_query = false;
  uint64_t row_query_max_length = 0;  // characters; 0: whole
  bool primary_keys = false;
  bool primary_key_columns = false;
  bool null_zerodates = false;
  bool ddl = false;
  Naming naming = Naming::AsIs;
  KeyFormat key_format = KeyFormat::Hash;
};

std::span<const Option> option_table();
Options read_options(const Settings& settings);

}  // namespace sluice::maxwell
