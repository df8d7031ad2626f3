#include "wire/mysql/table_map.h"

#include <algorithm>
#include <bitset>

#include "base/cursor.h"
#include "wire/mysql/charset.h"

namespace sluice::mysql {
namespace {

// Optional metadata fields (Table_map_log_event::Optional_metadata_field_type).
enum Field : uint8_t {
  kSignedness = 1,
  kDefaultCharset = 2,
  kColumnCharset = 3,
  kColumnName = 4,
  kSetMembers = 5,
  kEnumMembers = 6,
  kGeometryType = 7,
  kSimpleKey = 8,
  kKeyWithPrefix = 9,
  kEnumSetDefaultCharset = 10,
  kEnumSetColumnCharset = 11,
  kVisibility = 12,
};

// Those that have a bit in the signedness field. YEAR is one: both servers' Field_year is a kind of TINYINT.
bool is_numeric(WireType type) {
  switch (type) {
    case WireType::Year:
    case WireType::Tiny:
    case WireType::Short:
    case WireType::Int24:
    case WireType::Long:
    case WireType::LongLong:
    case WireType::NewDecimal:
    case WireType::Float:
    case WireType::Double: return true;
    default: return false;
  }
}

bool is_character(WireType type) {
  switch (type) {
    case WireType::String:
    case WireType::VarString:
    case WireType::VarChar:
    case WireType::VarCharCompressed:
    case WireType::TinyBlob:
    case WireType::MediumBlob:
    case WireType::LongBlob:
    case WireType::Blob:
    case WireType::BlobCompressed:
    case WireType::Vector: return true;  // VECTOR is there as a blob, with the character set binary
    default: return false;
  }
}

// MariaDB counts geometry among the columns with a character set (its sql/field.h,
// Field_blob::binlog_type_info), MySQL does not.
bool is_mariadb_character(WireType type) { return type == WireType::Geometry || is_character(type); }

bool is_enum_or_set(WireType type) { return type == WireType::Enum || type == WireType::Set; }

// The metadata bytes of one column (Field::save_field_metadata and its overrides in the server's
// sql/field.cc).
void read_column_metadata(Cursor& in, MapColumn& column) {
  switch (column.type) {
    case WireType::Float:
    case WireType::Double:
    case WireType::TinyBlob:
    case WireType::MediumBlob:
    case WireType::LongBlob:
    case WireType::Blob:
    case WireType::BlobCompressed:
    case WireType::Geometry:
    case WireType::Json:
    case WireType::Vector:
    case WireType::Timestamp2:
    case WireType::DateTime2:
    case WireType::Time2: column.length = in.u8(); break;
    case WireType::VarChar:
    case WireType::VarCharCompressed: column.length = in.u16(); break;
    case WireType::Bit: {
      uint8_t bits = in.u8();
      column.length = bits + 8u * in.u8();
      break;
    }
    case WireType::NewDecimal:
      column.precision = in.u8();
      column.scale = in.u8();
      break;
    case WireType::Enum:
    case WireType::Set:
    case WireType::VarString:
    case WireType::String: {
      // A CHAR of more than 255 bytes hides the high bits of its length, inverted, in those of its type.
      uint8_t real = in.u8();
      uint8_t low = in.u8();
      if ((real & 0x30) != 0x30) {
        column.type = WireType::String;
        column.length = low | static_cast<uint32_t>((real & 0x30) ^ 0x30) << 4;
      } else {
        column.type = static_cast<WireType>(real);
        column.length = low;
      }
      break;
    }
    default: break;
  }
}

bool sane(const MapColumn& column) {
  switch (column.type) {
    case WireType::TinyBlob:
    case WireType::MediumBlob:
    case WireType::LongBlob:
    case WireType::Blob:
    case WireType::BlobCompressed:
    case WireType::Geometry:
    case WireType::Json:
    case WireType::Vector: return column.length >= 1 && column.length <= 4;
    case WireType::Float: return column.length == 4;
    case WireType::Double: return column.length == 8;
    case WireType::Bit: return column.length >= 1 && column.length <= 64;
    case WireType::NewDecimal:
      return column.precision >= 1 && column.precision <= 65 && column.scale <= column.precision &&
             column.scale <= 38;
    case WireType::Enum: return column.length == 1 || column.length == 2;
    case WireType::Set: return column.length >= 1 && column.length <= 8;
    case WireType::Timestamp2:
    case WireType::DateTime2:
    case WireType::Time2: return column.length <= 6;
    default: return true;
  }
}

// Walks the columns that a field speaks of, in order.
template <class Wanted, class Visit>
void each(TableMap& map, Wanted wanted, Visit visit) {
  for (MapColumn& column : map.columns) {
    if (wanted(column.type)) visit(column);
  }
}

void read_default_charset(Cursor& in, TableMap& map, bool (*wanted)(WireType)) {
  const Charset* fallback = charset_by_collation(static_cast<uint32_t>(in.length_encoded()));
  std::vector<MapColumn*> columns;
  each(map, wanted, [&](MapColumn& column) {
    column.charset = fallback;
    columns.push_back(&column);
  });
  while (!in.done() && !in.bad()) {
    uint64_t index = in.length_encoded();
    const Charset* charset = charset_by_collation(static_cast<uint32_t>(in.length_encoded()));
    if (index >= columns.size()) return in.fail();
    columns[index]->charset = charset;
  }
}

void read_members(Cursor& in, TableMap& map, WireType type) {
  each(
      map, [&](WireType t) { return t == type; },
      [&](MapColumn& column) {
        uint64_t count = in.length_encoded();
        if (count > in.left()) return in.fail();  // each takes a byte at least
        column.members.clear();
        for (uint64_t i = 0; i < count; ++i) column.members.emplace_back(in.bytes(in.length_encoded()));
      });
}

void read_bits(Cursor& in, TableMap& map, bool (*wanted)(WireType), bool MapColumn::*field) {
  size_t bit = 0;
  uint8_t byte = 0;
  each(map, wanted, [&](MapColumn& column) {
    if (bit % 8 == 0) byte = in.u8();
    column.*field = byte >> (7 - bit % 8) & 1;
    ++bit;
  });
}

void read_key(Cursor& in, TableMap& map, bool with_prefix) {
  map.has_key = true;
  while (!in.done() && !in.bad()) {
    uint64_t index = in.length_encoded();
    if (with_prefix) in.length_encoded();
    if (index >= map.columns.size()) return in.fail();
    map.key.push_back(static_cast<uint32_t>(index));
  }
}

void read_field(uint8_t type, Cursor& in, TableMap& map, Flavor flavor) {
  auto character = flavor == Flavor::MariaDb ? is_mariadb_character : is_character;
  auto character_charset = [&](bool (*wanted)(WireType)) {
    each(map, wanted, [&](MapColumn& column) {
      column.charset = charset_by_collation(static_cast<uint32_t>(in.length_encoded()));
    });
  };
  switch (type) {
    case kSignedness: map.has_signs = true; return read_bits(in, map, is_numeric, &MapColumn::is_unsigned);
    case kDefaultCharset: return read_default_charset(in, map, character);
    case kColumnCharset: return character_charset(character);
    case kColumnName:
      map.has_names = true;
      for (MapColumn& column : map.columns) column.name = in.bytes(in.length_encoded());
      return;
    case kSetMembers: return read_members(in, map, WireType::Set);
    case kEnumMembers: return read_members(in, map, WireType::Enum);
    case kSimpleKey:
    case kKeyWithPrefix: return read_key(in, map, type == kKeyWithPrefix);
    case kEnumSetDefaultCharset: return read_default_charset(in, map, is_enum_or_set);
    case kEnumSetColumnCharset: return character_charset(is_enum_or_set);
    case kVisibility:
      return read_bits(
          in, map, [](WireType) { return true; }, &MapColumn::visible);
    default:  // geometry kinds, vector sizes and what newer servers add: the values do not need them
      return;
  }
}

// Members come in the column's own character set.
void members_to_utf8(TableMap& map) {
  for (MapColumn& column : map.columns) {
    if (!column.charset || column.charset->is_utf8() || column.charset->is_binary()) continue;
    for (std::string& member : column.members) {
      std::string converted(column.charset->max_utf8_size(member.size()), '\0');
      uint64_t invalid = 0;
      char* end = column.charset->to_utf8(member, converted.data(), invalid);
      converted.resize(static_cast<size_t>(end - converted.data()));
      member = std::move(converted);
    }
  }
}

ColumnType blob_type(const MapColumn& column, bool binary) {
  constexpr ColumnType texts[] = {ColumnType::TinyText, ColumnType::Text, ColumnType::MediumText,
                                  ColumnType::LongText};
  constexpr ColumnType blobs[] = {ColumnType::TinyBlob, ColumnType::Blob, ColumnType::MediumBlob,
                                  ColumnType::LongBlob};
  return (binary ? blobs : texts)[(column.length - 1) & 3];
}

// The declared type as far as the wire tells it. Where the character set is not known, text and bytes cannot
// be told apart: the column then counts as bytes for blobs, as text for the others, which is what most tables
// mean.
ColumnType column_type(const MapColumn& column) {
  bool binary = column.charset && column.charset->is_binary();
  switch (column.type) {
    case WireType::Tiny: return ColumnType::TinyInt;
    case WireType::Short: return ColumnType::SmallInt;
    case WireType::Int24: return ColumnType::MediumInt;
    case WireType::Long: return ColumnType::Int;
    case WireType::LongLong: return ColumnType::BigInt;
    case WireType::Float: return ColumnType::Float;
    case WireType::Double: return ColumnType::Double;
    case WireType::NewDecimal: return ColumnType::Decimal;
    case WireType::Timestamp:
    case WireType::Timestamp2: return ColumnType::Timestamp;
    case WireType::Date:
    case WireType::NewDate: return ColumnType::Date;
    case WireType::Time:
    case WireType::Time2: return ColumnType::Time;
    case WireType::DateTime:
    case WireType::DateTime2: return ColumnType::DateTime;
    case WireType::Year: return ColumnType::Year;
    case WireType::Bit: return ColumnType::Bit;
    case WireType::VarChar:
    case WireType::VarCharCompressed:
    case WireType::VarString: return binary ? ColumnType::VarBinary : ColumnType::VarChar;
    case WireType::String: return binary ? ColumnType::Binary : ColumnType::Char;
    case WireType::Enum: return ColumnType::Enum;
    case WireType::Set: return ColumnType::Set;
    case WireType::TinyBlob:
    case WireType::MediumBlob:
    case WireType::LongBlob:
    case WireType::Blob:
    case WireType::BlobCompressed: return blob_type(column, !column.charset || binary);
    case WireType::Json: return ColumnType::Json;
    case WireType::Geometry: return ColumnType::Geometry;
    case WireType::Vector: return ColumnType::Vector;
    default: return ColumnType::Unknown;
  }
}

bool fits(const MapColumn& column, const Column& known) {
  ColumnType type = known.type;
  auto among = [&](std::initializer_list<ColumnType> types) {
    for (ColumnType t : types) {
      if (t == type) return true;
    }
    return false;
  };
  switch (column.type) {
    case WireType::NewDecimal:
      return type == ColumnType::Decimal &&
             (known.precision == 0 || (known.precision == column.precision && known.scale == column.scale));
    case WireType::VarChar:
    case WireType::VarCharCompressed:
    case WireType::VarString:
      return among({ColumnType::VarChar, ColumnType::VarBinary, ColumnType::Vector, ColumnType::Char,
                    ColumnType::Binary});
    case WireType::String:
      return among(
          {ColumnType::Char, ColumnType::Binary, ColumnType::Uuid, ColumnType::Inet4, ColumnType::Inet6});
    case WireType::TinyBlob:
    case WireType::MediumBlob:
    case WireType::LongBlob:
    case WireType::Blob:
    case WireType::BlobCompressed:
      return blob_type(column, true) == type || blob_type(column, false) == type ||
             (type == ColumnType::Json && column.length == 4);
    default: return column_type(column) == type;
  }
}

}  // namespace

Result<TableMap> read_table_map(std::string_view body, Flavor flavor) {
  Cursor in(body);
  TableMap map;
  map.flavor = flavor;
  map.id = in.u48();
  in.u16();
  map.database = in.bytes(in.u8());
  in.u8();
  map.table = in.bytes(in.u8());
  in.u8();
  uint64_t count = in.length_encoded();
  if (count > kMostColumns)
    return fatal("the table map of {}.{} claims {} columns, more than any server allows", map.database,
                 map.table, count);
  std::string_view types = in.bytes(count);
  Cursor metadata(in.bytes(in.length_encoded()));
  std::string_view nullable = in.bytes((count + 7) / 8);
  if (in.bad()) return fatal("the table map of {}.{} is cut short", map.database, map.table);
  map.columns.resize(count);
  for (size_t i = 0; i < count; ++i) {
    MapColumn& column = map.columns[i];
    column.type = static_cast<WireType>(static_cast<uint8_t>(types[i]));
    column.nullable = static_cast<uint8_t>(nullable[i / 8]) >> (i % 8) & 1;
    read_column_metadata(metadata, column);
    if (metadata.bad() || !sane(column)) {
      return fatal("the table map of {}.{} says nonsense of column {} (type {})", map.database, map.table,
                   i + 1, static_cast<int>(column.type));
    }
  }
  std::bitset<256> seen;
  while (!in.done() && !in.bad()) {
    uint8_t type = in.u8();
    Cursor field(in.bytes(in.length_encoded()));
    if (in.bad()) break;
    if (seen[type])  // each walks all columns: a map full of them would take for ever
      return fatal("the table map of {}.{} has the optional field {} twice", map.database, map.table, type);
    seen.set(type);
    read_field(type, field, map, flavor);
    if (field.bad())
      return fatal("the table map of {}.{} has a malformed optional field of type {}", map.database,
                   map.table, type);
  }
  if (in.bad())
    return fatal("the optional fields of the table map of {}.{} are cut short", map.database, map.table);
  for (MapColumn& column : map.columns) {
    if (column.type == WireType::Geometry || column.type == WireType::Vector) column.charset = nullptr;
  }
  members_to_utf8(map);
  return map;
}

Table table_of(const TableMap& map) {
  Table table;
  table.database = map.database;
  table.name = map.table;
  table.key = map.key;
  table.named = map.has_names;
  table.columns.reserve(map.columns.size());
  for (const MapColumn& from : map.columns) {
    Column column;
    column.name = map.has_names ? from.name : fmt::format("@{}", table.columns.size() + 1);
    column.type = column_type(from);
    column.is_unsigned = from.is_unsigned;
    column.nullable = from.nullable;
    column.invisible = !from.visible;
    column.hidden = map.flavor == Flavor::MariaDb && from.type == WireType::LongLong &&
                    from.name.starts_with("DB_ROW_HASH_");
    column.precision = from.precision;
    column.scale = from.scale;
    column.members = from.members;
    if (from.charset) column.charset = from.charset->name();
    switch (from.type) {
      case WireType::Timestamp2:
      case WireType::DateTime2:
      case WireType::Time2: column.fraction_digits = static_cast<uint8_t>(from.length); break;
      case WireType::Bit:
      case WireType::String:
      case WireType::VarChar:
      case WireType::VarString: column.length = from.length; break;
      default: break;
    }
    table.columns.push_back(std::move(column));
  }
  return table;
}

// Of a table without a primary key the log names no key, though another one may tell its rows. MariaDB keeps
// UUID, INET4, INET6 and VECTOR as bytes.
bool tells_all(const TableMap& map) {
  if (!map.has_names || !map.has_key) return false;
  if (map.flavor != Flavor::MariaDb) return true;
  return std::none_of(map.columns.begin(), map.columns.end(), [](const MapColumn& column) {
    if (column.charset && !column.charset->is_binary()) return false;
    if (column.type == WireType::String) return column.length == 4 || column.length == 16;
    bool sized = column.type == WireType::VarChar || column.type == WireType::VarString;
    return sized && column.length % 4 == 0;
  });
}

std::optional<std::string> contradiction(const TableMap& map, const Table& known) {
  if (map.columns.size() != known.columns.size()) {
    return fmt::format("the log has {} columns, the known table has {}", map.columns.size(),
                       known.columns.size());
  }
  for (size_t i = 0; i < map.columns.size(); ++i) {
    const Column& column = known.columns[i];
    if (map.has_names && map.columns[i].name != column.name) {
      return fmt::format("the log calls column {} `{}`, the known table calls it `{}`", i + 1,
                         map.columns[i].name, column.name);
    }
    if (!fits(map.columns[i], column)) {
      return fmt::format("column {} `{}` has another type in the log (code {})", i + 1, column.name,
                         static_cast<int>(map.columns[i].type));
    }
  }
  return std::nullopt;
}

Table merge(const TableMap& map, const Table& known) {
  Table table = table_of(map);
  table.named = known.named || map.has_names;
  if (!map.has_key && table.key.empty()) {
    table.key = known.key;
    table.stands_in = known.stands_in;
  }
  for (size_t i = 0; i < table.columns.size(); ++i) {
    Column& column = table.columns[i];
    const Column& from = known.columns[i];
    if (!map.has_names) column.name = from.name;
    if (!map.has_signs) column.is_unsigned = from.is_unsigned;
    if (!map.columns[i].charset) column.charset = from.charset;
    if (column.members.empty()) column.members = from.members;
    if (column.fraction_digits == 0) column.fraction_digits = from.fraction_digits;
    // What the log says outweighs the catalogue, but it cannot tell a UUID from bytes nor text from bytes
    // without a character set.
    if (!map.columns[i].charset || from.type == ColumnType::Uuid || from.type == ColumnType::Inet4 ||
        from.type == ColumnType::Inet6 || from.type == ColumnType::Vector || from.type == ColumnType::Json) {
      column.type = from.type;
    }
    if (from.length) column.length = from.length;
    column.generated = from.generated;
    column.invisible = column.invisible || from.invisible;
    column.hidden = column.hidden || from.hidden;
    column.collation = from.collation;
    column.declared = from.declared;
  }
  return table;
}

}  // namespace sluice::mysql
