// FlatPlan: what flat messages of one table version need again and again, spelt once.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "format/canal/options.h"
#include "format/snippet.h"
#include "model/table.h"

namespace sluice::canal {

struct FlatColumn {
  Snippet key;                  // ,"name":"
  std::vector<Snippet> labels;  // of ENUM and SET, escaped
  std::string mysql_type;       // ,"name":"int(11)"
  std::string name;             // ,"name":
  int32_t sql_type = 0;
};

struct FlatPlan {
  FlatPlan(TablePtr shape, const Options& options);

  TablePtr table;
  std::vector<FlatColumn> columns;
  size_t row_bytes = 0;  // bounds one row, without what its cells point to
  // Pieces of a message between what changes from one to the next. Those of the types are right where a row
  // has all of the table's columns.
  std::string database;     // ],"database":"shop","es":
  std::string mysql_types;  // {"id":"int(11)"}
  std::string key_names;    // ,"pkNames":["id"],"sql":"","sqlType":
  std::string sql_types;    // {"id":4}
  std::string name;         // ,"table":"t","ts":
};

}  // namespace sluice::canal
