// TABLE_MAP: what the row events after it look like. Layout (libbinlogevents/include/rows_event.h):
//
//   table_id u48, flags u16, length u8, database, 0, length u8, table, 0, columns lenenc, type u8 each,
//   metadata lenenc-sized, nullable bitmap, then optional fields: type u8, length lenenc, value
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/gtid.h"
#include "model/table.h"
#include "wire/mysql/column_type.h"

namespace sluice::mysql {

class Charset;

struct MapColumn {
  WireType type;  // with String unfolded: Enum, Set or String
  uint32_t length =
      0;  // String, VarChar: most bytes; Enum, Set: bytes of the number; blobs, Json, Geometry: bytes of the
          // length prefix; Bit: bits; Float, Double: bytes; temporals: fraction digits
  uint8_t precision = 0, scale = 0;  // NewDecimal
  bool nullable = true;
  // From the optional fields:
  bool is_unsigned = false;
  bool visible = true;
  const Charset* charset = nullptr;  // null: the log does not say
  std::string name;
  std::vector<std::string> members;  // Enum and Set, UTF-8
};

struct TableMap {
  uint64_t id = 0;
  std::string database, table;
  std::vector<MapColumn> columns;
  std::vector<uint32_t> key;
  Flavor flavor = Flavor::Unknown;
  bool has_signs = false, has_names = false, has_key = false;  // which optional fields were there
};

constexpr uint32_t kMostColumns = 4096;  // the servers' own limit

// `body` is the event without header and checksum, `flavor` that of the server that wrote it.
Result<TableMap> read_table_map(std::string_view body, Flavor flavor);

// The table as the map alone tells it: with names where it has them, else @1, @2, …
Table table_of(const TableMap& map);

// Whether nobody could tell more of what the rows hold: with names and a key, and no column whose bytes may
// be one of several types.
bool tells_all(const TableMap& map);

// Why a known shape cannot be the one behind this map (count, types); nothing where it can be.
std::optional<std::string> contradiction(const TableMap& map, const Table& known);

// `known` fits the map: its names, keys and finer types with the map's signs and character sets.
Table merge(const TableMap& map, const Table& known);

}  // namespace sluice::mysql
