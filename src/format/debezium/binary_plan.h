// BinaryPlan: what Debezium's messages in Avro or Protobuf need again and again for one table version, and
// their schemas, as Confluent's converters make them of Debezium's.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "format/binary_row.h"
#include "format/debezium/options.h"

namespace sluice::debezium {

struct BinaryPlan {
  // `all_optional`: for rows that lack the value of a column which is NOT NULL.
  BinaryPlan(TablePtr shape, const Options& options, std::string_view connector, bool all_optional);

  TablePtr table;
  BinaryRowPlan row, key_row;
  std::vector<uint32_t> key;         // ordinals of the message's key; empty: it has none
  std::string value_head, key_head;  // with a registry: the heads of their schemas; else empty
  std::string deleted_tag;           // unwrapped, Protobuf: of the field __deleted
};

// The same for the records of schema changes.
struct BinaryStatementPlan {
  BinaryStatementPlan(const Options& options, std::string_view connector);
  std::string value_head, key_head;
};

// What a column becomes. `options`: Options.
ColumnShape binary_shape(const Column& column, const void* options);

}  // namespace sluice::debezium
