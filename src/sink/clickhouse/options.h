// What the operator chose for a sink of the type clickhouse.
#pragma once

#include <string>

#include "base/option.h"
#include "net/http_nodes.h"

namespace sluice::clickhouse {

// What becomes of a change of a table's shape, and of one that is emptied or dropped.
enum class OnDdl : uint8_t { Apply, Ignore, Stop };

// What rows are made of.
struct RowOptions {
  bool basic_types = false;      // those that servers of every age have
  bool low_cardinality = false;  // of ENUM and SET
  bool null_out_of_range =
      false;  // dates that the target's type does not hold are null; else the row is refused
  std::string version_column, deleted_column;
};

struct Options {
  HttpNodesSetup nodes;
  RowOptions rows;
  size_t connections = 2;
  bool create = true;
  OnDdl ddl = OnDdl::Apply;
  // An insert of fewer rows waits until the one before is so long ago.
  size_t few_rows = 1000;
  std::chrono::milliseconds interval{1000};
};

std::span<const Option> option_table();
Result<Options> parse_options(const Settings& settings);

}  // namespace sluice::clickhouse
