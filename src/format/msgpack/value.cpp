#include "format/msgpack/value.h"

#include <bit>
#include <cstring>

#include "base/utf8.h"
#include "format/address.h"
#include "format/json_binary.h"
#include "format/msgpack/pack.h"

namespace sluice::msgpack {
namespace {

// What `spell` writes, as a text; less than 256 bytes.
template <class Spell>
char* pack_short(char* out, Spell spell) {
  char* end = spell(out + 1);
  auto size = static_cast<size_t>(end - out - 1);
  if (size < 32) {
    put_byte(out, 0xa0 | static_cast<unsigned>(size));
    return end;
  }
  std::memmove(out + 2, out + 1, size);
  pack_text_head(out, size);
  return end + 1;
}

bool is_ascii(std::string_view text) {
  uint64_t all = 0;
  size_t i = 0;
  for (; i + 8 <= text.size(); i += 8) {
    uint64_t part;
    std::memcpy(&part, text.data() + i, sizeof part);
    all |= part;
  }
  for (; i < text.size(); ++i) all |= static_cast<uint64_t>(static_cast<uint8_t>(text[i]));
  return (all & 0x8080808080808080) == 0;
}

// A text that is no UTF-8 must not be called one: readers refuse it.
char* pack_utf8(char* out, std::string_view text) {
  if (!is_ascii(text) && !is_utf8(text)) return pack_bytes(out, text);
  return pack_text(out, text);
}

// Its size is known when it is written: four bytes are kept for it.
char* pack_json(char* out, std::string_view document) {
  char* body = out + 5;
  char* end = spell_json_binary_or_marker(body, document, JsonSpacing::Compact);
  put_four(out, 0xdb, static_cast<uint32_t>(end - body));
  return end;
}

char* pack_patch(char* out, std::string_view patch) {
  char* body = out + 6;
  char* end = spell_json_binary_or_marker(body, patch, JsonSpacing::Compact);
  put_byte(put_four(out, 0xc9, static_cast<uint32_t>(end - body)), static_cast<unsigned>(Extension::Patch));
  return end;
}

char* pack_missing(char* out) {
  return put_byte(put_byte(put_byte(out, 0xd4), static_cast<unsigned>(Extension::Missing)), 0);
}

char* pack_vector(char* out, std::string_view bytes) {
  size_t count = bytes.size() / sizeof(float);
  out = pack_array_head(out, count);
  for (size_t i = 0; i < count; ++i) {
    float value;
    std::memcpy(&value, bytes.data() + i * sizeof value, sizeof value);
    out = pack_float(out, value);
  }
  return out;
}

char* pack_set(char* out, uint64_t bits, const ColumnPlan& column) {
  size_t known = column.labels.size();
  if (known < 64 && bits >> known != 0) return pack_uint(out, bits);
  size_t size = 0;
  for (uint64_t rest = bits; rest != 0; rest &= rest - 1) {
    size += column.labels[static_cast<size_t>(std::countr_zero(rest))].size() + 1;
  }
  if (size > 0) --size;
  out = pack_text_head(out, size);
  for (uint64_t rest = bits; rest != 0; rest &= rest - 1) {
    if (rest != bits) *out++ = ',';
    out = put_bytes(out, column.labels[static_cast<size_t>(std::countr_zero(rest))]);
  }
  return out;
}

char* pack_enum(char* out, uint64_t index, const ColumnPlan& column) {
  if (index == 0) return pack_text(out, "");
  if (index > column.labels.size()) return pack_uint(out, index);
  return put_bytes(out, column.labels[index - 1]);
}

char* spell_utc(char* out, const Cell& cell, DayMemo& day) {
  if (cell.u == 0) return spell_datetime(out, 0, cell.aux);
  return spell_fraction(day.spell(out, cell.u >> 24, ' '), cell.u & 0xffffff, cell.aux);
}

}  // namespace

char* pack_value(char* out, const Cell& cell, const ColumnPlan& column, DayMemo& day) {
  switch (cell.kind) {
    case Kind::Missing: return pack_missing(out);
    case Kind::Null: *out = kNil; return out + 1;
    case Kind::Int: return pack_int(out, cell.i);
    case Kind::Uint:
    case Kind::Year:
    case Kind::Bit: return pack_uint(out, cell.u);
    case Kind::Float: return pack_float(out, static_cast<float>(cell.d));
    case Kind::Double: return pack_double(out, cell.d);
    case Kind::Decimal:
      return pack_short(out, [&](char* at) { return spell_decimal(at, cell.bytes(), cell.aux, cell.aux2); });
    case Kind::Text: return pack_utf8(out, cell.bytes());
    case Kind::Blob:
    case Kind::Geometry: return pack_bytes(out, cell.bytes());
    case Kind::Date: return pack_short(out, [&](char* at) { return spell_date(at, cell.u); });
    case Kind::Time: return pack_short(out, [&](char* at) { return spell_time(at, cell.i, cell.aux); });
    case Kind::DateTime:
      return pack_short(out, [&](char* at) { return day.spell_datetime(at, cell.u, cell.aux); });
    case Kind::Timestamp: return pack_short(out, [&](char* at) { return spell_utc(at, cell, day); });
    case Kind::Enum: return pack_enum(out, cell.u, column);
    case Kind::Set: return pack_set(out, cell.u, column);
    case Kind::Json: return pack_json(out, cell.bytes());
    case Kind::JsonPatch: return pack_patch(out, cell.bytes());
    case Kind::Vector: return pack_vector(out, cell.bytes());
    case Kind::Uuid: return pack_short(out, [&](char* at) { return spell_uuid(at, cell.bytes()); });
    case Kind::Inet4: return pack_short(out, [&](char* at) { return spell_inet4(at, cell.bytes()); });
    case Kind::Inet6: return pack_short(out, [&](char* at) { return spell_inet6(at, cell.bytes()); });
  }
  return out;
}

}  // namespace sluice::msgpack
