#include "sink/clickhouse/column_type.h"

#include <fmt/core.h>

namespace sluice::clickhouse {
namespace {

constexpr unsigned kMostPrecision = 76;       // of Decimal256
constexpr unsigned kMostBasicPrecision = 38;  // of Decimal128

struct Chosen {
  Form form;
  std::string type;
};

Chosen integer(Form form, unsigned bits, bool is_unsigned) {
  return {form, fmt::format("{}Int{}", is_unsigned ? "U" : "", bits)};
}

Chosen choose(const Column& column, const RowOptions& options) {
  switch (column.type) {
    case ColumnType::TinyInt: return integer(Form::Int8, 8, column.is_unsigned);
    case ColumnType::SmallInt: return integer(Form::Int16, 16, column.is_unsigned);
    case ColumnType::MediumInt:
    case ColumnType::Int: return integer(Form::Int32, 32, column.is_unsigned);
    case ColumnType::BigInt: return integer(Form::Int64, 64, column.is_unsigned);
    case ColumnType::Bit: return integer(Form::Int64, 64, true);
    case ColumnType::Year: return integer(Form::Int16, 16, true);
    case ColumnType::Float: return {Form::Float32, "Float32"};
    case ColumnType::Double: return {Form::Float64, "Float64"};
    case ColumnType::Decimal:
      if (column.precision == 0) break;
      if (column.precision > (options.basic_types ? kMostBasicPrecision : kMostPrecision)) break;
      return {Form::Decimal, fmt::format("Decimal({}, {})", column.precision, column.scale)};
    case ColumnType::Date:
      return options.basic_types ? Chosen{Form::Date, "Date"} : Chosen{Form::Date32, "Date32"};
    case ColumnType::DateTime:
    case ColumnType::Timestamp:
      if (!options.basic_types) {
        return {Form::DateTime64, fmt::format("DateTime64({}, 'UTC')", column.fraction_digits)};
      }
      if (column.fraction_digits > 0) break;
      return {Form::DateTime, "DateTime"};
    case ColumnType::Uuid: return {Form::Uuid, "UUID"};
    case ColumnType::Inet4:
      if (options.basic_types) break;
      return {Form::Ipv4, "IPv4"};
    case ColumnType::Inet6:
      if (options.basic_types) break;
      return {Form::Ipv6, "IPv6"};
    case ColumnType::Char:
    case ColumnType::VarChar:
    case ColumnType::TinyText:
    case ColumnType::Text:
    case ColumnType::MediumText:
    case ColumnType::LongText:
    case ColumnType::Binary:
    case ColumnType::VarBinary:
    case ColumnType::TinyBlob:
    case ColumnType::Blob:
    case ColumnType::MediumBlob:
    case ColumnType::LongBlob: return {Form::Bytes, "String"};
    case ColumnType::Enum:
    case ColumnType::Set:
      // Nullable goes inside.
      return {Form::Text, options.low_cardinality ? "LowCardinality" : "String"};
    default: break;
  }
  return {Form::Text, "String"};
}

}  // namespace

ColumnForm form_of(const Column& column, bool in_key, const RowOptions& options) {
  Chosen chosen = choose(column, options);
  bool nullable = column.nullable && !in_key;
  bool low = chosen.type == "LowCardinality";
  std::string type = low ? "String" : std::move(chosen.type);
  if (nullable) type = fmt::format("Nullable({})", type);
  if (low) type = fmt::format("LowCardinality({})", type);
  return {chosen.form, nullable, std::move(type)};
}

std::string quoted_name(std::string_view name) {
  std::string made = "`";
  for (char c : name) {
    switch (c) {
      case '`':
      case '\\':
        made += '\\';
        made += c;
        break;
      case '\n': made += "\\n"; break;
      case '\t': made += "\\t"; break;
      case '\r': made += "\\r"; break;
      case '\0': made += "\\0"; break;
      default: made += c;
    }
  }
  return made + '`';
}

}  // namespace sluice::clickhouse
