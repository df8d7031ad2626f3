#include "wire/mysql/rows.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/check.h"
#include "base/cursor.h"
#include "wire/mysql/charset.h"
#include "wire/mysql/inflate.h"
#include "wire/mysql/json_patch.h"
#include "wire/mysql/old_temporal.h"

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
uint32_t big32(const char* at) { return __builtin_bswap32(load<uint32_t>(at)); }
uint64_t big40(const char* at) { return uint64_t{big32(at)} << 8 | static_cast<uint8_t>(at[4]); }
// Of 1 to 8 bytes. Reads eight, as every arena allows.
uint64_t big(const char* at, size_t n) { return __builtin_bswap64(load<uint64_t>(at)) >> (64 - 8 * n); }
uint64_t little(const char* at, size_t n) { return load<uint64_t>(at) << (64 - 8 * n) >> (64 - 8 * n); }

// Bytes of a packed decimal (strings/decimal.c, decimal_bin_size): nine digits in four bytes, fewer in fewer.
uint8_t decimal_bytes(uint8_t precision, uint8_t scale) {
  constexpr uint8_t of_digits[] = {0, 1, 1, 2, 2, 3, 3, 4, 4, 4};
  unsigned whole = precision - scale;
  return static_cast<uint8_t>(whole / 9 * 4 + of_digits[whole % 9] + scale / 9 * 4 + of_digits[scale % 9]);
}

bool is_text(ColumnType type) {
  return type == ColumnType::TinyText || type == ColumnType::Text || type == ColumnType::MediumText ||
         type == ColumnType::LongText || type == ColumnType::Json;
}

uint8_t fraction_bytes(uint32_t digits) { return static_cast<uint8_t>((digits + 1) / 2); }

// Fractions are stored in as many bytes as their digits need, as hundredths, ten-thousandths or millionths.
// Reads four bytes, as every arena allows.
inline uint64_t fraction_us(const char* at, uint8_t bytes) {
  constexpr uint32_t unit_us[] = {0, 10000, 100, 1};
  return (uint64_t{big32(at)} >> (32 - 8 * bytes)) * unit_us[bytes];
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

bool is_compressed_v1(EventType type) {
  return type >= EventType::WriteRowsCompressedV1 && type <= EventType::DeleteRowsCompressedV1;
}

// What stands behind the last column means nothing.
bool names_a_column(std::string_view bitmap, uint64_t columns) {
  for (size_t i = 0; i < bitmap.size(); ++i) {
    unsigned relevant = columns >= (i + 1) * 8 ? 0xffU : (1U << columns % 8) - 1;
    if ((static_cast<uint8_t>(bitmap[i]) & relevant) != 0) return true;
  }
  return false;
}

}  // namespace

Result<RowPlan> RowPlan::make(const TableMap& map, const Table& table) {
  CHECK(map.columns.size() == table.columns.size());
  RowPlan plan;
  plan.steps_.reserve(map.columns.size());
  for (size_t i = 0; i < map.columns.size(); ++i) {
    auto step = make_step(map.columns[i], table.columns[i]);
    if (!step) return while_doing(full_name(table), std::move(step).error());
    plan.steps_.push_back(*step);
  }
  return plan;
}

RowPlan::Step RowPlan::step_of(Kind kind, Take take, uint32_t width, uint8_t aux, uint8_t aux2) {
  Step step{};
  step.blank.kind = kind;
  step.blank.aux = aux;
  step.blank.aux2 = aux2;
  step.take = take;
  step.width = static_cast<uint8_t>(width);
  step.size_mask = static_cast<uint32_t>((uint64_t{1} << 8 * std::min(width, 4u)) - 1);
  return step;
}

Result<RowPlan::Step> RowPlan::text_step(const Column& column, uint32_t prefix) {
  Step step = step_of(Kind::Text, Take::Sized, prefix, 1);
  if (column.charset.empty()) return step;
  const Charset* charset = charset_by_name(column.charset);
  if (!charset) return fatal("column `{}` has the unknown character set {}", column.name, column.charset);
  if (!charset->is_utf8() && !charset->is_binary()) {
    step.convert = charset;
    step.take = Take::Converted;
    step.blank.aux = 0;
  }
  return step;
}

