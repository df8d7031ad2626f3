#include "format/debezium/schema_change.h"

#include <fmt/core.h>

#include <algorithm>
#include <cctype>

#include "format/debezium/plan.h"

namespace sluice::debezium {
namespace {

// java.sql.Types, as Debezium's readers of MySQL's and MariaDB's DDL choose them.
int jdbc_type(const Column& column) {
  switch (column.type) {
    case ColumnType::TinyInt:
    case ColumnType::SmallInt: return 5;
    case ColumnType::MediumInt:
    case ColumnType::Int:
    case ColumnType::Year: return 4;
    case ColumnType::BigInt: return -5;
    case ColumnType::Float: return 6;
    case ColumnType::Double: return 8;
    case ColumnType::Decimal: return 3;
    case ColumnType::Bit: return -7;
    case ColumnType::Date: return 91;
    case ColumnType::Time: return 92;
    case ColumnType::DateTime: return 93;
    case ColumnType::Timestamp: return 2014;
    case ColumnType::Char:
    case ColumnType::Enum:
    case ColumnType::Set: return 1;
    case ColumnType::VarChar:
    case ColumnType::TinyText:
    case ColumnType::Text:
    case ColumnType::MediumText:
    case ColumnType::LongText: return 12;
    case ColumnType::Binary: return -2;
    case ColumnType::VarBinary: return -3;
    case ColumnType::TinyBlob:
    case ColumnType::Blob:
    case ColumnType::MediumBlob:
    case ColumnType::LongBlob: return 2004;
    default: return 1111;
  }
}

// `decimal(10,2) unsigned` → `DECIMAL UNSIGNED`
std::string type_name(const Column& column) {
  std::string name = column.declared;
  if (size_t open = name.find('('); open != name.npos) {
    size_t close = name.rfind(')');
    name.erase(open, close == name.npos ? name.npos : close - open + 1);
  }
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return name;
}

// What stands between the parentheses of the declared type, where it is a number or two.
std::pair<std::string, std::string> length_and_scale(const Column& column) {
  const std::string& text = column.declared;
  size_t open = text.find('('), close = text.rfind(')');
  if (column.type == ColumnType::Enum) return {"1", "null"};
  if (column.type == ColumnType::Set) {
    size_t count = column.members.size();
    return {count == 0 ? "null" : std::to_string(2 * count - 1), "null"};
  }
  if (open == text.npos || close == text.npos || close < open) { return {"null", "null"}; }
  std::string inside = text.substr(open + 1, close - open - 1);
  size_t comma = inside.find(',');
  if (comma == inside.npos) return {inside, column.type == ColumnType::Decimal ? "0" : "null"};
  return {inside.substr(0, comma), inside.substr(comma + 1)};
}

std::string members(const Column& column) {
  if (column.type != ColumnType::Enum && column.type != ColumnType::Set) return "null";
  std::string all;
  for (const std::string& member : column.members) {
    all += (all.empty() ? "" : ",") + quoted("'" + member + "'");
  }
  return "[" + all + "]";
}

std::string column_json(const Column& column, size_t position) {
  auto [length, scale] = length_and_scale(column);
  std::string type = quoted(type_name(column));
  bool text = !column.charset.empty() && column.charset != "binary";
  return fmt::format(
      R"({{"name":{},"jdbcType":{},"nativeType":null,"typeName":{},"typeExpression":{},"charsetName":{},)"
      R"("length":{},"scale":{},"position":{},"optional":{},"autoIncremented":null,"generated":{},"comment":null,)"
      R"("defaultValueExpression":null,"enumValues":{}}})",
      quoted(column.name), jdbc_type(column), type, type, text ? quoted(column.charset) : "null", length,
      scale, position, column.nullable, column.generated, members(column));
}

std::string table_json(const Table& table) {
  std::string key, columns;
  for (uint32_t column : table.key) key += (key.empty() ? "" : ",") + quoted(table.columns[column].name);
  for (size_t i = 0; i < table.columns.size(); ++i) {
    columns += (i == 0 ? "" : ",") + column_json(table.columns[i], i + 1);
  }
  return fmt::format(
      R"({{"defaultCharsetName":{},"primaryKeyColumnNames":[{}],"columns":[{}],"comment":null}})",
      table.charset.empty() ? "null" : quoted(table.charset), key, columns);
}

}  // namespace

std::string table_changes(const Change& change, const Event& event) {
  const Table* before = event.ddl_before;
  const Table* after = change.table;
  if ((!before && !after) || before == after) return "[]";
  const Table& named = after ? *after : *before;
  std::string id = quoted(fmt::format("\"{}\".\"{}\"", named.database, named.name));
  return fmt::format(R"([{{"type":"{}","id":{},"table":{}}}])",
                     !after   ? "DROP"
                     : before ? "ALTER"
                              : "CREATE",
                     id, after ? table_json(*after) : "null");
}

}  // namespace sluice::debezium
