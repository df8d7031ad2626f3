// Values as the text that canal makes of them.
#pragma once

#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "format/address.h"
#include "format/canal/zone.h"
#include "format/snippet.h"
#include "format/spell.h"
#include "format/spell_java.h"
#include "model/cell.h"
#include "model/table.h"

namespace sluice::canal {

// Each byte as the character of its number (ISO-8859-1), which is how canal sends bytes; as the inside of a
// JSON string, and in UTF-8. Room: six bytes for each, and kSlack.
char* spell_latin1_json(char* out, std::string_view bytes);
char* spell_latin1(char* out, std::string_view bytes);
// Text as well-formed UTF-8: what is no character becomes U+FFFD. Room: three bytes for each.
char* spell_utf8(char* out, std::string_view text);

char* spell_vector(char* out, std::string_view bytes);

// The label, those of a SET with commas; `numbers`, and where labels are not known, what the server stores.
char* spell_enum(char* out, uint64_t number, const std::vector<Snippet>& labels, bool numbers);
char* spell_set(char* out, uint64_t bits, const std::vector<Snippet>& labels, bool numbers);

class Speller {
 public:
  explicit Speller(bool strict) : strict_(strict) {}

  // Of the kinds that need no escape in JSON and have no labels; ENUM and SET as their numbers. Room:
  // kScalarBytes, six bytes for each byte the cell points to, and kSlack.
  char* scalar(char* out, const Cell& cell) {
    switch (cell.kind) {
      case Kind::Int: return spell_int(out, cell.i);
      case Kind::Float: return spell_java_float(out, static_cast<float>(cell.d));
      case Kind::Double: return spell_java_double(out, cell.d);
      case Kind::Decimal: return spell_decimal(out, cell.bytes(), cell.aux, cell.aux2);
      case Kind::Date: return spell_date(out, cell.u);
      case Kind::Time: return spell_time(out, cell.i, cell.aux);
      case Kind::DateTime: return day_.spell_datetime(out, cell.u, cell.aux);
      case Kind::Timestamp: return timestamp(out, cell);
      case Kind::Year: return cell.u == 0 ? spell_padded(out, 0, 4) : spell_uint(out, cell.u);
      case Kind::Uuid: return spell_uuid(out, cell.bytes());
      case Kind::Inet4: return spell_inet4(out, cell.bytes());
      case Kind::Inet6: return spell_inet6(out, cell.bytes());
      case Kind::Vector: return spell_vector(out, cell.bytes());
      default: return spell_uint(out, cell.u);
    }
  }

  // A JSON document as the server spaces it, or the expression of an update within one. Valid until the next
  // call; 16 bytes behind it are readable.
  std::string_view document(const Cell& cell, const Column& column);

 private:
  char* timestamp(char* out, const Cell& cell) {
    if (cell.u == 0) return spell_datetime(out, 0, cell.aux);
    uint64_t seconds = cell.u >> 24;
    if (strict_) seconds = zone_.local(seconds);
    return spell_fraction(day_.spell(out, seconds, ' '), cell.u & 0xffffff, cell.aux);
  }

  const bool strict_;
  DayMemo day_;
  LocalZone zone_;
  Bytes document_, expression_;
};

// What Speller::document may give of a cell of so many bytes, as the inside of a JSON string.
constexpr size_t document_bound(size_t size) { return 14 * size + 256; }

inline bool is_document(Kind kind) { return kind == Kind::Json || kind == Kind::JsonPatch; }

}  // namespace sluice::canal
