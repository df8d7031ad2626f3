#include "sink/elasticsearch/mapping.h"

#include <string_view>

#include "format/json_text.h"

namespace sluice::elasticsearch {
namespace {

constexpr std::string_view kUnsigned = R"({"type":"unsigned_long"})", kKeyword = R"({"type":"keyword"})";

std::string_view field_of(const Column& column, const DocumentOptions& options) {
  switch (column.type) {
    case ColumnType::TinyInt:
    case ColumnType::SmallInt:
    case ColumnType::MediumInt:
    case ColumnType::Int:
    case ColumnType::Year: return R"({"type":"long"})";
    case ColumnType::BigInt: return column.is_unsigned ? kUnsigned : R"({"type":"long"})";
    case ColumnType::Bit: return column.length > 63 ? kUnsigned : R"({"type":"long"})";
    case ColumnType::Float: return R"({"type":"float"})";
    case ColumnType::Double: return R"({"type":"double"})";
    case ColumnType::Decimal: return options.decimals_as_text ? kKeyword : R"({"type":"double"})";
    case ColumnType::Date:
    case ColumnType::DateTime:
    case ColumnType::Timestamp:
      return options.zero_dates == ZeroDates::Text ? R"({"type":"keyword"})" : R"({"type":"date"})";
    case ColumnType::Char:
    case ColumnType::VarChar:
    case ColumnType::TinyText:
    case ColumnType::Text:
    case ColumnType::MediumText:
    case ColumnType::LongText:
      return R"({"type":"text","fields":{"keyword":{"type":"keyword","ignore_above":256}}})";
    case ColumnType::Binary:
    case ColumnType::VarBinary:
    case ColumnType::TinyBlob:
    case ColumnType::Blob:
    case ColumnType::MediumBlob:
    case ColumnType::LongBlob: return R"({"type":"binary"})";
    case ColumnType::Json: return R"({"type":"object","enabled":false})";
    case ColumnType::Vector: return R"({"type":"float"})";
    case ColumnType::Inet4:
    case ColumnType::Inet6: return R"({"type":"ip"})";
    case ColumnType::Geometry: return R"({"type":"keyword","index":false,"doc_values":false})";
    case ColumnType::Time:
    case ColumnType::Enum:
    case ColumnType::Set:
    case ColumnType::Uuid:
    case ColumnType::Unknown: break;
  }
  return R"({"type":"keyword","ignore_above":8191})";
}

}  // namespace

std::string mapping_of(const Table& table, const DocumentOptions& options) {
  std::string made = R"({"properties":{)";
  bool first = true;
  for (const Column& column : table.columns) {
    if (!first) made += ',';
    first = false;
    made += quoted(column.name);
    made += ':';
    made += field_of(column, options);
  }
  return made + "}}";
}

std::string with_unsigned_as_keyword(std::string mapping) {
  for (size_t at = 0; (at = mapping.find(kUnsigned, at)) != mapping.npos;) {
    mapping.replace(at, kUnsigned.size(), kKeyword);  // no name holds it, whose quotes have a \ in front
  }
  return mapping;
}

}  // namespace sluice::elasticsearch
