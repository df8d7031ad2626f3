#include "wire/mysql/create_table.h"

#include <fmt/core.h>

#include <algorithm>

namespace sluice::mysql {
namespace {

constexpr std::string_view kNames[] = {
    "",          "tinyint",   "smallint", "mediumint", "int",        "bigint",     "float",
    "double",    "decimal",   "bit",      "year",      "date",       "time",       "datetime",
    "timestamp", "char",      "varchar",  "tinytext",  "text",       "mediumtext", "longtext",
    "binary",    "varbinary", "tinyblob", "blob",      "mediumblob", "longblob",   "enum",
    "set",       "json",      "geometry", "vector",    "uuid",       "inet4",      "inet6",
};
static_assert(std::size(kNames) == static_cast<size_t>(ColumnType::Inet6) + 1);

bool is_text(ColumnType type) {
  return type == ColumnType::Char || type == ColumnType::VarChar || type == ColumnType::Enum ||
         type == ColumnType::Set || (type >= ColumnType::TinyText && type <= ColumnType::LongText);
}

std::string members(const Column& column) {
  std::string list;
  for (const std::string& member : column.members) {
    list += list.empty() ? "'" : ",'";
    for (char c : member) {
      if (c == '\'' || c == '\\') list.push_back(c);
      list.push_back(c);
    }
    list.push_back('\'');
  }
  return list;
}

// MariaDB's WITH SYSTEM VERSIONING adds these two, and row_end to the key.
bool has_hidden_period(const Table& table) {
  size_t count = table.columns.size();
  return count >= 2 && table.columns[count - 1].hidden && table.columns[count - 1].name == "row_end" &&
         table.columns[count - 2].hidden && table.columns[count - 2].name == "row_start";
}

std::string column_text(const Column& column) {
  std::string text = fmt::format("  {} {}", quoted_name(column.name), type_text(column));
  if (is_text(column.type) && !column.charset.empty()) {
    text += " CHARACTER SET " + column.charset;
    if (!column.collation.empty()) text += " COLLATE " + column.collation;
  }
  if (column.generated) text += " GENERATED ALWAYS AS (NULL)";
  text += column.nullable ? " NULL" : " NOT NULL";
  if (column.invisible) text += " INVISIBLE";
  return text;
}

// Of those that a statement names.
std::string names(const Table& table, const std::vector<uint32_t>& key) {
  std::string list;
  for (uint32_t ordinal : key) {
    const Column& column = table.columns[ordinal];
    if (!column.hidden) list += (list.empty() ? "" : ",") + quoted_name(column.name);
  }
  return list;
}

}  // namespace

std::string quoted_name(std::string_view name) {
  std::string text = "`";
  for (char c : name) {
    if (c == '`') text.push_back(c);
    text.push_back(c);
  }
  return text + "`";
}

std::string type_text(const Column& column) {
  if (!column.declared.empty()) return column.declared;
  std::string text(kNames[static_cast<size_t>(column.type)]);
  if (column.type == ColumnType::Decimal) {
    text += fmt::format("({},{})", column.precision, column.scale);
  } else if (column.type == ColumnType::Enum || column.type == ColumnType::Set) {
    text += fmt::format("({})", members(column));
  } else if (column.fraction_digits > 0) {
    text += fmt::format("({})", column.fraction_digits);
  } else if (column.length > 0) {
    text += fmt::format("({})", column.length);
  }
  if (column.is_unsigned) text += " unsigned";
  return text;
}

std::string create_statement(const Table& table) {
  std::string text =
      fmt::format("CREATE TABLE {}.{} (\n", quoted_name(table.database), quoted_name(table.name));
  std::string separator;
  for (const Column& column : table.columns) {
    if (column.hidden) continue;
    text += separator + column_text(column);
    separator = ",\n";
  }
  std::string key = table.stands_in ? std::string() : names(table, table.key);
  if (!key.empty()) text += fmt::format("{}  PRIMARY KEY ({})", separator, key);
  for (const UniqueKey& unique : table.unique) {
    if (unique.partial) continue;
    text += fmt::format("{}  UNIQUE KEY {} ({})", separator, quoted_name(unique.name),
                        names(table, unique.columns));
  }
  text += "\n)";
  if (!table.charset.empty()) text += " DEFAULT CHARSET=" + table.charset;
  if (!table.collation.empty()) text += " COLLATE=" + table.collation;
  if (has_hidden_period(table)) text += " WITH SYSTEM VERSIONING";
  return text + ";\n";
}

}  // namespace sluice::mysql
