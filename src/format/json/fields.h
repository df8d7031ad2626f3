// Fields: the names of a message's fields, with what stands around them.
#pragma once

#include <string>
#include <vector>

#include "format/json/options.h"

namespace sluice::json {

struct Fields {
  explicit Fields(const Options& options);

  std::string op, db, table, ts;  // {"op":" and ,"db": and ,"table": and ,"ts":"
  std::string id;                 // ","id":" behind the time
  std::string source, source_name, source_server_id, source_file, source_pos, source_gtid;
  std::string tx, tx_id, tx_index, tx_last, tx_xa;
  std::string query, patch, statement;
  // Of the flat layout: the bare names of all that may stand beside the columns of a row.
  std::vector<std::string> beside;
};

}  // namespace sluice::json