Result<RowPlan::Step> RowPlan::packed_step(const Column& column, uint32_t prefix) {
  if (!is_text(column.type) && column.type != ColumnType::VarChar)
    return step_of(Kind::Blob, Take::Packed, prefix);
  auto step = text_step(column, prefix);
  if (step) step->take = Take::Packed;
  return step;
}

// CHAR and BINARY, and the types that MariaDB stores as they are.
Result<RowPlan::Step> RowPlan::fixed_step(const MapColumn& wire, const Column& column, uint32_t prefix) {
  auto fixed = [&](Kind kind) {
    Step step = step_of(kind, Take::Fixed, prefix);
    step.fixed = static_cast<uint16_t>(wire.length);
    return step;
  };
  // The log strips the zeros at a BINARY's end, SELECT shows them.
  if (column.type == ColumnType::Binary) return fixed(Kind::Blob);
  if (column.type == ColumnType::Uuid && wire.length == 16) return fixed(Kind::Uuid);
  if (column.type == ColumnType::Inet4 && wire.length == 4) return fixed(Kind::Inet4);
  if (column.type == ColumnType::Inet6 && wire.length == 16) return fixed(Kind::Inet6);
  return text_step(column, prefix);
}

Result<RowPlan::Step> RowPlan::make_step(const MapColumn& wire, const Column& column) {
  auto number = [&](Take with_sign, Take without) {
    return column.is_unsigned ? step_of(Kind::Uint, without, 0) : step_of(Kind::Int, with_sign, 0);
  };
  auto old_temporal = [&](Kind kind, Take take, uint32_t width) {
    uint8_t digits = column.fraction_digits;
    if (digits == 0 || digits > 6) return step_of(kind, take, width);
    return step_of(kind, Take::OldFraction, old_fraction_bytes(kind, digits), digits);
  };
  auto temporal = [&](Kind kind, Take take) {
    return step_of(kind, take, fraction_bytes(wire.length), static_cast<uint8_t>(wire.length));
  };
  auto labels = [&](Kind kind, Take known, Take unknown) {
    Step step = step_of(kind, column.members.empty() ? unknown : known, wire.length);
    step.fixed = static_cast<uint16_t>(std::min<size_t>(column.members.size(), UINT16_MAX));
    return step;
  };
  uint32_t prefix = wire.length < 256 ? 1 : 2;
  switch (wire.type) {
    case WireType::Tiny: return number(Take::Int8, Take::Uint8);
    case WireType::Short: return number(Take::Int16, Take::Uint16);
    case WireType::Int24: return number(Take::Int24, Take::Uint24);
    case WireType::Long: return number(Take::Int32, Take::Uint32);
    case WireType::LongLong: return number(Take::Int64, Take::Uint64);
    case WireType::Float: return step_of(Kind::Float, Take::Float, 4);
    case WireType::Double: return step_of(Kind::Double, Take::Double, 8);
    case WireType::NewDecimal: {
      uint32_t width = decimal_bytes(wire.precision, wire.scale);
      Step step = step_of(Kind::Decimal, Take::Decimal, width, wire.precision, wire.scale);
      step.blank.size = step.width;
      return step;
    }
    case WireType::Year: return step_of(Kind::Year, Take::Year, 1);
    case WireType::Date:
    case WireType::NewDate: return step_of(Kind::Date, Take::Date, 3);
    case WireType::Time: return old_temporal(Kind::Time, Take::OldTime, 3);
    case WireType::DateTime: return old_temporal(Kind::DateTime, Take::OldDateTime, 8);
    case WireType::Timestamp: return old_temporal(Kind::Timestamp, Take::OldTimestamp, 4);
    case WireType::Timestamp2: return temporal(Kind::Timestamp, Take::Timestamp);
    case WireType::DateTime2: return temporal(Kind::DateTime, Take::DateTime);
    case WireType::Time2: return temporal(Kind::Time, Take::Time);
    case WireType::Bit:
      return step_of(Kind::Bit, Take::Bit, (wire.length + 7) / 8, static_cast<uint8_t>(wire.length));
    case WireType::Enum:
      return wire.length == 1 ? labels(Kind::Enum, Take::Enum8, Take::Uint8)
                              : labels(Kind::Enum, Take::Enum16, Take::Uint16);
    case WireType::Set: return labels(Kind::Set, Take::Set, Take::Number);
    case WireType::VarChar:
    case WireType::VarString:
      if (column.type == ColumnType::Vector) return step_of(Kind::Vector, Take::Sized, prefix);
      if (column.type == ColumnType::VarBinary) return step_of(Kind::Blob, Take::Sized, prefix);
      return text_step(column, prefix);
    case WireType::String: return fixed_step(wire, column, prefix);
    case WireType::TinyBlob:
    case WireType::MediumBlob:
    case WireType::LongBlob:
    case WireType::Blob:
      return is_text(column.type) ? text_step(column, wire.length)
                                  : step_of(Kind::Blob, Take::Sized, wire.length);
    case WireType::VarCharCompressed: return packed_step(column, prefix);
    case WireType::BlobCompressed: return packed_step(column, wire.length);
    case WireType::Json: return step_of(Kind::Json, Take::Sized, wire.length);
    case WireType::Geometry: return step_of(Kind::Geometry, Take::Sized, wire.length);
    case WireType::Vector: return step_of(Kind::Vector, Take::Sized, wire.length);
    default:
      return fatal("column `{}` has type code {} in the log, which is not understood", column.name,
                   static_cast<int>(wire.type));
  }
}

