// Cell: one value of a row, 16 bytes. Text, blobs and everything longer than eight bytes point into the
// batch's memory and live as long as the batch. Decimals, temporals and binary JSON stay as the server packed
// them: whoever spells them pays, whoever drops them does not.
#pragma once

#include <cstdint>
#include <string_view>

namespace sluice {

// What `value` holds, by kind.
enum class Kind : uint8_t {
  Missing,  // the row image does not carry this column; never to be shown as null
  Null,
  Int,      // i
  Uint,     // u
  Float,    // d, a float widened: spell it as a float
  Double,   // d
  Decimal,  // data/size: MySQL's packed decimal (strings/decimal.c, decimal2bin); precision in `aux`, scale
            // in `aux2`
  Text,  // data/size: UTF-8; where `aux` is 0, a byte that its character set does not know stands as U+DC80 +
         // (byte - 0x80); where it is 1, these are the bytes that the server stored
  Blob,  // data/size
  Date,  // u: year << 9 | month << 5 | day; any of them may be 0
  Time,  // i: sign * ((hours << 12 | minutes << 6 | seconds) << 24 | microseconds); fraction digits in `aux`
  DateTime,   // u: ((year * 13 + month) << 5 | day) << 41 | (hour << 12 | minute << 6 | second) << 24 |
              // microseconds; fraction digits in `aux`; no zone
  Timestamp,  // u: seconds since 1970 UTC << 24 | microseconds; 0 is the zero date; fraction digits in `aux`
  Year,       // u: 0 or 1901..2155
  Bit,        // u; width in bits in `aux`
  Enum,       // u: 1-based index into the column's members, 0 is the empty value of a bad insert
  Set,        // u: bit i is member i
  Json,       // data/size: MySQL's binary JSON (sql-common/json_binary.h); size 0 is JSON null
  Geometry,   // data/size: 4 bytes SRID, little-endian, then WKB
  Vector,     // data/size: 32-bit floats, little-endian
  Uuid,       // data/size: 16 bytes in the order of the text form
  Inet4,      // data/size: 4 bytes, network order
  Inet6,      // data/size: 16 bytes, network order
  JsonPatch,  // data/size: what was changed within a JSON document that the log does not carry, itself as
              // binary JSON: an array of {"op": "replace" | "insert" | "remove", "path", "value"}
};

// Whether such a cell points to bytes of its own.
constexpr bool has_bytes(Kind kind) {
  switch (kind) {
    case Kind::Decimal:
    case Kind::Text:
    case Kind::Blob:
    case Kind::Json:
    case Kind::Geometry:
    case Kind::Vector:
    case Kind::Uuid:
    case Kind::Inet4:
    case Kind::Inet6:
    case Kind::JsonPatch: return true;
    default: return false;
  }
}

struct Cell {
  uint32_t size = 0;
  Kind kind = Kind::Missing;
  uint8_t aux = 0;
  uint16_t aux2 = 0;
  union {
    int64_t i = 0;
    uint64_t u;
    double d;
    const char* data;
  };

  std::string_view bytes() const { return {data, size}; }
  bool present() const { return kind != Kind::Missing; }
  bool has_value() const { return kind > Kind::Null; }
};
static_assert(sizeof(Cell) == 16);

// Whether two present cells of one column hold the same value.
inline bool same_value(const Cell& a, const Cell& b) {
  if (a.kind != b.kind) return false;
  if (a.kind == Kind::Null) return true;
  return has_bytes(a.kind) ? a.bytes() == b.bytes() : a.u == b.u;
}

// A row image: one cell for every column of the table, in the table's order. `cells` is null where the change
// has no such image (`before` of an insert, `after` of a delete).
struct Row {
  const Cell* cells = nullptr;
  uint32_t count = 0;
  uint32_t text_bytes =
      0;  // the sum of the sizes of all cells that point to bytes: bounds what the row can become

  explicit operator bool() const { return cells != nullptr; }
  const Cell& operator[](size_t i) const { return cells[i]; }
  const Cell* begin() const { return cells; }
  const Cell* end() const { return cells + count; }
};

}  // namespace sluice
