// Plan: what a message of one table version needs again and again, and its schemas.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "format/record/columns.h"

namespace sluice::record {

struct Options {
  ColumnOptions columns;
  FieldNumbers numbers = FieldNumbers::Name;
  bool registry = false;  // messages have a head with the number of their schema
};

struct Plan {
  // `table` null: of schema changes without a table of their own, `database` and `name` are of those.
  Plan(TablePtr table, std::string_view database, std::string_view name, const Options& options);

  TablePtr table;
  BinaryRowPlan row, key_row;
  std::vector<uint32_t> key;  // ordinals; empty: messages have no key
  std::string heads[4];       // by Op: the schema's head, op, db and table
  std::string key_head;
  RecordSchema value_schema, key_schema;
};

// Protobuf's numbers of the fields of a message, in the order of Avro's.
enum Field : uint32_t {
  kOp = 1,
  kDb,
  kTable,
  kTs,
  kId,
  kBefore,
  kAfter,
  kBeforeAbsent,
  kAfterAbsent,
  kPatch,
  kStatement
};

}  // namespace sluice::record