RowPlan::Image::Image(const RowPlan& plan, std::string_view bitmap)
    : bits_(reinterpret_cast<const uint8_t*>(bitmap.data())) {
  for (size_t i = 0; i < plan.columns(); ++i) present_ += has(i);
  full_ = present_ == plan.columns();
}

const char* RowPlan::convert(const Step& step, Arena& arena, Cell& cell, Invalid& invalid, const char* after,
                             uint32_t& converted) {
  size_t bound = step.convert->max_utf8_size(cell.size);
  if (bound > UINT32_MAX / 2) return nullptr;
  char* place = arena.allocate(bound);
  char* end = step.convert->to_utf8(cell.bytes(), place, invalid.text_bytes);
  auto size = static_cast<size_t>(end - place);
  arena.trim(place, bound, size);
  cell.data = place;
  cell.size = static_cast<uint32_t>(size);
  converted += cell.size;
  return after;
}

// A value of a column that MariaDB keeps COMPRESSED; the log has it as it is stored.
const char* RowPlan::unpack(const Step& step, Arena& arena, Cell& cell, Invalid& invalid, const char* after,
                            uint32_t& converted) {
  auto plain = inflate_value(cell.bytes(), arena);
  if (!plain) return nullptr;
  cell.data = plain->data();
  cell.size = static_cast<uint32_t>(plain->size());
  if (step.convert) return convert(step, arena, cell, invalid, after, converted);
  converted += cell.size;
  return after;
}

// What the log cut off at the end of a value of fixed length.
const char* RowPlan::pad(const Step& step, Arena& arena, Cell& cell, const char* after, uint32_t& converted) {
  if (cell.size > step.fixed) return nullptr;
  char* whole = arena.allocate(step.fixed);
  std::memcpy(whole, cell.data, cell.size);
  std::memset(whole + cell.size, 0, step.fixed - cell.size);
  cell.data = whole;
  cell.size = step.fixed;
  converted += step.fixed;
  return after;
}

// Behind a prefix of step.width bytes.
[[gnu::always_inline]] inline const char* RowPlan::take_sized(const Step& step, const char* at, size_t left,
                                                              Cell& cell) {
  if (__builtin_expect(left < step.width, 0)) return nullptr;
  size_t size = load<uint32_t>(at) & step.size_mask;
  if (__builtin_expect(left < step.width + size, 0)) return nullptr;
  cell.data = at + step.width;
  cell.size = static_cast<uint32_t>(size);
  return cell.data + size;
}

// A sized value of which not all stands in the log as it is.
const char* RowPlan::take_made(const Step& step, const char* at, size_t left, Arena& arena, Cell& cell,
                               uint32_t& converted, Invalid& invalid) {
  const char* after = take_sized(step, at, left, cell);
  if (!after) return nullptr;
  if (step.take == Take::Packed) return unpack(step, arena, cell, invalid, after, converted);
  if (step.convert) return convert(step, arena, cell, invalid, after, converted);
  if (step.take == Take::Fixed && cell.size != step.fixed) return pad(step, arena, cell, after, converted);
  return after;
}

