#include "format/binary_row.h"

#include <algorithm>
#include <bit>
#include <charconv>

#include "base/arena.h"
#include "base/base64.h"
#include "base/utf8.h"
#include "format/address.h"
#include "format/binary_wire.h"
#include "format/calendar.h"
#include "format/json_binary.h"
#include "format/put.h"
#include "format/unscaled.h"

namespace sluice {
namespace {

using Step = BinaryStep;

constexpr size_t kMostSize = 5;  // bytes of a size below 2^32

constexpr uint32_t bit(Kind kind) { return 1u << static_cast<unsigned>(kind); }
constexpr uint32_t kNumbers = bit(Kind::Int) | bit(Kind::Uint) | bit(Kind::Year) | bit(Kind::Bit);
constexpr uint32_t kByteKinds = bit(Kind::Text) | bit(Kind::Blob);

// The kinds of cells that a step can write.
constexpr uint32_t kinds_of(Step step) {
  switch (step) {
    case Step::Int:
    case Step::UnsignedDecimal: return kNumbers;
    case Step::Boolean:
    case Step::BitBytes: return bit(Kind::Bit);
    case Step::Float:
    case Step::Double: return bit(Kind::Float) | bit(Kind::Double);
    case Step::Decimal:
    case Step::DecimalDouble:
    case Step::DecimalText: return bit(Kind::Decimal);
    case Step::DateDays:
    case Step::DateText:
    case Step::DateIso: return bit(Kind::Date);
    case Step::TimeMicros:
    case Step::TimeMillis:
    case Step::TimeNanos:
    case Step::TimeText:
    case Step::TimeIso: return bit(Kind::Time);
    case Step::DateTimeMicros:
    case Step::DateTimeMillis:
    case Step::DateTimeNanos:
    case Step::DateTimeText:
    case Step::DateTimeIso: return bit(Kind::DateTime);
    case Step::TimestampMicros:
    case Step::TimestampText:
    case Step::TimestampIso: return bit(Kind::Timestamp);
    case Step::Text:
    case Step::Bytes:
    case Step::Base64:
    case Step::Base64Url:
    case Step::Hex: return kByteKinds;
    case Step::Enum: return bit(Kind::Enum);
    case Step::Set: return bit(Kind::Set);
    case Step::Json: return bit(Kind::Json);
    case Step::Geometry:
    case Step::Point: return bit(Kind::Geometry);
    case Step::Floats: return bit(Kind::Vector);
    case Step::Uuid: return bit(Kind::Uuid);
    case Step::Inet4: return bit(Kind::Inet4);
    case Step::Inet6: return bit(Kind::Inet6);
  }
  return 0;
}

// A day that no calendar has, where a number or an ISO date is asked for.
bool is_no_moment(Step step, const Cell& cell) {
  bool as_it_is = step == Step::DateText || step == Step::DateTimeText || step == Step::TimestampText ||
                  step == Step::TimestampIso;
  return !as_it_is && !is_calendar_date(cell);
}

bool is_ascii(std::string_view text) {
  uint64_t all = 0, part;
  size_t i = 0;
  for (; i + 8 <= text.size(); i += 8) {
    std::memcpy(&part, text.data() + i, sizeof part);
    all |= part;
  }
  for (; i < text.size(); ++i) all |= static_cast<uint8_t>(text[i]);
  return (all & 0x8080808080808080) == 0;
}

// A byte that belongs to no character becomes \udcXX, as json has it, XX the byte; where the character set
// did not know it, it stands as three bytes (U+DC00 + byte).
char* put_mended(char* out, std::string_view text, bool stored) {
  constexpr char kDigits[] = "0123456789abcdef";
  while (!text.empty()) {
    size_t good = find_invalid_utf8(text);
    std::memcpy(out, text.data(), good);
    out += good;
    text.remove_prefix(good);
    if (text.empty()) break;
    auto byte = static_cast<uint8_t>(text[0]);
    size_t taken = 1;
    if (!stored && text.size() >= 3 && byte == 0xed && (static_cast<uint8_t>(text[1]) & 0xfe) == 0xb2) {
      byte = static_cast<uint8_t>((static_cast<uint8_t>(text[1]) & 1) << 6 | (text[2] & 0x3f)) | 0x80;
      taken = 3;
    }
    std::memcpy(out, "\\udc", 4);
    out[4] = kDigits[byte >> 4];
    out[5] = kDigits[byte & 15];
    out += 6;
    text.remove_prefix(taken);
  }
  return out;
}

char* put_hex(char* out, std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  for (char c : bytes) {
    *out++ = kDigits[static_cast<uint8_t>(c) >> 4];
    *out++ = kDigits[c & 15];
  }
  return out;
}

// What `spell` writes at the place that it is given, behind its size.
template <class On, class Spell>
char* spelt(char* out, Spell spell) {
  char* body = out + kMostSize;
  return On::close(out, body, spell(body));
}
// Where that is mostly short.
template <class On, class Spell>
char* spelt_short(char* out, Spell spell) {
  char* body = out + 1;
  return On::close(out, body, spell(body));
}

template <class On>
char* put_utf8(char* out, const Cell& cell) {
  std::string_view text = cell.bytes();
  if (is_ascii(text) || is_utf8(text)) return On::bytes(out, text);
  return spelt<On>(out, [&](char* at) { return put_mended(at, text, cell.aux != 0); });
}

template <class On>
char* put_bits(char* out, const Cell& cell) {
  char bytes[sizeof cell.u];
  std::memcpy(bytes, &cell.u, sizeof bytes);
  return On::bytes(out, {bytes, std::min<size_t>((cell.aux + 7) / 8, sizeof bytes)});
}

// The unscaled value, alone or, in Protobuf, within a record as confluent.type.Decimal.
template <class On>
char* put_unscaled(char* out, const BinaryColumn& column, std::string_view digits) {
  char bytes[kUnscaledBytes + Arena::kReadSlack];
  std::string_view value(bytes, unscaled(bytes, digits));
  if (!column.decimal_record) return On::bytes(out, value);
  return spelt_short<On>(out, [&](char* at) {
    at = On::bytes(put_tag(at, 1, WireType::Bytes), value);
    at = put_varint(put_tag(at, 2, WireType::Varint), column.precision);
    return put_varint(put_tag(at, 3, WireType::Varint), column.scale);
  });
}

template <class On>
char* put_decimal(char* out, const BinaryColumn& column, const Cell& cell) {
  auto spell = [&](char* at) { return spell_decimal(at, cell.bytes(), cell.aux, cell.aux2); };
  if (column.step == Step::DecimalText) return spelt_short<On>(out, spell);
  char digits[2 * kScalarBytes + kSlack];
  std::string_view text(digits, static_cast<size_t>(spell(digits) - digits));
  if (column.step == Step::Decimal) return put_unscaled<On>(out, column, text);
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return On::real(out, value);
}

template <class On>
char* put_unsigned(char* out, const BinaryColumn& column, uint64_t value) {
  char digits[kScalarBytes + kSlack];
  return put_unscaled<On>(out, column, {digits, static_cast<size_t>(spell_uint(digits, value) - digits)});
}

template <class On>
char* put_blob(char* out, Step step, std::string_view bytes) {
  if (step == Step::Bytes) return On::bytes(out, bytes);
  if (step == Step::Hex) return put_hex(On::size(out, 2 * bytes.size()), bytes);
  char* at = On::size(out, base64_size(bytes.size()));
  char* end = base64_encode(at, bytes);
  if (step == Step::Base64Url) {
    std::replace(at, end, '+', '-');
    std::replace(at, end, '/', '_');
  }
  return end;
}

template <class On>
char* put_enum(char* out, const BinaryRowPlan& plan, const BinaryColumn& column, uint64_t index) {
  if (index == 0) return On::size(out, 0);
  if (index <= column.label_count) return On::bytes(out, plan.labels[column.labels_at + index - 1]);
  return spelt_short<On>(out, [&](char* at) { return spell_uint(at, index); });
}

template <class On>
char* put_set(char* out, const BinaryRowPlan& plan, const BinaryColumn& column, uint64_t bits) {
  uint32_t known = column.label_count;
  return spelt<On>(out, [&](char* at) {
    if (known < 64 && bits >> known != 0) return spell_uint(at, bits);
    for (uint64_t rest = bits; rest != 0; rest &= rest - 1) {
      if (rest != bits) *at++ = ',';
      at = put(at, plan.labels[column.labels_at + static_cast<uint32_t>(std::countr_zero(rest))]);
    }
    return at;
  });
}

// Well-known binary of a POINT: a byte of order, four of type, two doubles.
constexpr size_t kPointBytes = 21;

template <class On>
char* put_geometry(char* out, bool point, std::string_view bytes) {
  constexpr size_t kSrid = 4;
  uint32_t srid = 0;
  if (bytes.size() >= kSrid) std::memcpy(&srid, bytes.data(), kSrid);
  std::string_view wkb = bytes.substr(std::min(bytes.size(), kSrid));
  double place[2] = {};
  if (point && wkb.size() == kPointBytes && wkb[0] == 1) std::memcpy(place, wkb.data() + 5, sizeof place);
  if constexpr (On::kProto) {
    return spelt<On>(out, [&](char* at) {
      uint32_t number = 1;
      for (double each : place) {
        if (point) at = On::real(put_tag(at, number++, WireType::Eight), each);
      }
      at = On::bytes(put_tag(at, number++, WireType::Bytes), wkb);
      return srid == 0 ? at : put_varint(put_tag(at, number, WireType::Varint), srid);
    });
  }
  if (point) {
    out = On::real(On::real(out, place[0]), place[1]);
    out = On::number(out, 1);  // it has a wkb
  }
  out = On::bytes(out, wkb);
  return srid == 0 ? On::number(out, 0) : On::number(On::number(out, 1), srid);
}

template <class On>
char* put_floats(char* out, std::string_view bytes) {
  size_t count = bytes.size() / sizeof(float);
  bytes = bytes.substr(0, count * sizeof(float));
  if constexpr (On::kProto) return On::bytes(out, bytes);
  if (count > 0) out = put(On::number(out, static_cast<int64_t>(count)), bytes);
  return On::number(out, 0);
}

// A value of another kind than the column's type has: as near to it as its place allows.
template <class On>
char* put_misfit(char* out, const BinaryColumn& column, const Cell& cell) {
  using Type = ValueSchema::Type;
  bool is_number = (bit(cell.kind) & (kNumbers | bit(Kind::Enum) | bit(Kind::Set))) != 0;
  std::string_view bytes = has_bytes(cell.kind) ? cell.bytes() : std::string_view();
  switch (column.type) {
    case Type::Boolean: return put_varint(out, is_number && cell.u != 0);
    case Type::Int:
    case Type::Long:
    case Type::Unsigned: return On::number(out, is_number ? cell.i : 0);
    case Type::Float: return On::real(out, 0.0f);
    case Type::Double: return On::real(out, 0.0);
    case Type::Bytes: return On::bytes(out, bytes);
    case Type::Record:
      return On::kProto ? On::size(out, 0) : put_geometry<On>(out, column.step == Step::Point, "");
    case Type::Array: return put_floats<On>(out, "");
    default: break;
  }
  if (is_number) {
    return spelt_short<On>(out, [&](char* at) {
      return cell.kind == Kind::Int ? spell_int(at, cell.i) : spell_uint(at, cell.u);
    });
  }
  if (bit(cell.kind) & (bit(Kind::Float) | bit(Kind::Double))) {
    return spelt_short<On>(out, [&](char* at) { return spell_double(at, cell.d); });
  }
  return is_utf8(bytes) ? On::bytes(out, bytes) : put_blob<On>(out, Step::Base64, bytes);
}

}  // namespace

template <SchemaLanguage kLanguage>
char* BinaryRow<kLanguage>::temporal(char* out, const BinaryColumn& column, const Cell& cell) {
  using On = Wire<kLanguage>;
  Step step = column.step;
  if (cell.kind == Kind::Date) {
    int64_t days =
        days_since_epoch(static_cast<int64_t>(cell.u >> 9 & 0x7fff), cell.u >> 5 & 15, cell.u & 31);
    if (step == Step::DateDays) return On::number(out, days);
    return spelt_short<On>(out, [&](char* at) {
      at = spell_date(at, cell.u);
      if (step == Step::DateIso) *at++ = 'Z';
      return at;
    });
  }
  if (cell.kind == Kind::Time) {
    if (step == Step::TimeText || step == Step::TimeIso) {
      return spelt_short<On>(out, [&](char* at) {
        at = spell_time(at, cell.i, cell.aux);
        if (step == Step::TimeIso) *at++ = 'Z';
        return at;
      });
    }
    uint64_t magnitude = cell.i < 0 ? 0 - cell.u : cell.u;
    auto clock = static_cast<uint32_t>(magnitude >> 24);
    int64_t seconds = int64_t{clock >> 12} * 3600 + (clock >> 6 & 63) * 60 + (clock & 63);
    int64_t micros = seconds * 1'000'000 + static_cast<int64_t>(magnitude & 0xffffff);
    if (cell.i < 0) micros = -micros;
    return On::number(out, step == Step::TimeMillis  ? micros / 1000
                           : step == Step::TimeNanos ? micros * 1000
                                                     : micros);
  }
  if (cell.kind == Kind::Timestamp) {
    if (step == Step::TimestampMicros) {
      return On::number(out, static_cast<int64_t>((cell.u >> 24) * 1'000'000 + (cell.u & 0xffffff)));
    }
    return spelt_short<On>(out, [&](char* at) {
      if (step == Step::TimestampText) return spell_timestamp(at, cell.u, cell.aux, day_);
      at = spell_fraction(day_.spell(at, cell.u >> 24, 'T'), cell.u & 0xffffff, cell.aux);
      *at = 'Z';
      return at + 1;
    });
  }
  if (step == Step::DateTimeText || step == Step::DateTimeIso) {
    return spelt_short<On>(out, [&](char* at) {
      char* end = day_.spell_datetime(at, cell.u, cell.aux);
      if (step == Step::DateTimeIso) {
        at[10] = 'T';
        *end++ = 'Z';
      }
      return end;
    });
  }
  auto year_month = static_cast<uint32_t>(cell.u >> 46),
       clock = static_cast<uint32_t>(cell.u >> 24 & 0x1ffff);
  int64_t seconds = days_since_epoch(year_month / 13, year_month % 13, cell.u >> 41 & 31) * 86400 +
                    (clock >> 12) * 3600 + (clock >> 6 & 63) * 60 + (clock & 63);
  auto micros = static_cast<int64_t>(cell.u & 0xffffff);
  if (step == Step::DateTimeMillis) return On::number(out, seconds * 1000 + micros / 1000);
  // Beyond 2262 the number is longer than 64 bits hold: it wraps, as Debezium's does.
  if (step == Step::DateTimeNanos) {
    return On::number(out, static_cast<int64_t>(static_cast<uint64_t>(seconds) * 1'000'000'000 +
                                                static_cast<uint64_t>(micros) * 1000));
  }
  return On::number(out, seconds * 1'000'000 + micros);
}

template <SchemaLanguage kLanguage>
char* BinaryRow<kLanguage>::value(char* out, const BinaryRowPlan& plan, const BinaryColumn& column,
                                  const Cell& cell) {
  using On = Wire<kLanguage>;
  if (!(kinds_of(column.step) & bit(cell.kind))) return put_misfit<On>(out, column, cell);
  switch (column.step) {
    case Step::Int: return On::number(out, cell.i);
    case Step::Boolean: return put_varint(out, cell.u & 1);
    case Step::BitBytes: return put_bits<On>(out, cell);
    case Step::UnsignedDecimal: return put_unsigned<On>(out, column, cell.u);
    case Step::Float: return On::real(out, static_cast<float>(cell.d));
    case Step::Double: return On::real(out, cell.d);
    case Step::Decimal:
    case Step::DecimalDouble:
    case Step::DecimalText: return put_decimal<On>(out, column, cell);
    case Step::Text: return put_utf8<On>(out, cell);
    case Step::Bytes:
    case Step::Base64:
    case Step::Base64Url:
    case Step::Hex: return put_blob<On>(out, column.step, cell.bytes());
    case Step::Enum: return put_enum<On>(out, plan, column, cell.u);
    case Step::Set: return put_set<On>(out, plan, column, cell.u);
    case Step::Json:
      return spelt<On>(
          out, [&](char* at) { return spell_json_binary_or_marker(at, cell.bytes(), JsonSpacing::Compact); });
    case Step::Geometry:
    case Step::Point: return put_geometry<On>(out, column.step == Step::Point, cell.bytes());
    case Step::Floats: return put_floats<On>(out, cell.bytes());
    case Step::Uuid: return spelt_short<On>(out, [&](char* at) { return spell_uuid(at, cell.bytes()); });
    case Step::Inet4: return spelt_short<On>(out, [&](char* at) { return spell_inet4(at, cell.bytes()); });
    case Step::Inet6: return spelt_short<On>(out, [&](char* at) { return spell_inet6(at, cell.bytes()); });
    default: return temporal(out, column, cell);
  }
}

// Null: there must be a value, and is none.
template <SchemaLanguage kLanguage>
inline char* BinaryRow<kLanguage>::field(char* out, const BinaryRowPlan& plan, const BinaryColumn& column,
                                         const Cell& cell) {
  constexpr bool kProto = kLanguage == SchemaLanguage::Protobuf;
  bool lacks = !cell.present() || cell.kind == Kind::JsonPatch;
  if (lacks) lacks_ = true;
  bool no_moment = is_no_moment(column.step, cell);
  if (lacks || cell.kind == Kind::Null || (no_moment && column.nullable)) {
    if (!column.nullable) return nullptr;
    if constexpr (!kProto) *out++ = 0;
    return out;
  }
  if constexpr (kProto) {
    std::memcpy(out, column.tag, sizeof column.tag);
    out += column.tag_size;
  } else if (column.nullable) {
    *out++ = 2;
  }
  if (no_moment) {
    if (column.type != ValueSchema::Type::String) return Wire<kLanguage>::number(out, 0);
    return Wire<kLanguage>::bytes(out, "1970-01-01Z");
  }
  return value(out, plan, column, cell);
}

template <SchemaLanguage kLanguage>
bool BinaryRow<kLanguage>::append(Bytes& out, const BinaryRowPlan& plan, const Row& row) {
  size_t room = bound(plan, row), count = std::min<size_t>(row.count, plan.columns.size());
  bool big = row.text_bytes > kBigRow;
  char* at = out.reserve(room);
  for (size_t i = 0; i < count; ++i) {
    if (big && has_bytes(row[i].kind)) {
      out.commit(at);
      at = out.reserve(room + 6 * size_t{row[i].size});
    }
    at = field(at, plan, plan.columns[i], row[i]);
    if (!at) return false;
  }
  out.commit(at);
  return true;
}

template <SchemaLanguage kLanguage>
bool BinaryRow<kLanguage>::append_key(Bytes& out, const BinaryRowPlan& plan, const std::vector<uint32_t>& key,
                                      const Row& row, const Row& other) {
  char* at = out.reserve(plan.bound + 6 * (size_t{row.text_bytes} + other.text_bytes) + kSlack);
  for (size_t i = 0; i < key.size(); ++i) {
    const Row& holder = key[i] < row.count && row[key[i]].present() ? row : other;
    at = field(at, plan, plan.columns[i], key[i] < holder.count ? holder[key[i]] : Cell());
    if (!at) return false;
  }
  out.commit(at);
  return true;
}

template class BinaryRow<SchemaLanguage::Avro>;
template class BinaryRow<SchemaLanguage::Protobuf>;

}  // namespace sluice
