// Table: one version of a table's shape. Immutable once built and shared by everyone who holds a change of
// it; a DDL makes a new version with a new serial.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace sluice {

// The declared type of a column, as finely as formats need it. What a cell holds is said by its Kind.
// States save it by number: new ones go to the end.
enum class ColumnType : uint8_t {
  Unknown,
  TinyInt,
  SmallInt,
  MediumInt,
  Int,
  BigInt,
  Float,
  Double,
  Decimal,
  Bit,
  Year,
  Date,
  Time,
  DateTime,
  Timestamp,
  Char,
  VarChar,
  TinyText,
  Text,
  MediumText,
  LongText,
  Binary,
  VarBinary,
  TinyBlob,
  Blob,
  MediumBlob,
  LongBlob,
  Enum,
  Set,
  Json,
  Geometry,
  Vector,
  Uuid,
  Inet4,
  Inet6,
};

struct Column {
  std::string name;
  ColumnType type = ColumnType::Unknown;
  bool is_unsigned = false;
  bool nullable = true;
  bool generated = false;
  bool invisible = false;
  // The server's own: in the log, but neither in SELECT * nor in information_schema (MariaDB's row_start and
  // row_end of system versioning, DB_ROW_HASH_1 of a long UNIQUE).
  bool hidden = false;
  uint8_t fraction_digits = 0;       // of temporal types, 0..6
  uint8_t precision = 0, scale = 0;  // of Decimal
  uint32_t length = 0;  // of Char..VarBinary: bytes or characters as declared; of Bit: bits; 0: not known
  std::string charset;  // the server's name for it; empty for types without one, "binary" for bytes
  std::string collation;
  std::vector<std::string> members;  // of Enum and Set, UTF-8, in order; empty: not known
  std::string declared;  // the full type as the server spells it, `int(11) unsigned`; empty: not known
};

// A UNIQUE key but the primary one.
struct UniqueKey {
  std::string name;
  std::vector<uint32_t> columns;  // ordinals, in key order, of those that are in it as a whole
  bool partial = false;           // it has prefixes of columns or expressions besides, and tells no row
  bool operator==(const UniqueKey&) const = default;
};

struct Table {
  std::string database;
  std::string name;
  std::vector<Column> columns;
  std::string charset, collation;  // of a column added later that names none; empty: not known
  // Ordinals of the columns that tell a row, in key order: of the primary key, else of a UNIQUE one that
  // stands in for it (choose_key); empty: none or not known.
  std::vector<uint32_t> key;
  bool stands_in = false;
  std::vector<UniqueKey> unique;  // as far as they are known
  bool named = true;              // false: the columns' names are not known and stand as @1, @2, …
  uint64_t serial = 0;  // unique in this process: what may be planned per version is kept under this number
  std::weak_ptr<const Table> self;  // see share()
};

// Puts the unique keys into the order of the servers, those that are never null first (sql/sql_table.cc,
// sort_keys), and has the first that tells a row stand in where there is no primary key, as the servers do.
void choose_key(Table& table);

using TablePtr = std::shared_ptr<const Table>;

// Fixes a table as a version of its own, with a fresh serial. Any thread.
TablePtr freeze(Table table);
// Of a frozen table: for whoever keeps it longer than the batch of a change.
TablePtr share(const Table& table);

// `database.table` with nothing quoted: for people, not for SQL.
std::string full_name(const Table& table);

}  // namespace sluice
