#include "format/canal/column_type.h"

#include <fmt/core.h>

#include <iterator>

namespace sluice::canal {
namespace {

// java.sql.Types
enum : int32_t {
  kBit = -7,
  kTinyInt = -6,
  kBigInt = -5,
  kChar = 1,
  kDecimal = 3,
  kInteger = 4,
  kSmallInt = 5,
  kReal = 7,
  kDouble = 8,
  kVarChar = 12,
  kDate = 91,
  kTime = 92,
  kTimestamp = 93,
  kOther = 1111,
  kBlob = 2004,
  kClob = 2005,
};

// By ColumnType.
struct Type {
  const char* name;
  int32_t number;
};
constexpr Type kTypes[] = {
    {"unknown", kVarChar},   {"tinyint", kTinyInt},    {"smallint", kSmallInt},
    {"mediumint", kInteger}, {"int", kInteger},        {"bigint", kBigInt},
    {"float", kReal},        {"double", kDouble},      {"decimal", kDecimal},
    {"bit", kBit},           {"year", kVarChar},       {"date", kDate},
    {"time", kTime},         {"datetime", kTimestamp}, {"timestamp", kTimestamp},
    {"char", kChar},         {"varchar", kVarChar},    {"tinytext", kClob},
    {"text", kClob},         {"mediumtext", kClob},    {"longtext", kClob},
    {"binary", kBlob},       {"varbinary", kBlob},     {"tinyblob", kBlob},
    {"blob", kBlob},         {"mediumblob", kBlob},    {"longblob", kBlob},
    {"enum", kChar},         {"set", kChar},           {"json", kVarChar},
    {"geometry", kBlob},     {"vector", kVarChar},     {"uuid", kChar},
    {"inet4", kChar},        {"inet6", kChar},
};
static_assert(std::size(kTypes) == static_cast<size_t>(ColumnType::Inet6) + 1);

const Type& type_of(const Column& column) { return kTypes[static_cast<size_t>(column.type)]; }

int32_t unsigned_type(ColumnType type) {
  switch (type) {
    case ColumnType::TinyInt: return kSmallInt;
    case ColumnType::SmallInt:
    case ColumnType::MediumInt: return kInteger;
    case ColumnType::Int: return kBigInt;
    default: return kDecimal;
  }
}

bool is_integer(ColumnType type) { return type >= ColumnType::TinyInt && type <= ColumnType::BigInt; }

unsigned bits_of(ColumnType type) {
  switch (type) {
    case ColumnType::TinyInt: return 8;
    case ColumnType::SmallInt: return 16;
    case ColumnType::MediumInt: return 24;
    case ColumnType::Int: return 32;
    default: return 64;
  }
}

std::string members(const Column& column) {
  std::string all;
  for (const std::string& member : column.members) {
    all += all.empty() ? "'" : ",'";
    for (char c : member) {
      if (c == '\'') all += c;
      all += c;
    }
    all += '\'';
  }
  return all;
}

}  // namespace

std::string mysql_type(const Column& column) {
  if (!column.declared.empty()) return column.declared;
  std::string text = type_of(column).name;
  if (column.type == ColumnType::Decimal) {
    text += fmt::format("({},{})", column.precision, column.scale);
  } else if (!column.members.empty()) {
    text += fmt::format("({})", members(column));
  } else if (column.fraction_digits > 0) {
    text += fmt::format("({})", column.fraction_digits);
  } else if (column.length > 0) {
    text += fmt::format("({})", column.length);
  }
  if (column.is_unsigned) text += " unsigned";
  return text;
}

int32_t sql_type(const Column& column) {
  if (is_integer(column.type) && column.is_unsigned) return unsigned_type(column.type);
  return type_of(column).number;
}

int32_t strict_sql_type(const Column& column, const Cell& cell) {
  bool null = cell.kind == Kind::Null;
  if (is_integer(column.type)) {
    bool top_bit = cell.kind == Kind::Uint && cell.u >> (bits_of(column.type) - 1) != 0;
    return top_bit ? unsigned_type(column.type) : type_of(column).number;
  }
  if (column.type == ColumnType::Enum) return kInteger;
  if (column.type == ColumnType::Set) return null ? kBlob : kBit;
  if (column.type == ColumnType::Json && null) return kOther;
  return type_of(column).number;
}

}  // namespace sluice::canal
