#include "format/record/columns.h"

namespace sluice::record {
namespace {

using Step = BinaryStep;
using Type = ValueSchema::Type;

// Of a geometry: the same in both languages.
std::shared_ptr<const RecordSchema> geometry() {
  static const auto the = std::make_shared<const RecordSchema>(
      RecordSchema{.name = "Geometry",
                   .space = "sluice",
                   .fields = {{.name = "wkb", .value = {.type = Type::Bytes}},
                              {.name = "srid", .value = {.type = Type::Long}, .optional = true}}});
  return the;
}

ColumnShape text(Step step = Step::Text) { return {{.type = Type::String}, step}; }

ColumnShape unsigned_long(bool proto) {
  if (proto) return {{.type = Type::Unsigned}, Step::Int};
  return {{.type = Type::Bytes, .logical = "decimal", .precision = 20}, Step::UnsignedDecimal};
}

ColumnShape whole_number(const Column& column, bool proto) {
  switch (column.type) {
    case ColumnType::BigInt:
      return column.is_unsigned ? unsigned_long(proto) : ColumnShape{{.type = Type::Long}, Step::Int};
    case ColumnType::Int: return {{.type = column.is_unsigned ? Type::Long : Type::Int}, Step::Int};
    default: return {{.type = Type::Int}, Step::Int};
  }
}

ColumnShape moment(const Column& column, const ColumnOptions& options) {
  bool logical = options.logical_times;
  switch (column.type) {
    case ColumnType::Date:
      return logical ? ColumnShape{{.type = Type::Int, .logical = "date"}, Step::DateDays}
                     : text(Step::DateText);
    // A time may be negative or longer than a day, which time-micros may not.
    case ColumnType::Time:
      return logical ? ColumnShape{{.type = Type::Long}, Step::TimeMicros} : text(Step::TimeText);
    case ColumnType::DateTime:
      return logical ? ColumnShape{{.type = Type::Long, .logical = "local-timestamp-micros"},
                                   Step::DateTimeMicros}
                     : text(Step::DateTimeText);
    default:
      return logical ? ColumnShape{{.type = Type::Long, .logical = "timestamp-micros"}, Step::TimestampMicros}
                     : text(Step::TimestampText);
  }
}

ColumnShape made(const Column& column, const ColumnOptions& options) {
  bool proto = options.language == SchemaLanguage::Protobuf;
  switch (column.type) {
    case ColumnType::TinyInt:
    case ColumnType::SmallInt:
    case ColumnType::MediumInt:
    case ColumnType::Year:
    case ColumnType::Int:
    case ColumnType::BigInt: return whole_number(column, proto);
    case ColumnType::Bit:
      return column.length > 0 && column.length < 64 ? ColumnShape{{.type = Type::Long}, Step::Int}
                                                     : unsigned_long(proto);
    case ColumnType::Float: return {{.type = Type::Float}, Step::Float};
    case ColumnType::Double: return {{.type = Type::Double}, Step::Double};
    case ColumnType::Decimal:
      if (proto || column.precision == 0) return text(Step::DecimalText);
      return {
          {.type = Type::Bytes, .logical = "decimal", .precision = column.precision, .scale = column.scale},
          Step::Decimal};
    case ColumnType::Date:
    case ColumnType::Time:
    case ColumnType::DateTime:
    case ColumnType::Timestamp: return moment(column, options);
    case ColumnType::Binary:
    case ColumnType::VarBinary:
    case ColumnType::TinyBlob:
    case ColumnType::Blob:
    case ColumnType::MediumBlob:
    case ColumnType::LongBlob: return {{.type = Type::Bytes}, Step::Bytes};
    case ColumnType::Enum: return text(Step::Enum);
    case ColumnType::Set: return text(Step::Set);
    case ColumnType::Json: return text(Step::Json);
    case ColumnType::Geometry: return {{.type = Type::Record, .record = geometry()}, Step::Geometry};
    case ColumnType::Vector: {
      static const auto item = std::make_shared<const ValueSchema>(ValueSchema{.type = Type::Float});
      return {{.type = Type::Array, .items = item}, Step::Floats};
    }
    case ColumnType::Uuid: return text(Step::Uuid);
    case ColumnType::Inet4: return text(Step::Inet4);
    case ColumnType::Inet6: return text(Step::Inet6);
    default: return text();
  }
}

}  // namespace

ColumnShape shape_of(const Column& column, const void* options) {
  const auto& given = *static_cast<const ColumnOptions*>(options);
  ColumnShape shape = made(column, given);
  // A .proto file has no logical types.
  if (given.language == SchemaLanguage::Protobuf) shape.schema.logical.clear();
  return shape;
}

}  // namespace sluice::record
