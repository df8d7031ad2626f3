#include "format/maxwell/value.h"
#include "format/json_text.h"

#include <algorithm>
#include <cstring>

#include "base/base64.h"
#include "format/address.h"
#include "format/json_binary.h"
#include "format/put.h"
#include "format/wkt.h"

namespace sluice::maxwell {
namespace {

template <class Spell>
char* quoted(char* out, Spell spell) {
  *out = '"';
  out = spell(out + 1);
  *out = '"';
  return out + 1;
}

// Jackson, which writes Maxwell's rows, marks every floating-point number as one.
char* marked_real(char* out, char* end) {
  bool marked = std::any_of(out, end, [](char c) { return c == '.' || c == 'e' || c == 'n'; });
  return marked ? end : put(end, ".0");
}

char* spell_enum(char* out, uint64_t index, const ColumnPlan& column) {
  if (index > column.members.size()) return spell_uint(out, index);
  return column.members[index - 1].put(out);
}

// An array of labels; the bits as a number where the labels are not known.
char* spell_set(char* out, uint64_t bits, const ColumnPlan& column) {
  size_t count = std::min<size_t>(column.members.size(), 64);
  if (count < 64 && bits >> count != 0) return spell_uint(out, bits);
  *out++ = '[';
  bool first = true;
  for (; bits != 0; bits &= bits - 1) {
    if (!first) *out++ = ',';
    first = false;
    out = column.members[static_cast<size_t>(__builtin_ctzll(bits))].put(out);
  }
  *out++ = ']';
  return out;
}

char* spell_vector(char* out, std::string_view bytes) {
  *out++ = '[';
  for (size_t at = 0; at + sizeof(float) <= bytes.size(); at += sizeof(float)) {
    float value;
    std::memcpy(&value, bytes.data() + at, sizeof value);
    if (at > 0) *out++ = ',';
    out = marked_real(out, spell_float(out, value));
  }
  *out++ = ']';
  return out;
}

char* spell_geometry(char* out, std::string_view bytes) {
  if (bytes.size() > 4) {  // the SRID is not shown
    *out = '"';
    if (char* end = spell_wkt(out + 1, bytes.substr(4))) return put(end, "\"");
  }
  return put(base64_encode(put(out, "\"malformed geometry, base64:"), bytes), "\"");
}

// In UTC, without a mark of it.
char* spell_utc(char* out, const Cell& cell, DayMemo& memo) {
  if (cell.u == 0) return spell_datetime(out, 0, cell.aux);
  return spell_fraction(memo.spell(out, cell.u >> 24, ' '), cell.u & 0xffffff, cell.aux);
}

}  // namespace

char* spell_value(char* out, const Cell& cell, const ColumnPlan& column, DayMemo& memo) {
  switch (cell.kind) {
    case Kind::Missing:
    case Kind::Null: return put(out, "null");
    case Kind::Int: return spell_int(out, cell.i);
    case Kind::Uint:
    case Kind::Year:
    case Kind::Bit: return spell_uint(out, cell.u);
    case Kind::Float: return marked_real(out, spell_float(out, static_cast<float>(cell.d)));
    case Kind::Double: return marked_real(out, spell_double(out, cell.d));
    case Kind::Decimal: return spell_decimal(out, cell.bytes(), cell.aux, cell.aux2);
    case Kind::Text:
      return quoted(out, [&](char* at) { return spell_json_text(at, cell.bytes(), cell.aux != 0); });
    case Kind::Blob: return quoted(out, [&](char* at) { return base64_encode(at, cell.bytes()); });
    case Kind::Date: return quoted(out, [&](char* at) { return spell_date(at, cell.u); });
    case Kind::Time: return quoted(out, [&](char* at) { return spell_time(at, cell.i, cell.aux); });
    case Kind::DateTime: return quoted(out, [&](char* at) { return spell_datetime(at, cell.u, cell.aux); });
    case Kind::Timestamp: return quoted(out, [&](char* at) { return spell_utc(at, cell, memo); });
    case Kind::Enum: return spell_enum(out, cell.u, column);
    case Kind::Set: return spell_set(out, cell.u, column);
    case Kind::Json:
    case Kind::JsonPatch: return spell_json_binary_or_marker(out, cell.bytes(), JsonSpacing::Compact);
    case Kind::Geometry: return spell_geometry(out, cell.bytes());
    case Kind::Vector: return spell_vector(out, cell.bytes());
    case Kind::Uuid: return quoted(out, [&](char* at) { return spell_uuid(at, cell.bytes()); });
    case Kind::Inet4: return quoted(out, [&](char* at) { return spell_inet4(at, cell.bytes()); });
    case Kind::Inet6: return quoted(out, [&](char* at) { return spell_inet6(at, cell.bytes()); });
  }
  return out;
}

}  // namespace sluice::maxwell
