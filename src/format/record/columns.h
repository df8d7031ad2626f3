// What a column becomes in the formats avro and protobuf (docs/formats/avro.md, "Values").
#pragma once

#include "format/binary_row.h"

namespace sluice::record {

struct ColumnOptions {
  SchemaLanguage language = SchemaLanguage::Avro;
  bool logical_times = false;  // dates and times as numbers with a logical type, else as text
};

// `options`: ColumnOptions.
ColumnShape shape_of(const Column& column, const void* options);

}  // namespace sluice::record
