// Plan: what a Debezium message of one table version needs again and again, spelt once: keys, labels, and the
// schemas where they are asked for.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "format/debezium/options.h"
#include "format/json_text.h"
#include "format/snippet.h"
#include "model/table.h"

namespace sluice::debezium {

struct ColumnPlan {
  Snippet key;                       // ,"name":
  const Column* column;              // kept alive by the plan's table
  std::vector<std::string> members;  // of ENUM and SET: as they stand within a JSON string
  bool one_bit = false;              // BIT(1), a boolean
  bool point = false;                // of geometry: a POINT has x and y
};

struct Plan {
  // `connector`: mysql or mariadb.
  Plan(TablePtr shape, const Options& options, std::string_view connector);

  TablePtr table;
  std::vector<ColumnPlan> columns;
  std::vector<uint32_t> key;  // ordinals of the message's key; empty: it has none
  Snippet place;              // ,"table":"…","server_id":, of the source block
  std::string database;       // "…", quoted
  // Where schemas are asked for: {"schema":{…},"payload":
  std::string key_head, value_head;
};

}  // namespace sluice::debezium
