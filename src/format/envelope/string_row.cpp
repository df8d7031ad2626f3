#include "format/envelope/string_row.h"

#include "base/arena.h"
#include "base/base64.h"
#include "format/json_text.h"
#include "format/plain.h"
#include "format/put.h"

namespace sluice::envelope {
namespace {

// A byte a character, as ISO-8859-1 has them.
char* spell_latin1(char* out, std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  for (char c : bytes) {
    auto byte = static_cast<uint8_t>(c);
    if (byte >= 0x80) {
      *out++ = static_cast<char>(0xc0 | byte >> 6);
      *out++ = static_cast<char>(0x80 | (byte & 0x3f));
    } else if (byte < 0x20) {
      out = put(out, "\\u00");
      *out++ = kDigits[byte >> 4];
      *out++ = kDigits[byte & 15];
    } else {
      if (c == '"' || c == '\\') *out++ = '\\';
      *out++ = c;
    }
  }
  return out;
}

char* spell_utc(char* out, const Cell& cell, DayMemo& day) {
  if (cell.u == 0) return spell_datetime(out, 0, cell.aux);
  return spell_fraction(day.spell(out, cell.u >> 24, ' '), cell.u & 0xffffff, cell.aux);
}

}  // namespace

char* StringRow::value(char* out, const Cell& cell, const Column& column, JsonRow& rows, bool canal) {
  switch (cell.kind) {
    case Kind::Missing:
    case Kind::Null: return out;
    case Kind::Int: return spell_int(out, cell.i);
    case Kind::Uint:
    case Kind::Bit: return spell_uint(out, cell.u);
    case Kind::Float: return spell_float(out, static_cast<float>(cell.d));
    case Kind::Double: return spell_double(out, cell.d);
    case Kind::Decimal: return spell_decimal(out, cell.bytes(), cell.aux, cell.aux2);
    case Kind::Text: return spell_json_text(out, cell.bytes(), cell.aux != 0);
    case Kind::Date: return spell_date(out, cell.u);
    case Kind::Time: return spell_time(out, cell.i, cell.aux);
    case Kind::DateTime: return day_.spell_datetime(out, cell.u, cell.aux);
    case Kind::Timestamp: return spell_utc(out, cell, day_);
    case Kind::Blob: return canal ? spell_latin1(out, cell.bytes()) : base64_encode(out, cell.bytes());
    case Kind::Geometry:
    case Kind::Vector:
      if (canal) return spell_latin1(out, cell.bytes());
      break;
    case Kind::Enum:
    case Kind::Set:
      if (canal) return spell_uint(out, cell.u);
      break;
    default: break;
  }
  scratch_.clear();
  append_plain(scratch_, cell, column);
  scratch_.reserve(Arena::kReadSlack);
  return spell_json_text(rows.more(out, 6 * scratch_.size()), scratch_.view());
}

char* StringRow::object(char* out, const JsonRowPlan& plan, const Row& row, JsonRow& rows, bool canal) {
  *out++ = '{';
  bool first = true;
  for (size_t i = 0; i < row.count; ++i) {
    const Cell& cell = row[i];
    if (cell.kind == Kind::JsonPatch) has_patch_ = true;
    if (!cell.present() || cell.kind == Kind::JsonPatch) continue;
    if (has_bytes(cell.kind)) out = rows.more(out, 6 * size_t{cell.size});
    const JsonRowPlan::Text& key = plan.columns[i].key;
    std::string_view name(key.data, key.size);
    out = put(out, first ? name.substr(1) : name);
    first = false;
    if (cell.kind == Kind::Null && !canal) {
      out = put(out, "null");
      continue;
    }
    *out++ = '"';
    out = value(out, cell, plan.table->columns[i], rows, canal);
    *out++ = '"';
  }
  *out = '}';
  return out + 1;
}

}  // namespace sluice::envelope
