#include "format/debezium/value.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>

#include "base/arena.h"
#include "base/base64.h"
#include "format/address.h"
#include "format/calendar.h"
#include "format/json_binary.h"
#include "format/json_text.h"
#include "format/put.h"
#include "format/unscaled.h"

namespace sluice::debezium {
namespace {

// A decimal takes at most so much: 65 digits, sign, point, quotes.
constexpr size_t kLongestScalar = 96;

// JsonConverter marks every floating-point number as one.
char* marked_real(char* out, char* end) {
  bool marked = std::any_of(out, end, [](char c) { return c == '.' || c == 'e' || c == 'n'; });
  return marked ? end : put(end, ".0");
}

char* in_quotes(char* out, char* end) {
  *out = '"';
  *end = '"';
  return end + 1;
}

// Dates that no calendar has are null, or the first day of 1970 where the column is NOT NULL.
char* no_date(char* out, const Column& column, bool as_text) {
  if (column.nullable) return put(out, "null");
  return as_text ? put(out, "\"1970-01-01Z\"") : put(out, "0");
}

char* spell_hex(char* out, std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  for (char c : bytes) {
    *out++ = kDigits[static_cast<uint8_t>(c) >> 4];
    *out++ = kDigits[c & 15];
  }
  return out;
}

// `bits` in as many bytes as the column has, the lowest first.
char* spell_bits(char* out, uint64_t bits, unsigned width) {
  char bytes[8];
  std::memcpy(bytes, &bits, sizeof bytes);
  return in_quotes(out, base64_encode(out + 1, {bytes, (width + 7) / 8}));
}

}  // namespace

char* ValueSpeller::date(char* out, const Cell& cell, const Column& column) const {
  auto year = static_cast<uint32_t>(cell.u >> 9 & 0x7fff);
  uint32_t month = cell.u >> 5 & 15, day = cell.u & 31;
  bool text = options_.times == Options::Times::IsoString;
  if (!is_date(year, month, day)) return no_date(out, column, text);
  if (!text) return spell_int(out, days_since_epoch(year, month, day));
  char* end = spell_date(out + 1, cell.u);
  *end = 'Z';
  return in_quotes(out, end + 1);
}

char* ValueSpeller::time(char* out, const Cell& cell) const {
  uint64_t magnitude = cell.i < 0 ? 0 - cell.u : cell.u;
  auto clock = static_cast<uint32_t>(magnitude >> 24);
  int64_t seconds = int64_t{clock >> 12} * 3600 + (clock >> 6 & 63) * 60 + (clock & 63);
  int64_t micros = seconds * 1'000'000 + static_cast<int64_t>(magnitude & 0xffffff);
  if (cell.i < 0) micros = -micros;
  switch (options_.times) {
    case Options::Times::Connect: return spell_int(out, micros / 1000);
    case Options::Times::Nanoseconds: return spell_int(out, micros * 1000);
    case Options::Times::IsoString: {
      char* end = spell_time(out + 1, cell.i, cell.aux);
      *end = 'Z';
      return in_quotes(out, end + 1);
    }
    default: return spell_int(out, micros);
  }
}

char* ValueSpeller::datetime(char* out, const Cell& cell, const Column& column) const {
  auto year_month = static_cast<uint32_t>(cell.u >> 46);
  uint32_t year = year_month / 13, month = year_month % 13, day = cell.u >> 41 & 31;
  bool text = options_.times == Options::Times::IsoString;
  if (!is_date(year, month, day)) return no_date(out, column, text);
  if (text) {
    char* end = spell_datetime(out + 1, cell.u, cell.aux);
    out[11] = 'T';
    *end = 'Z';
    return in_quotes(out, end + 1);
  }
  auto clock = static_cast<uint32_t>(cell.u >> 24 & 0x1ffff);
  int64_t seconds = days_since_epoch(year, month, day) * 86400 + (clock >> 12) * 3600 +
                    (clock >> 6 & 63) * 60 + (clock & 63);
  auto micros = static_cast<int64_t>(cell.u & 0xffffff);
  switch (options_.times) {
    case Options::Times::Connect: return spell_int(out, seconds * 1000 + micros / 1000);
    case Options::Times::Nanoseconds: {
      // Beyond 2262 the number is longer than 64 bits hold: Debezium's overflows, this one does not.
      __extension__ __int128 nanos = static_cast<__int128>(seconds) * 1'000'000'000 + micros * 1000;
      if (nanos < 0) *out++ = '-';
      if (nanos < 0) nanos = -nanos;
      constexpr int64_t kHalf = 1'000'000'000'000;
      auto high = static_cast<uint64_t>(nanos / kHalf), low = static_cast<uint64_t>(nanos % kHalf);
      if (high == 0) return spell_uint(out, low);
      out = spell_uint(out, high);
      out = spell_padded(out, static_cast<uint32_t>(low / 1'000'000), 6);
      return spell_padded(out, static_cast<uint32_t>(low % 1'000'000), 6);
    }
    case Options::Times::Adaptive:
      if (cell.aux <= 3) return spell_int(out, seconds * 1000 + micros / 1000);
      [[fallthrough]];
    default: return spell_int(out, seconds * 1'000'000 + micros);
  }
}

// 2026-01-15T10:30:00.123Z; of the zero date, the first moment of 1970.
char* ValueSpeller::zoned(char* out, const Cell& cell) {
  char* end = day_.spell(out + 1, cell.u >> 24, 'T');
  end = spell_fraction(end, cell.u & 0xffffff, cell.aux);
  *end = 'Z';
  return in_quotes(out, end + 1);
}

char* ValueSpeller::decimal(char* out, const Cell& cell) {
  if (options_.decimals == Options::Decimals::String) {
    return in_quotes(out, spell_decimal(out + 1, cell.bytes(), cell.aux, cell.aux2));
  }
  char digits[kLongestScalar + kSlack];
  std::string_view text(
      digits, static_cast<size_t>(spell_decimal(digits, cell.bytes(), cell.aux, cell.aux2) - digits));
  if (options_.decimals == Options::Decimals::Double) {
    double value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return marked_real(out, spell_double(out, value));
  }
  char bytes[kUnscaledBytes + Arena::kReadSlack];
  return in_quotes(out, base64_encode(out + 1, {bytes, unscaled(bytes, text)}));
}

char* ValueSpeller::scalar(char* out, const Cell& cell, const ColumnPlan& column) {
  switch (cell.kind) {
    case Kind::Int: return spell_int(out, cell.i);
    case Kind::Uint:
      if (options_.precise_unsigned && column.column->type == ColumnType::BigInt) {
        char digits[kScalarBytes + kSlack], bytes[kUnscaledBytes + Arena::kReadSlack];
        char* end = spell_uint(digits, cell.u);
        size_t size = unscaled(bytes, {digits, static_cast<size_t>(end - digits)});
        return in_quotes(out, base64_encode(out + 1, {bytes, size}));
      }
      return spell_int(out, cell.i);  // beyond 2^63 it is negative: bigint.unsigned.handling.mode=long
    case Kind::Year: return spell_uint(out, cell.u);
    case Kind::Bit:
      return column.one_bit ? put(out, cell.u & 1 ? "true" : "false") : spell_bits(out, cell.u, cell.aux);
    case Kind::Float: return marked_real(out, spell_float(out, static_cast<float>(cell.d)));
    case Kind::Double: return marked_real(out, spell_double(out, cell.d));
    case Kind::Decimal: return decimal(out, cell);
    case Kind::Date: return date(out, cell, *column.column);
    case Kind::Time: return time(out, cell);
    case Kind::DateTime: return datetime(out, cell, *column.column);
    case Kind::Timestamp: return zoned(out, cell);
    case Kind::Uuid: return in_quotes(out, spell_uuid(out + 1, cell.bytes()));
    case Kind::Inet4: return in_quotes(out, spell_inet4(out + 1, cell.bytes()));
    case Kind::Inet6: return in_quotes(out, spell_inet6(out + 1, cell.bytes()));
    default: return put(out, "null");
  }
}

void ValueSpeller::append_labels(Bytes& out, const Cell& cell, const ColumnPlan& column) const {
  size_t known = column.members.size();
  out.push('"');
  if (cell.kind == Kind::Enum) {
    if (cell.u > 0 && cell.u <= known) out.append(column.members[cell.u - 1]);
  } else {
    bool first = true;
    for (uint64_t bits = cell.u; bits != 0; bits &= bits - 1) {
      auto bit = static_cast<size_t>(std::countr_zero(bits));
      if (bit >= known) continue;
      if (!first) out.push(',');
      first = false;
      out.append(column.members[bit]);
    }
  }
  out.push('"');
}

void ValueSpeller::append_geometry(Bytes& out, std::string_view bytes, bool point) const {
  constexpr size_t kSrid = 4, kPoint = 21;  // a byte of order, four of type, two doubles
  if (bytes.size() < kSrid) return out.append("null");
  uint32_t srid;
  std::memcpy(&srid, bytes.data(), kSrid);
  std::string_view wkb = bytes.substr(kSrid);
  char* at = put(out.reserve(base64_size(wkb.size()) + 4 * kScalarBytes + kSlack), "{");
  if (point && wkb.size() == kPoint && wkb[0] == 1) {
    double x, y;
    std::memcpy(&x, wkb.data() + 5, sizeof x);
    std::memcpy(&y, wkb.data() + 13, sizeof y);
    at = put(at, "\"x\":");
    at = marked_real(at, spell_double(at, x));
    at = put(at, ",\"y\":");
    at = put(marked_real(at, spell_double(at, y)), ",");
  }
  at = base64_encode(put(at, "\"wkb\":\""), wkb);
  at = put(at, "\",\"srid\":");
  at = srid == 0 ? put(at, "null") : spell_uint(at, srid);
  out.commit(put(at, "}"));
}

void ValueSpeller::append_long(Bytes& out, const Cell& cell, const ColumnPlan& column) {
  std::string_view bytes = cell.bytes();
  switch (cell.kind) {
    case Kind::Text: {
      char* at = out.reserve(6 * bytes.size() + kSlack + 2);
      return out.commit(in_quotes(at, spell_json_text(at + 1, bytes, cell.aux != 0)));
    }
    case Kind::Blob: {
      char* at = out.reserve(2 * bytes.size() + kSlack + 4);
      char* end =
          options_.binary == Options::Binary::Hex ? spell_hex(at + 1, bytes) : base64_encode(at + 1, bytes);
      if (options_.binary == Options::Binary::Base64UrlSafe) {
        std::replace(at + 1, end, '+', '-');
        std::replace(at + 1, end, '/', '_');
      }
      return out.commit(in_quotes(at, end));
    }
    case Kind::Json:
    case Kind::JsonPatch: {
      scratch_.clear();
      char* at = scratch_.reserve(json_binary_bound(bytes.size()) + kSlack + Arena::kReadSlack);
      scratch_.commit(spell_json_binary_or_marker(at, bytes, JsonSpacing::Compact));
      char* to = out.reserve(6 * scratch_.size() + kSlack + 2);
      return out.commit(in_quotes(to, spell_json_text(to + 1, scratch_.view())));
    }
    case Kind::Geometry: return append_geometry(out, bytes, column.point);
    default: break;
  }
  out.push('[');  // a vector
  for (size_t i = 0; i + sizeof(float) <= bytes.size(); i += sizeof(float)) {
    float value;
    std::memcpy(&value, bytes.data() + i, sizeof value);
    if (i > 0) out.push(',');
    char* at = out.reserve(kScalarBytes + kSlack);
    out.commit(marked_real(at, spell_float(at, value)));
  }
  out.push(']');
}

void ValueSpeller::append(Bytes& out, const Cell& cell, const ColumnPlan& column) {
  char* at = column.key.put(out.reserve(column.key.size() + kLongestScalar + 2 * kSlack));
  switch (cell.kind) {
    case Kind::Enum:
    case Kind::Set: out.commit(at); return append_labels(out, cell, column);
    case Kind::Text:
    case Kind::Blob:
    case Kind::Json:
    case Kind::JsonPatch:
    case Kind::Geometry:
    case Kind::Vector: out.commit(at); return append_long(out, cell, column);
    default: out.commit(scalar(at, cell, column));
  }
}

}  // namespace sluice::debezium
