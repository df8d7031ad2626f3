// PacketPlan: what the entries of one table version need again and again, encoded once.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "format/canal/options.h"
#include "format/snippet.h"
#include "model/table.h"

namespace sluice::canal {

// A Column is `index`, its sqlType, `name`, what the row says of it, `mysql_type`.
struct PacketColumn {
  Snippet index;
  Snippet head;  // `index`, sqlType and `name`, where the type does not go by the value
  Snippet name;  // with isKey
  Snippet mysql_type;
  std::vector<Snippet> labels;  // of ENUM and SET
  unsigned width = 1;           // that its size takes, most of the time
};

struct PacketPlan {
  PacketPlan(TablePtr shape, const Options& options);

  TablePtr table;
  std::vector<PacketColumn> columns;
  size_t row_bytes = 0;  // bounds one row image, without what its cells point to
  std::string names;     // schemaName and tableName of the header
};

// `text` as well-formed UTF-8.
std::string utf8(std::string_view text);

}  // namespace sluice::canal