// The types of before MySQL 5.6.4, and MariaDB's with mysql56_temporal_format off.
const char* RowPlan::take_old(const Step& step, const char* at, size_t left, Cell& cell) {
  switch (step.take) {
    case Take::OldTime: return left >= 3 && read_old_time(load24(at), cell) ? at + 3 : nullptr;
    case Take::OldDateTime:
      return left >= 8 && read_old_datetime(load<uint64_t>(at), cell) ? at + 8 : nullptr;
    case Take::OldTimestamp:
      if (left < 4) return nullptr;
      cell.u = uint64_t{load<uint32_t>(at)} << 24;
      return at + 4;
    default: return left >= step.width && read_old_fraction(at, step.width, cell) ? at + step.width : nullptr;
  }
}

[[gnu::always_inline]] inline const char* RowPlan::take(const Step& step, const char* at, const char* end,
                                                        Arena& arena, Cell& cell, uint32_t& converted,
                                                        Invalid& invalid) {
  auto left = static_cast<size_t>(end - at);
  // `read` is called where so many bytes are there.
  auto bytes = [&](size_t n, auto read) -> const char* {
    if (__builtin_expect(left < n, 0)) return nullptr;
    read();
    return at + n;
  };
  cell = step.blank;
  switch (step.take) {
    case Take::Int8: return bytes(1, [&] { cell.i = load<int8_t>(at); });
    case Take::Int16: return bytes(2, [&] { cell.i = load<int16_t>(at); });
    case Take::Int24: return bytes(3, [&] { cell.i = static_cast<int32_t>(load24(at) << 8) >> 8; });
    case Take::Int32: return bytes(4, [&] { cell.i = load<int32_t>(at); });
    case Take::Int64: return bytes(8, [&] { cell.i = load<int64_t>(at); });
    case Take::Uint8: return bytes(1, [&] { cell.u = load<uint8_t>(at); });
    case Take::Uint16: return bytes(2, [&] { cell.u = load<uint16_t>(at); });
    case Take::Uint24:
    case Take::Date: return bytes(3, [&] { cell.u = load24(at); });
    case Take::Uint32: return bytes(4, [&] { cell.u = load<uint32_t>(at); });
    case Take::Uint64: return bytes(8, [&] { cell.u = load<uint64_t>(at); });
    case Take::Float: return bytes(4, [&] { cell.d = load<float>(at); });
    case Take::Double: return bytes(8, [&] { cell.d = load<double>(at); });
    case Take::Decimal: return bytes(step.width, [&] { cell.data = at; });
    case Take::Year: return bytes(1, [&] { cell.u = *at ? 1900u + static_cast<uint8_t>(*at) : 0; });
    case Take::Timestamp:
      return bytes(4u + step.width,
                   [&] { cell.u = uint64_t{big32(at)} << 24 | fraction_us(at + 4, step.width); });
    case Take::DateTime:
      return bytes(5u + step.width,
                   [&] { cell.u = (big40(at) - 0x8000000000ULL) << 24 | fraction_us(at + 5, step.width); });
    case Take::Time: return bytes(3u + step.width, [&] { cell.i = time_packed(at, step.width); });
    case Take::Bit: return bytes(step.width, [&] { cell.u = big(at, step.width); });
    case Take::Number: return bytes(step.width, [&] { cell.u = little(at, step.width); });
    case Take::Enum8:
      return bytes(1, [&] {
        cell.u = load<uint8_t>(at);
        invalid.labels += cell.u - 1 >= step.fixed;
      });
    case Take::Enum16:
      return bytes(2, [&] {
        cell.u = load<uint16_t>(at);
        invalid.labels += cell.u - 1 >= step.fixed;
      });
    case Take::Set:
      return bytes(step.width, [&] {
        cell.u = little(at, step.width);
        invalid.labels += step.fixed < 64 && cell.u >> step.fixed != 0;
      });
    case Take::Sized: return take_sized(step, at, left, cell);
    case Take::OldTime:
    case Take::OldDateTime:
    case Take::OldTimestamp:
    case Take::OldFraction: return take_old(step, at, left, cell);
    case Take::Converted:
    case Take::Fixed:
    case Take::Packed: return take_made(step, at, left, arena, cell, converted, invalid);
  }
  return nullptr;
}

