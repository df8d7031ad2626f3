#include "wire/mysql/rows.h"

#include <bit>
#include <cstring>

#include "base/check.h"
#include "base/cursor.h"
#include "wire/mysql/charset.h"

namespace sluice::mysql {
namespace {

constexpr uint16_t kStatementEnd = 0x1;

template <class T>
T load(const char* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}
uint32_t load24(const char* at) {
  return load<uint16_t>(at) | static_cast<uint32_t>(static_cast<uint8_t>(at[2])) << 16;
}
uint32_t big16(const char* at) { return __builtin_bswap16(load<uint16_t>(at)); }
uint32_t big24(const char* at) { return big16(at) << 8 | static_cast<uint8_t>(at[2]); }
uint32_t big32(const char* at) { return __builtin_bswap32(load<uint32_t>(at)); }
uint64_t big(const char* at, size_t n) {
  uint64_t value = 0;
  for (size_t i = 0; i < n; ++i) value = value << 8 | static_cast<uint8_t>(at[i]);
  return value;
}
// n is 1 to 8; the small sizes are what lengths and enums have.
inline uint64_t little(const char* at, size_t n) {
  switch (n) {
    case 1: return load<uint8_t>(at);
    case 2: return load<uint16_t>(at);
    case 3: return load24(at);
    case 4: return load<uint32_t>(at);
    default: {
      uint64_t value = 0;
      std::memcpy(&value, at, n);
      return value;
    }
  }
}

// Bytes of a packed decimal (strings/decimal.c, decimal_bin_size): nine digits in four bytes, fewer in fewer.
uint8_t decimal_bytes(uint8_t precision, uint8_t scale) {
  constexpr uint8_t of_digits[] = {0, 1, 1, 2, 2, 3, 3, 4, 4, 4};
  unsigned whole = precision - scale;
  return static_cast<uint8_t>(whole / 9 * 4 + of_digits[whole % 9] + scale / 9 * 4 + of_digits[scale % 9]);
}

uint8_t fraction_bytes(uint32_t digits) { return static_cast<uint8_t>((digits + 1) / 2); }

// Fractions are stored in as many bytes as their digits need, as hundredths, ten-thousandths or millionths.
inline uint64_t fraction_us(const char* at, uint8_t bytes) {
  switch (bytes) {
    case 1: return load<uint8_t>(at) * 10000u;
    case 2: return big16(at) * 100;
    case 3: return big24(at);
    default: return 0;
  }
}

// sql-common/my_time.cc, my_time_packed_from_binary: the stored integer is offset so that bytes sort like
// values; a negative value's fraction counts from the integer below.
int64_t time_packed(const char* at, uint8_t bytes) {
  if (bytes == 3) return static_cast<int64_t>(big(at, 6)) - 0x800000000000LL;
  int64_t whole = static_cast<int64_t>(big(at, 3)) - 0x800000;
  int64_t fraction = 0;
  if (bytes > 0) {
    fraction = static_cast<int64_t>(big(at + 3, bytes));
    if (whole < 0 && fraction) {
      ++whole;
      fraction -= bytes == 1 ? 0x100 : 0x10000;
    }
    fraction *= bytes == 1 ? 10000 : 100;
  }
  return whole * (1LL << 24) + fraction;
}

uint64_t datetime_packed(uint64_t year, uint64_t month, uint64_t day, uint64_t hour, uint64_t minute,
                         uint64_t second) {
  return ((year * 13 + month) << 5 | day) << 41 | (hour << 12 | minute << 6 | second) << 24;
}

// Before 5.6.4: YYYYMMDDhhmmss as one decimal number.
uint64_t old_datetime(uint64_t n) {
  uint64_t date = n / 1000000, time = n % 1000000;
  return datetime_packed(date / 10000, date / 100 % 100, date % 100, time / 10000, time / 100 % 100,
                         time % 100);
}

// Before 5.6.4: ±hhmmss as one decimal number in three bytes.
int64_t old_time(uint32_t raw) {
  int64_t n = static_cast<int32_t>(raw << 8) >> 8;
  int64_t magnitude = n < 0 ? -n : n;
  int64_t packed = (magnitude / 10000 << 12 | magnitude / 100 % 100 << 6 | magnitude % 100) << 24;
  return n < 0 ? -packed : packed;
}

}  // namespace

Result<RowPlan> RowPlan::make(const TableMap& map, const Table& table) {
  CHECK(map.columns.size() == table.columns.size());
  RowPlan plan;
  plan.steps_.reserve(map.columns.size());
  for (size_t i = 0; i < map.columns.size(); ++i) {
    const MapColumn& wire = map.columns[i];
    const Column& column = table.columns[i];
    bool is_unsigned = column.is_unsigned;
    Step step{};
    auto text = [&](bool binary, Take take, uint8_t prefix) {
      step.take = take;
      step.width = prefix;
      step.kind = binary ? Kind::Blob : Kind::Text;
      if (!binary && !column.charset.empty()) {
        const Charset* charset = charset_by_name(column.charset);
        if (charset && !charset->is_utf8() && !charset->is_binary()) step.convert = charset;
      }
    };
    auto number = [&](Take with_sign, Take without, uint8_t width) {
      step.take = is_unsigned ? without : with_sign;
      step.kind = is_unsigned ? Kind::Uint : Kind::Int;
      step.width = width;
    };
    switch (wire.type) {
      case WireType::Tiny: number(Take::Int8, Take::Uint8, 1); break;
      case WireType::Short: number(Take::Int16, Take::Uint16, 2); break;
      case WireType::Int24: number(Take::Int24, Take::Uint24, 3); break;
      case WireType::Long: number(Take::Int32, Take::Uint32, 4); break;
      case WireType::LongLong: number(Take::Int64, Take::Uint64, 8); break;
      case WireType::Float: step = {Take::Float, 4, 0, 0, 0, Kind::Float}; break;
      case WireType::Double: step = {Take::Double, 8, 0, 0, 0, Kind::Double}; break;
      case WireType::NewDecimal:
        step = {Take::Decimal, decimal_bytes(wire.precision, wire.scale), wire.precision, wire.scale, 0,
                Kind::Decimal};
        break;
      case WireType::Year: step = {Take::Year, 1, 0, 0, 0, Kind::Year}; break;
      case WireType::Date:
      case WireType::NewDate: step = {Take::Date, 3, 0, 0, 0, Kind::Date}; break;
      case WireType::Time: step = {Take::OldTime, 3, 0, 0, 0, Kind::Time}; break;
      case WireType::DateTime: step = {Take::OldDateTime, 8, 0, 0, 0, Kind::DateTime}; break;
      case WireType::Timestamp: step = {Take::OldTimestamp, 4, 0, 0, 0, Kind::Timestamp}; break;
      case WireType::Timestamp2:
        step = {Take::Timestamp, fraction_bytes(wire.length), static_cast<uint8_t>(wire.length), 0, 0,
                Kind::Timestamp};
        break;
      case WireType::DateTime2:
        step = {Take::DateTime, fraction_bytes(wire.length), static_cast<uint8_t>(wire.length), 0, 0,
                Kind::DateTime};
        break;
      case WireType::Time2:
        step = {Take::Time, fraction_bytes(wire.length), static_cast<uint8_t>(wire.length), 0, 0, Kind::Time};
        break;
      case WireType::Bit:
        step = {
            Take::Bit, static_cast<uint8_t>((wire.length + 7) / 8), static_cast<uint8_t>(wire.length), 0, 0,
            Kind::Bit};
        break;
      case WireType::Enum: step = {Take::Enum, static_cast<uint8_t>(wire.length), 0, 0, 0, Kind::Enum}; break;
      case WireType::Set: step = {Take::Set, static_cast<uint8_t>(wire.length), 0, 0, 0, Kind::Set}; break;
      case WireType::VarChar:
      case WireType::VarString:
        text(column.type == ColumnType::VarBinary, Take::Short, wire.length < 256 ? 1 : 2);
        if (column.type == ColumnType::Vector) step = {Take::Short, step.width, 0, 0, 0, Kind::Vector};
        break;
      case WireType::String: {
        uint8_t prefix = wire.length < 256 ? 1 : 2;
        text(column.type == ColumnType::Binary, Take::Short, prefix);
        auto fixed = [&](Kind kind) {
          step = {Take::Fixed, prefix, 0, 0, static_cast<uint16_t>(wire.length), kind};
        };
        // The log strips the zeros at a BINARY's end, SELECT shows them.
        if (column.type == ColumnType::Binary) fixed(Kind::Blob);
        if (column.type == ColumnType::Uuid && wire.length == 16) fixed(Kind::Uuid);
        if (column.type == ColumnType::Inet4 && wire.length == 4) fixed(Kind::Inet4);
        if (column.type == ColumnType::Inet6 && wire.length == 16) fixed(Kind::Inet6);
        break;
      }
      case WireType::TinyBlob:
      case WireType::MediumBlob:
      case WireType::LongBlob:
      case WireType::Blob: {
        bool is_text = column.type == ColumnType::TinyText || column.type == ColumnType::Text ||
                       column.type == ColumnType::MediumText || column.type == ColumnType::LongText ||
                       column.type == ColumnType::Json;
        text(!is_text, Take::Long, static_cast<uint8_t>(wire.length));
        break;
      }
      case WireType::Json: step = {Take::Json, static_cast<uint8_t>(wire.length), 0, 0, 0, Kind::Json}; break;
      case WireType::Geometry:
        step = {Take::Geometry, static_cast<uint8_t>(wire.length), 0, 0, 0, Kind::Geometry};
        break;
      case WireType::Vector:
        step = {Take::Vector, static_cast<uint8_t>(wire.length), 0, 0, 0, Kind::Vector};
        break;
      default:
        return fatal(
            "column `{}` of {}.{} has type code {} in the log, which this version does not understand",
            column.name, table.database, table.name, static_cast<int>(wire.type));
    }
    plan.steps_.push_back(step);
  }
  return plan;
}

RowPlan::Image::Image(const RowPlan& plan, std::string_view bitmap)
    : bits_(reinterpret_cast<const uint8_t*>(bitmap.data())) {
  for (size_t i = 0; i < plan.columns(); ++i) present_ += has(i);
  full_ = present_ == plan.columns();
}

const char* RowPlan::convert(const Step& step, Arena& arena, Cell& cell, uint64_t& invalid, const char* after,
                             uint32_t& converted) {
  size_t bound = step.convert->max_utf8_size(cell.size);
  if (bound > UINT32_MAX / 2) return nullptr;
  char* place = arena.allocate(bound);
  char* end = step.convert->to_utf8(cell.bytes(), place, invalid);
  auto size = static_cast<size_t>(end - place);
  arena.trim(place, bound, size);
  cell.data = place;
  cell.size = static_cast<uint32_t>(size);
  converted += cell.size;
  return after;
}

[[gnu::always_inline]] inline const char* RowPlan::take(const Step& step, const char* at, const char* end,
                                                        Arena& arena, Cell& cell, uint32_t& converted,
                                                        uint64_t& invalid) const {
  auto left = static_cast<size_t>(end - at);
  cell.kind = step.kind;
  cell.aux = step.aux;
  cell.aux2 = step.aux2;
  auto fits = [&](size_t n) { return __builtin_expect(left >= n, 1); };
  // Bytes behind a length prefix of step.width.
  auto sized = [&](size_t size) -> const char* {
    if (!fits(step.width + size)) return nullptr;
    cell.data = at + step.width;
    cell.size = static_cast<uint32_t>(size);
    return at + step.width + size;
  };
  switch (step.take) {
    case Take::Int8:
      if (!fits(1)) return nullptr;
      cell.i = load<int8_t>(at);
      return at + 1;
    case Take::Int16:
      if (!fits(2)) return nullptr;
      cell.i = load<int16_t>(at);
      return at + 2;
    case Take::Int24:
      if (!fits(3)) return nullptr;
      cell.i = static_cast<int32_t>(load24(at) << 8) >> 8;
      return at + 3;
    case Take::Int32:
      if (!fits(4)) return nullptr;
      cell.i = load<int32_t>(at);
      return at + 4;
    case Take::Int64:
      if (!fits(8)) return nullptr;
      cell.i = load<int64_t>(at);
      return at + 8;
    case Take::Uint8:
      if (!fits(1)) return nullptr;
      cell.u = load<uint8_t>(at);
      return at + 1;
    case Take::Uint16:
      if (!fits(2)) return nullptr;
      cell.u = load<uint16_t>(at);
      return at + 2;
    case Take::Uint24:
      if (!fits(3)) return nullptr;
      cell.u = load24(at);
      return at + 3;
    case Take::Uint32:
      if (!fits(4)) return nullptr;
      cell.u = load<uint32_t>(at);
      return at + 4;
    case Take::Uint64:
      if (!fits(8)) return nullptr;
      cell.u = load<uint64_t>(at);
      return at + 8;
    case Take::Float:
      if (!fits(4)) return nullptr;
      cell.d = load<float>(at);
      return at + 4;
    case Take::Double:
      if (!fits(8)) return nullptr;
      cell.d = load<double>(at);
      return at + 8;
    case Take::Decimal:
      if (!fits(step.width)) return nullptr;
      cell.data = at;
      cell.size = step.width;
      return at + step.width;
    case Take::Year:
      if (!fits(1)) return nullptr;
      cell.u = *at ? 1900u + static_cast<uint8_t>(*at) : 0;
      return at + 1;
    case Take::Date:
      if (!fits(3)) return nullptr;
      cell.u = load24(at);
      return at + 3;
    case Take::OldTime:
      if (!fits(3)) return nullptr;
      cell.i = old_time(load24(at));
      return at + 3;
    case Take::OldDateTime:
      if (!fits(8)) return nullptr;
      cell.u = old_datetime(load<uint64_t>(at));
      return at + 8;
    case Take::OldTimestamp:
      if (!fits(4)) return nullptr;
      cell.u = static_cast<uint64_t>(load<uint32_t>(at)) << 24;
      return at + 4;
    case Take::Timestamp:
      if (!fits(4u + step.width)) return nullptr;
      cell.u = uint64_t{big32(at)} << 24 | fraction_us(at + 4, step.width);
      return at + 4 + step.width;
    case Take::DateTime:
      if (!fits(5u + step.width)) return nullptr;
      cell.u = ((uint64_t{big32(at)} << 8 | static_cast<uint8_t>(at[4])) - 0x8000000000ULL) << 24 |
               fraction_us(at + 5, step.width);
      return at + 5 + step.width;
    case Take::Time:
      if (!fits(3u + step.width)) return nullptr;
      cell.i = time_packed(at, step.width);
      return at + 3 + step.width;
    case Take::Bit:
      if (!fits(step.width)) return nullptr;
      cell.u = big(at, step.width);
      return at + step.width;
    case Take::Enum:
    case Take::Set:
      if (!fits(step.width)) return nullptr;
      cell.u = little(at, step.width);
      return at + step.width;
    case Take::Short: {
      if (!fits(step.width)) return nullptr;
      const char* after = sized(step.width == 1 ? load<uint8_t>(at) : load<uint16_t>(at));
      return after && step.convert ? convert(step, arena, cell, invalid, after, converted) : after;
    }
    case Take::Long: {
      if (!fits(step.width)) return nullptr;
      const char* after = sized(little(at, step.width));
      return after && step.convert ? convert(step, arena, cell, invalid, after, converted) : after;
    }
    case Take::Json:
    case Take::Geometry:
    case Take::Vector: return fits(step.width) ? sized(little(at, step.width)) : nullptr;
    case Take::Fixed: {
      if (!fits(step.width)) return nullptr;
      const char* after = sized(step.width == 1 ? load<uint8_t>(at) : load<uint16_t>(at));
      if (!after || cell.size > step.fixed) return nullptr;
      if (cell.size == step.fixed) return after;
      char* whole = arena.allocate(step.fixed);
      std::memcpy(whole, cell.data, cell.size);
      std::memset(whole + cell.size, 0, step.fixed - cell.size);
      cell.data = whole;
      cell.size = step.fixed;
      converted += step.fixed;
      return after;
    }
  }
  return nullptr;
}

const char* RowPlan::decode(const Image& image, const char* at, const char* end, Arena& arena, Row& row,
                            uint64_t& invalid) const {
  size_t null_bytes = (image.present() + 7) / 8;
  if (static_cast<size_t>(end - at) < null_bytes) return nullptr;
  const auto* nulls = reinterpret_cast<const uint8_t*>(at);
  const char* begin = at;
  at += null_bytes;
  size_t count = steps_.size();
  Cell* cells = arena.array<Cell>(count);
  uint32_t converted = 0;
  if (image.full()) {
    for (size_t i = 0; i < count; ++i) {
      if (nulls[i / 8] >> (i % 8) & 1) {
        cells[i] = Cell{};
        cells[i].kind = Kind::Null;
        continue;
      }
      at = take(steps_[i], at, end, arena, cells[i], converted, invalid);
      if (!at) return nullptr;
    }
  } else {
    size_t present = 0;
    for (size_t i = 0; i < count; ++i) {
      cells[i] = Cell{};
      if (!image.has(i)) continue;
      bool null = nulls[present / 8] >> (present % 8) & 1;
      ++present;
      if (null) {
        cells[i].kind = Kind::Null;
        continue;
      }
      at = take(steps_[i], at, end, arena, cells[i], converted, invalid);
      if (!at) return nullptr;
    }
  }
  row = {cells, static_cast<uint32_t>(count), static_cast<uint32_t>(at - begin) + converted};
  return at;
}

Result<RowsEvent> read_rows_event(EventType type, std::string_view body) {
  Cursor in(body);
  RowsEvent event;
  event.table_id = in.u48();
  event.statement_end = in.u16() & kStatementEnd;
  bool version2 = type >= EventType::WriteRows;
  if (version2) {
    uint16_t extra = in.u16();  // counts itself
    if (extra < 2) return fatal("a {} event has an impossible header", name(type));
    in.skip(extra - 2u);
  }
  event.columns = in.length_encoded();
  std::string_view bitmap = in.bytes((event.columns + 7) / 8);
  switch (type) {
    case EventType::WriteRows:
    case EventType::WriteRowsV1:
      event.op = Op::Insert;
      event.after_bitmap = bitmap;
      break;
    case EventType::DeleteRows:
    case EventType::DeleteRowsV1:
      event.op = Op::Delete;
      event.before_bitmap = bitmap;
      break;
    default:
      event.op = Op::Update;
      event.before_bitmap = bitmap;
      event.after_bitmap = in.bytes((event.columns + 7) / 8);
  }
  if (in.bad()) return fatal("a {} event is cut short in its header", name(type));
  event.rows = in.rest();
  return event;
}

}  // namespace sluice::mysql
