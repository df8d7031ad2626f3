// BinaryRowPlan: how each column of a table becomes a field of a record, Avro's or Protobuf's. Made once per
// table version, with the schema of the record; so both always fit.
#pragma once

#include <string>
#include <vector>

#include "format/record_schema.h"
#include "model/table.h"

namespace sluice {

// How a present value is written. Where a name ends in Text, as the server shows it; in Iso, with T and Z.
enum class BinaryStep : uint8_t {
  Int,       // Int, Uint, Year, Bit: as a number; beyond 2^63 negative
  Boolean,   // of BIT(1)
  BitBytes,  // the lowest first
  UnsignedDecimal,
  Float,
  Double,
  Decimal,  // the unscaled value, big-endian, in two's complement
  DecimalDouble,
  DecimalText,
  DateDays,
  DateText,
  DateIso,
  TimeMicros,
  TimeMillis,
  TimeNanos,
  TimeText,
  TimeIso,
  DateTimeMicros,
  DateTimeMillis,
  DateTimeNanos,
  DateTimeText,
  DateTimeIso,
  TimestampMicros,
  TimestampText,
  TimestampIso,  // of the zero date, the first moment of 1970
  Text,
  Bytes,
  Base64,
  Base64Url,
  Hex,
  Enum,
  Set,
  Json,
  Geometry,  // a record of wkb and srid
  Point,     // a record of x, y, wkb and srid
  Floats,
  Uuid,
  Inet4,
  Inet6,
};

// What becomes of a column.
struct ColumnShape {
  ValueSchema schema;
  BinaryStep step;
};

struct BinaryColumn {
  BinaryStep step;
  ValueSchema::Type type;
  bool nullable;
  bool decimal_record;  // a message of value, precision and scale, as confluent.type.Decimal
  uint8_t precision, scale;
  uint8_t tag_size;
  char tag[6];
  uint32_t labels_at, label_count;  // in BinaryRowPlan::labels
};

struct BinaryRowPlan {
  std::vector<BinaryColumn> columns;
  std::vector<std::string> labels;  // of Enum and Set
  size_t bound = 0;                 // of one row without its text
};

// Of which columns a record consists, and how they are called and written.
struct RowShape {
  SchemaLanguage language;
  FieldNumbers numbers;
  ColumnShape (*column)(const Column& column, const void* options);
  const void* options;
  // Every column may be null, whatever the table says.
  bool all_optional = false;
};

// Adds a field for each of `columns` to `schema`, and a step for each to `plan`. Keeps nothing.
void plan_row(const Table& table, const std::vector<uint32_t>& columns, const RowShape& shape,
              RecordSchema& schema, BinaryRowPlan& plan);
std::vector<uint32_t> all_columns(const Table& table);

}  // namespace sluice
