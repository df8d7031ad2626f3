#include "format/plain.h"

#include <bit>
#include <cstring>

#include "format/address.h"
#include "format/json_binary.h"
#include "format/spell.h"
#include "format/wkt.h"

namespace sluice {
namespace {

template <class Spell>
void spelt(Bytes& out, size_t most, Spell spell) {
  char* at = out.reserve(most + kSlack);
  out.commit(spell(at));
}

void append_set(Bytes& out, uint64_t bits, const Column& column) {
  size_t known = column.members.size();
  if (known < 64 && bits >> known != 0) {
    return spelt(out, kScalarBytes, [&](char* at) { return spell_uint(at, bits); });
  }
  for (bool first = true; bits != 0; bits &= bits - 1, first = false) {
    if (!first) out.push(',');
    out.append(column.members[static_cast<size_t>(std::countr_zero(bits))]);
  }
}

void append_vector(Bytes& out, std::string_view bytes) {
  out.push('[');
  for (size_t at = 0; at + sizeof(float) <= bytes.size(); at += sizeof(float)) {
    float value;
    std::memcpy(&value, bytes.data() + at, sizeof value);
    if (at > 0) out.push(',');
    spelt(out, kScalarBytes, [&](char* room) { return spell_float(room, value); });
  }
  out.push(']');
}

void append_geometry(Bytes& out, std::string_view bytes) {
  if (bytes.size() > 4) {  // the SRID stands in front
    std::string_view wkb = bytes.substr(4);
    if (char* end = spell_wkt(out.reserve(wkt_bound(wkb.size()) + kSlack), wkb)) return out.commit(end);
  }
  out.append(bytes);
}

char* spell_utc(char* out, const Cell& cell) {
  if (cell.u == 0) return spell_datetime(out, 0, cell.aux);
  DayMemo day;
  return spell_fraction(day.spell(out, cell.u >> 24, ' '), cell.u & 0xffffff, cell.aux);
}

char* spell_scalar(char* out, const Cell& cell) {
  switch (cell.kind) {
    case Kind::Int: return spell_int(out, cell.i);
    case Kind::Float:
    case Kind::Double: return spell_plain_real(out, cell);
    case Kind::Date: return spell_date(out, cell.u);
    case Kind::Time: return spell_time(out, cell.i, cell.aux);
    case Kind::DateTime: return spell_datetime(out, cell.u, cell.aux);
    case Kind::Timestamp: return spell_utc(out, cell);
    case Kind::Year: return cell.u == 0 ? spell_padded(out, 0, 4) : spell_uint(out, cell.u);
    default: return spell_uint(out, cell.u);
  }
}

}  // namespace

char* spell_plain_real(char* out, const Cell& cell) {
  char* end =
      cell.kind == Kind::Float ? spell_float(out, static_cast<float>(cell.d)) : spell_double(out, cell.d);
  auto* plus = static_cast<char*>(std::memchr(out, '+', static_cast<size_t>(end - out)));
  if (!plus) return end;
  std::memmove(plus, plus + 1, static_cast<size_t>(end - plus - 1));
  return end - 1;
}

void append_plain(Bytes& out, const Cell& cell, const Column& column) {
  switch (cell.kind) {
    case Kind::Missing:
    case Kind::Null: return;
    case Kind::Text:
    case Kind::Blob: return out.append(cell.bytes());
    case Kind::Decimal:
      return spelt(out, kScalarBytes + 3 * cell.size,
                   [&](char* at) { return spell_decimal(at, cell.bytes(), cell.aux, cell.aux2); });
    case Kind::Enum:
      if (cell.u == 0) return;
      if (cell.u <= column.members.size()) return out.append(column.members[cell.u - 1]);
      break;
    case Kind::Set: return append_set(out, cell.u, column);
    case Kind::Json:
    case Kind::JsonPatch:
      return spelt(out, json_binary_bound(cell.size), [&](char* at) {
        return spell_json_binary_or_marker(at, cell.bytes(), JsonSpacing::Server);
      });
    case Kind::Geometry: return append_geometry(out, cell.bytes());
    case Kind::Vector: return append_vector(out, cell.bytes());
    case Kind::Uuid: return spelt(out, kAddressBytes, [&](char* at) { return spell_uuid(at, cell.bytes()); });
    case Kind::Inet4:
      return spelt(out, kAddressBytes, [&](char* at) { return spell_inet4(at, cell.bytes()); });
    case Kind::Inet6:
      return spelt(out, kAddressBytes, [&](char* at) { return spell_inet6(at, cell.bytes()); });
    default: break;
  }
  spelt(out, kScalarBytes, [&](char* at) { return spell_scalar(at, cell); });
}

}  // namespace sluice