const char* RowPlan::decode(const Image& image, const char* at, const char* end, Arena& arena, Row& row,
                            Invalid& invalid) const {
  size_t null_bytes = (image.present() + 7) / 8;
  if (static_cast<size_t>(end - at) < null_bytes) return nullptr;
  const auto* nulls = reinterpret_cast<const uint8_t*>(at);
  const char* begin = at;
  at += null_bytes;
  const Step* const steps = steps_.data();
  const size_t count = steps_.size();
  Cell* const cells = arena.array<Cell>(count);
  uint32_t converted = 0;
  size_t present = 0;  // columns of the image so far: each has one null bit
  for (size_t i = 0; i < count; ++i) {
    if (!image.full() && !image.has(i)) {
      cells[i] = Cell{};
      continue;
    }
    bool null = nulls[present / 8] >> (present % 8) & 1;
    ++present;
    if (__builtin_expect(null, 0)) {
      cells[i] = Cell{};
      cells[i].kind = Kind::Null;
      continue;
    }
    at = take(steps[i], at, end, arena, cells[i], converted, invalid);
    if (!at) return nullptr;
  }
  row = {cells, static_cast<uint32_t>(count), static_cast<uint32_t>(at - begin) + converted};
  return at;
}

// Before the image: options (length-encoded; 1: parts of JSON), then a bit for each JSON column of the table,
// in the image or not (sql/rpl_record.cc, unpack_row).
const char* RowPlan::decode_partial(const Image& image, const char* at, const char* end, Arena& arena,
                                    const Row& before, Row& row, Invalid& invalid) const {
  constexpr uint64_t kPartialJson = 1;
  Cursor in({at, static_cast<size_t>(end - at)});
  uint64_t options = in.length_encoded();
  if (in.bad() || options > kPartialJson) return nullptr;
  if (options == 0) return decode(image, in.at(), end, arena, row, invalid);
  auto is_json = [](const Step& step) { return step.blank.kind == Kind::Json; };
  auto documents = static_cast<size_t>(std::count_if(steps_.begin(), steps_.end(), is_json));
  std::string_view bits = in.bytes((documents + 7) / 8);
  if (in.bad()) return nullptr;
  at = decode(image, in.at(), end, arena, row, invalid);
  if (!at) return nullptr;
  auto* cells = const_cast<Cell*>(row.cells);  // our own, of just now
  size_t document = 0;
  for (size_t i = 0; i < steps_.size(); ++i) {
    if (!is_json(steps_[i])) continue;
    bool partial = bits[document / 8] >> (document % 8) & 1;
    ++document;
    if (!partial || !cells[i].has_value()) continue;
    bool known = i < before.count && before[i].present();
    if (known && before[i].kind != Kind::Json) return nullptr;
    auto made = known ? apply_json_patch(before[i].bytes(), cells[i].bytes(), arena)
                      : json_patch_document(cells[i].bytes(), arena);
    if (!made) return nullptr;
    if (!known) cells[i].kind = Kind::JsonPatch;
    cells[i].data = made->data();
    cells[i].size = static_cast<uint32_t>(made->size());
    row.text_bytes += cells[i].size;
  }
  return at;
}

Result<RowsEvent> read_rows_event(EventType type, std::string_view body) {
  Cursor in(body);
  RowsEvent event;
  event.table_id = in.u48();
  event.statement_end = in.u16() & kStatementEnd;
  bool version2 = type >= EventType::WriteRows && !is_compressed_v1(type);
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
    case EventType::WriteRowsCompressed:
    case EventType::WriteRowsCompressedV1:
      event.op = Op::Insert;
      event.after_bitmap = bitmap;
      break;
    case EventType::DeleteRows:
    case EventType::DeleteRowsV1:
    case EventType::DeleteRowsCompressed:
    case EventType::DeleteRowsCompressedV1:
      event.op = Op::Delete;
      event.before_bitmap = bitmap;
      break;
    default:
      event.op = Op::Update;
      event.partial = type == EventType::PartialUpdateRows;
      event.before_bitmap = bitmap;
      event.after_bitmap = in.bytes((event.columns + 7) / 8);
  }
  if (in.bad()) return fatal("a {} event is cut short in its header", name(type));
  if (event.op != Op::Insert && !names_a_column(event.before_bitmap, event.columns)) {
    return fatal("a {} event says nothing of the rows that it changed", name(type));
  }
  event.rows = in.rest();
  return event;
}

}  // namespace sluice::mysql
