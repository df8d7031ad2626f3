#include "format/sql/literal.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/arena.h"
#include "base/utf8.h"
#include "format/address.h"
#include "format/json_binary.h"
#include "format/put.h"
#include "format/sql_text.h"

namespace sluice::sql {
namespace {

// A decimal takes at most so much: 65 digits, sign, point, quotes.
constexpr size_t kLongestScalar = 96;

// `text` has readable bytes behind it.
void append_utf8(Bytes& out, std::string_view text) {
  out.commit(spell_sql_text(out.reserve(sql_text_bound(text.size()) + kSlack), text));
}

void append_hex(Bytes& out, std::string_view bytes) {
  if (bytes.empty()) return out.append("''");
  out.commit(spell_sql_hex(out.reserve(2 * bytes.size() + 2), bytes));
}

// The byte that a column's character set does not know, which stands as U+DC00 + byte in three; 0: none does.
uint8_t unknown_byte(std::string_view text) {
  if (text.size() < 3 || text[0] != '\xed') return 0;
  auto second = static_cast<uint8_t>(text[1]), third = static_cast<uint8_t>(text[2]);
  if ((second != 0xb2 && second != 0xb3) || (third & 0xc0) != 0x80) return 0;
  return static_cast<uint8_t>((second & 3) << 6 | (third & 63));
}

// The column's own bytes, put together of what its character set knows and what it does not: bytes are stored
// as they are.
void append_stored(Bytes& out, std::string_view text, std::string_view charset, Bytes& scratch) {
  scratch.clear();
  out.append("CONCAT('' ");  // of one part, too, it is bytes
  auto known = [&] {
    if (scratch.empty()) return;
    out.append(",CAST(CONVERT(");
    out.append("_utf8mb4 ");
    append_hex(out, scratch.view());
    out.append(" USING ");
    out.append(charset);
    out.append(") AS BINARY)");
    scratch.clear();
  };
  while (!text.empty()) {
    if (uint8_t byte = unknown_byte(text)) {
      known();
      auto raw = static_cast<char>(byte);
      out.push(',');
      append_hex(out, {&raw, 1});
      text.remove_prefix(3);
    } else {
      scratch.push(text.front());
      text.remove_prefix(1);
    }
  }
  known();
  out.push(')');
}

// Of text that is no UTF-8: as bytes, since no literal of a character set could hold it.
void append_odd(Bytes& out, const Cell& cell, const ColumnPlan& column, Bytes& scratch) {
  bool as_stored = cell.aux != 0;
  if (as_stored) return append_hex(out, cell.bytes());
  if (!column.charset.empty()) return append_stored(out, cell.bytes(), column.charset, scratch);
  scratch.clear();
  for (std::string_view text = cell.bytes(); !text.empty();) {
    uint8_t byte = unknown_byte(text);
    scratch.push(byte ? static_cast<char>(byte) : text.front());
    text.remove_prefix(byte ? 3 : 1);
  }
  append_hex(out, scratch.view());
}

// A literal with an exponent is a double; without one it is a decimal.
char* put_double(char* out, double value) {
  char* end = spell_double(out, value);
  return std::find(out, end, 'e') == end ? put(end, "e0") : end;
}

char* put_in_quotes(char* out, char* end) {
  *out = '\'';
  *end = '\'';
  return end + 1;
}

char* put_utc(char* out, const Cell& cell, DayMemo& day) {
  if (cell.u == 0) return spell_datetime(out, 0, cell.aux);
  return spell_fraction(day.spell(out, cell.u >> 24, ' '), cell.u & 0xffffff, cell.aux);
}

char* put_scalar(char* out, const Cell& cell, DayMemo& day) {
  switch (cell.kind) {
    case Kind::Int: return spell_int(out, cell.i);
    case Kind::Float:
    case Kind::Double: return put_double(out, cell.d);
    case Kind::Decimal: return spell_decimal(out, cell.bytes(), cell.aux, cell.aux2);
    case Kind::Date: return put_in_quotes(out, spell_date(out + 1, cell.u));
    case Kind::Time: return put_in_quotes(out, spell_time(out + 1, cell.i, cell.aux));
    case Kind::DateTime: return put_in_quotes(out, day.spell_datetime(out + 1, cell.u, cell.aux));
    case Kind::Timestamp: return put_in_quotes(out, put_utc(out + 1, cell, day));
    case Kind::Uuid: return put_in_quotes(out, spell_uuid(out + 1, cell.bytes()));
    case Kind::Inet4: return put_in_quotes(out, spell_inet4(out + 1, cell.bytes()));
    case Kind::Inet6: return put_in_quotes(out, spell_inet6(out + 1, cell.bytes()));
    case Kind::Uint:
    case Kind::Year:
    case Kind::Bit:
    case Kind::Enum:
    case Kind::Set: return spell_uint(out, cell.u);
    default: return put(out, "NULL");
  }
}

}  // namespace

void append_text(Bytes& out, std::string_view text) {
  Bytes padded;
  padded.append(text);
  padded.append(std::string(Arena::kReadSlack, '\0'));
  append_utf8(out, padded.view().substr(0, text.size()));
}

void Literals::append_set(Bytes& out, uint64_t bits, const ColumnPlan& column) {
  scratch_.clear();
  for (bool first = true; bits != 0; bits &= bits - 1, first = false) {
    if (!first) scratch_.push(',');
    scratch_.append(column.labels[static_cast<size_t>(std::countr_zero(bits))]);
  }
  scratch_.reserve(Arena::kReadSlack);
  append_utf8(out, scratch_.view());
}

// As the server prints it. What is no document becomes a text that the server refuses.
void Literals::append_json_text(Bytes& out, std::string_view document) {
  scratch_.clear();
  char* at = scratch_.reserve(json_binary_bound(document.size()) + kSlack + Arena::kReadSlack);
  char* end = spell_json_binary(at, document, JsonSpacing::Server);
  scratch_.commit(end ? end : put(at, "malformed json"));
  scratch_.reserve(Arena::kReadSlack);
  append_utf8(out, scratch_.view());
}

// Text brings back documents of what JSON itself has. Decimals, times and bytes in them, each marked by this
// byte, need an expression.
void Literals::append_json(Bytes& out, std::string_view document) {
  constexpr char kOpaque = 0x0f;
  if (document.find(kOpaque) != std::string_view::npos) {
    char* at = out.reserve(json_binary_bound(document.size()) + kSlack);
    if (char* end = spell_json_sql(at, document)) return out.commit(end);
  }
  out.append("CAST(");
  append_json_text(out, document);
  out.append(" AS JSON)");
}

void Literals::append(Bytes& out, const Cell& cell, const ColumnPlan& column) {
  switch (cell.kind) {
    case Kind::Text:
      if (is_utf8(cell.bytes())) return append_utf8(out, cell.bytes());
      return append_odd(out, cell, column, scratch_);
    case Kind::Blob:
    case Kind::Geometry:
    case Kind::Vector: return append_hex(out, cell.bytes());
    case Kind::Json: return append_json(out, cell.bytes());
    case Kind::Enum:
      if (cell.u > 0 && cell.u <= column.labels.size()) return out.append(column.labels[cell.u - 1]);
      break;
    case Kind::Set:
      if (column.labels.size() >= 64 || cell.u >> column.labels.size() == 0) {
        return append_set(out, cell.u, column);
      }
      break;
    default: break;
  }
  out.commit(put_scalar(out.reserve(kLongestScalar + kSlack), cell, day_));
}

void Literals::append_exact(Bytes& out, const Cell& cell, const ColumnPlan& column) {
  std::string_view name = column.name.view();
  auto compared = [&](std::string_view before, std::string_view behind) {
    out.append(before);
    out.append(name);
    out.append(behind);
  };
  switch (cell.kind) {
    case Kind::Null: compared("", " IS NULL"); return;
    case Kind::Text:
      if (!is_utf8(cell.bytes())) {
        compared("CAST(", " AS BINARY)=");
        return append_odd(out, cell, column, scratch_);
      }
      compared("CAST(CONVERT(", " USING utf8mb4) AS BINARY)=CAST(");
      append_utf8(out, cell.bytes());
      return out.append(" AS BINARY)");
    case Kind::Json:
      compared("CAST(CAST(", " AS CHAR CHARACTER SET utf8mb4) AS BINARY)=CAST(");
      append_json_text(out, cell.bytes());
      return out.append(" AS BINARY)");
    case Kind::Geometry:
    case Kind::Vector:
      // Neither type can be compared with bytes.
      compared("HEX(", ")=HEX(");
      append_hex(out, cell.bytes());
      return out.push(')');
    default: compared("", "="); append(out, cell, column);
  }
}

}  // namespace sluice::sql
