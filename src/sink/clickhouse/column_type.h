// ColumnForm: what a column of a table becomes in ClickHouse.
#pragma once

#include <cstdint>
#include <string>

#include "model/table.h"
#include "sink/clickhouse/options.h"

namespace sluice::clickhouse {

// How a value is written in RowBinary.
enum class Form : uint8_t {
  Int8,  // and so on: the value's lowest bytes, little-endian
  Int16,
  Int32,
  Int64,
  Float32,
  Float64,
  Decimal,     // as many bytes as its precision needs
  Ipv4,        // a number of four bytes
  Ipv6,        // sixteen bytes, network order
  Date,        // days since 1970, two bytes
  Date32,      // days since 1970, four bytes with a sign
  DateTime,    // seconds since 1970, four bytes
  DateTime64,  // eight bytes with a sign: units of the column's fraction digits
  Uuid,
  Bytes,  // as they are, behind their number
  Text,   // the value's plain text, likewise
};

struct ColumnForm {
  Form form;
  bool nullable;
  std::string type;  // as the server spells it
};

ColumnForm form_of(const Column& column, bool in_key, const RowOptions& options);

// Between backticks.
std::string quoted_name(std::string_view name);

}  // namespace sluice::clickhouse
