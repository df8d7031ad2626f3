#include "wire/mysql/row_hash.h"

#include <fmt/core.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "wire/mysql/ddl_column.h"
#include "wire/mysql/table_map.h"

namespace sluice::mysql {
namespace {

constexpr std::string_view kPrefix = "DB_ROW_HASH_";
// Of InnoDB with pages of 16 KB (MariaDB storage/innobase/handler/ha_innodb.cc, max_supported_key_length).
constexpr uint64_t kMostOfKey = 3072;  // bytes

bool is_row_hash(const Column& column) { return column.hidden && column.name.starts_with(kPrefix); }

bool is_lob(const Column& column) {
  return (column.type >= ColumnType::TinyText && column.type <= ColumnType::LongText) ||
         (column.type >= ColumnType::TinyBlob && column.type <= ColumnType::LongBlob) ||
         (column.type == ColumnType::Geometry && column.declared != "point");
}

bool is_sized(const Column& column) {
  return column.type >= ColumnType::Char && column.type <= ColumnType::VarBinary;
}

// Too long for an index it is of texts, bytes or shapes.
bool may_need_hash(const Table& table) {
  return std::any_of(table.columns.begin(), table.columns.end(), [](const Column& column) {
    return is_sized(column) || is_lob(column) || column.type == ColumnType::Geometry;
  });
}

bool needs_hash(const Table& table, const UniqueKey& key) {
  uint64_t all = 0;
  for (uint32_t ordinal : key.columns) {
    const Column& column = table.columns[ordinal];
    uint64_t bytes = is_sized(column) ? uint64_t{column.length} * most_bytes(column.charset) : 4;
    if (is_lob(column)) return true;
    all += bytes;
  }
  return all > kMostOfKey;
}

Column row_hash(size_t number) {
  Column column;
  column.name = fmt::format("{}{}", kPrefix, number);
  column.type = ColumnType::BigInt;
  column.declared = "bigint(20) unsigned";
  column.is_unsigned = column.invisible = column.hidden = true;
  return column;
}

size_t without_hashes(const Table& table) {
  size_t count = table.columns.size();
  while (count > 0 && is_row_hash(table.columns[count - 1])) --count;
  return count;
}

void give(Table& table, size_t hashes) {
  table.columns.resize(without_hashes(table));
  for (size_t i = 1; i <= hashes; ++i) table.columns.push_back(row_hash(i));
}

}  // namespace

void settle_keys(Table& table, Flavor flavor) {
  // The hash may be NULL, so the server never takes such a key for the primary one. No other server has them.
  size_t hashes = 0;
  std::set<std::string> passed_over;
  for (UniqueKey& key : table.unique) {
    if (!needs_hash(table, key)) continue;
    ++hashes;
    if (!std::exchange(key.partial, true)) passed_over.insert(key.name);
  }
  choose_key(table);
  for (UniqueKey& key : table.unique) {
    if (passed_over.contains(key.name)) key.partial = false;
  }
  if (flavor == Flavor::MariaDb) give(table, hashes);
}

std::optional<RowHashes> with_row_hashes(const TableMap& map, const Table& known) {
  size_t count = without_hashes(known);
  if (map.columns.size() == known.columns.size() || map.columns.size() < count || !may_need_hash(known)) {
    return std::nullopt;
  }
  for (size_t i = count; i < map.columns.size(); ++i) {
    if (map.columns[i].type != WireType::LongLong) return std::nullopt;
  }
  size_t hashes = map.columns.size() - count;
  RowHashes found{known, hashes <= known.unique.size()};
  give(found.table, hashes);
  return found;
}

}  // namespace sluice::mysql
