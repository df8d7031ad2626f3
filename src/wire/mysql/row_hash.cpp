#include "wire/mysql/row_hash.h"

#include <fmt/core.h>

#include <algorithm>
#include <string_view>

#include "wire/mysql/sql_lexer.h"
#include "wire/mysql/table_map.h"

namespace sluice::mysql {
namespace {

constexpr std::string_view kPrefix = "DB_ROW_HASH_";

bool is_row_hash(const Column& column) { return column.hidden && column.name.starts_with(kPrefix); }

// Too long for an index it is of texts, bytes or shapes.
bool may_need_hash(const Table& table) {
  return std::any_of(table.columns.begin(), table.columns.end(), [](const Column& column) {
    return (column.type >= ColumnType::Char && column.type <= ColumnType::LongBlob) ||
           column.type == ColumnType::Geometry;
  });
}

Column row_hash(size_t number) {
  Column column;
  column.name = fmt::format("{}{}", kPrefix, number);
  column.type = ColumnType::BigInt;
  column.declared = "bigint(20) unsigned";
  column.is_unsigned = column.invisible = column.hidden = true;
  return column;
}

}  // namespace

std::optional<Table> with_row_hashes(const TableMap& map, const Table& known) {
  size_t count = known.columns.size();
  while (count > 0 && is_row_hash(known.columns[count - 1])) --count;
  if (map.columns.size() == known.columns.size() || map.columns.size() < count || !may_need_hash(known)) {
    return std::nullopt;
  }
  for (size_t i = count; i < map.columns.size(); ++i) {
    if (map.columns[i].type != WireType::LongLong) return std::nullopt;
  }
  Table table = known;
  table.columns.resize(count);
  while (table.columns.size() < map.columns.size())
    table.columns.push_back(row_hash(table.columns.size() - count + 1));
  return table;
}

void add_row_hashes(Table& table, const std::vector<std::vector<std::string>>& unique) {
  auto is_long = [&](const std::string& name) {
    return std::any_of(table.columns.begin(), table.columns.end(), [&](const Column& column) {
      bool lob = (column.type >= ColumnType::TinyText && column.type <= ColumnType::LongText) ||
                 (column.type >= ColumnType::TinyBlob && column.type <= ColumnType::LongBlob) ||
                 (column.type == ColumnType::Geometry && column.declared != "point");
      return lob && equal_words(column.name, name);
    });
  };
  auto hashed = static_cast<size_t>(std::count_if(unique.begin(), unique.end(), [&](const auto& columns) {
    return std::any_of(columns.begin(), columns.end(), is_long);
  }));
  auto known = static_cast<size_t>(std::count_if(table.columns.begin(), table.columns.end(), is_row_hash));
  for (size_t i = 1; i <= hashed; ++i) table.columns.push_back(row_hash(known + i));
}

}  // namespace sluice::mysql
