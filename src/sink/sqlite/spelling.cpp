#include "sink/sqlite/spelling.h"

#include <charconv>
#include <cstdlib>

#include "base/arena.h"
#include "format/address.h"
#include "format/json_binary.h"
#include "format/spell.h"
#include "mirror/labels.h"
#include "mirror/text.h"

namespace sluice::sqlite {
namespace {

// What no column type holds exactly, BLOB does: it is the one that converts nothing.
constexpr const char* kAsIs = "BLOB";

size_t fraction_size(const Column& column) {
  return column.fraction_digits == 0 ? 0 : 1u + column.fraction_digits;
}

std::string quoted(std::string_view text) {
  std::string made = "'";
  for (char c : text) made.append(c == '\'' ? 2 : 1, c);
  return made + '\'';
}

bool is_number(const Column& column) {
  return (column.type >= ColumnType::TinyInt && column.type <= ColumnType::Double) ||
         column.type == ColumnType::Bit || column.type == ColumnType::Year;
}

// As a cell of the column would be spelt: with all the digits of its fraction.
std::string padded(std::string text, size_t digits) {
  if (digits == 0) return text;
  size_t point = text.find('.');
  if (point == std::string::npos) {
    point = text.size();
    text += '.';
  }
  size_t has = text.size() - point - 1;
  if (has < digits) text.append(digits - has, '0');
  return text;
}

class SqliteSpelling final : public mirror::Spelling {
 public:
  std::string type(const Column& column, bool) const override;
  std::string literal(const Column& column, const std::string* text) const override;
  void begin(const Table& table) override { table_ = &table; }
  void value(Bytes& out, const Cell& cell, uint32_t column) override;
  std::string_view comma() const override { return {}; }
  bool met_invalid_text() override { return texts_.met_invalid(); }
  bool keyed() const override { return false; }
  std::unique_ptr<mirror::Spelling> clone() const override { return std::make_unique<SqliteSpelling>(); }

 private:
  template <class Number>
  static void number(Bytes& out, Tag tag, Number value) {
    static_assert(sizeof value == 8);
    char* at = out.reserve(9);
    *at = static_cast<char>(tag);
    std::memcpy(at + 1, &value, 8);
    out.commit(at + 9);
  }
  static void bytes(Bytes& out, Tag tag, std::string_view text) {
    char* at = out.reserve(5 + text.size());
    *at = static_cast<char>(tag);
    auto size = static_cast<uint32_t>(text.size());
    std::memcpy(at + 1, &size, 4);
    if (size > 0) std::memcpy(at + 5, text.data(), size);
    out.commit(at + 5 + size);
  }
  // What spell(at) writes, of `most` bytes.
  template <class Spell>
  static void text(Bytes& out, size_t most, Spell spell) {
    char* at = out.reserve(5 + most + kSlack);
    char* end = spell(at + 5);
    *at = static_cast<char>(Tag::Text);
    auto size = static_cast<uint32_t>(end - at - 5);
    std::memcpy(at + 1, &size, 4);
    out.commit(end);
  }
  static void whole(Bytes& out, uint64_t value) {
    if (value <= INT64_MAX) return number(out, Tag::Integer, static_cast<int64_t>(value));
    text(out, 24, [&](char* at) { return spell_uint(at, value); });
  }
  void label(Bytes& out, const Cell& cell, uint32_t column);
  static void single(Bytes& out, float value);
  char* timestamp(char* at, const Cell& cell);

  const Table* table_ = nullptr;
  mirror::Texts texts_;
  DayMemo day_;
};

std::string SqliteSpelling::type(const Column& column, bool) const {
  switch (column.type) {
    case ColumnType::BigInt: return column.is_unsigned ? kAsIs : "INTEGER";
    case ColumnType::TinyInt:
    case ColumnType::SmallInt:
    case ColumnType::MediumInt:
    case ColumnType::Int:
    case ColumnType::Year: return "INTEGER";
    case ColumnType::Bit: return column.length == 64 ? kAsIs : "INTEGER";
    case ColumnType::Float:
    case ColumnType::Double: return "REAL";
    case ColumnType::Decimal: return fmt::format("TEXT({},{})", column.precision, column.scale);
    case ColumnType::Date: return "TEXT(10)";
    case ColumnType::Time: return fmt::format("TEXT({})", 10 + fraction_size(column));
    case ColumnType::DateTime:
    case ColumnType::Timestamp: return fmt::format("TEXT({})", 19 + fraction_size(column));
    case ColumnType::Binary:
    case ColumnType::VarBinary:
    case ColumnType::TinyBlob:
    case ColumnType::Blob:
    case ColumnType::MediumBlob:
    case ColumnType::LongBlob:
    case ColumnType::Geometry:
    case ColumnType::Vector:
    case ColumnType::Unknown: return "BLOB";
    default: return "TEXT";
  }
}

std::string SqliteSpelling::literal(const Column& column, const std::string* given) const {
  if (is_number(column) && column.type != ColumnType::Decimal) return given ? *given : "0";
  switch (column.type) {
    case ColumnType::Decimal: return quoted(padded(given ? *given : "0", column.scale));
    case ColumnType::Date: return quoted(given ? *given : "0000-00-00");
    case ColumnType::Time: return quoted(padded(given ? *given : "00:00:00", column.fraction_digits));
    case ColumnType::DateTime:
    case ColumnType::Timestamp:
      return quoted(padded(given ? *given : "0000-00-00 00:00:00", column.fraction_digits));
    case ColumnType::Enum:
      return quoted(given ? *given : column.members.empty() ? std::string() : column.members.front());
    case ColumnType::Json: return quoted(given ? *given : "null");
    default:
      return (type(column, false) == "BLOB" ? "CAST(" + quoted(given ? *given : "") + " AS BLOB)"
                                            : quoted(given ? *given : ""));
  }
}

void SqliteSpelling::label(Bytes& out, const Cell& cell, uint32_t column) {
  size_t begin = out.size();
  bytes(out, Tag::Text, {});
  if (mirror::append_label(out, cell, table_->columns[column].members)) {
    auto size = static_cast<uint32_t>(out.size() - begin - 5);
    std::memcpy(out.data() + begin + 1, &size, 4);
    return;
  }
  out.truncate(begin);
  whole(out, cell.u);
}

// The double that is spelt as the float is.
void SqliteSpelling::single(Bytes& out, float value) {
  char spelt[64 + kSlack];
  double wide = value;
  std::from_chars(spelt, spell_float(spelt, value), wide);
  number(out, Tag::Real, wide);
}

char* SqliteSpelling::timestamp(char* at, const Cell& cell) {
  if (cell.u == 0) return spell_datetime(at, 0, cell.aux);
  return spell_fraction(day_.spell(at, cell.u >> 24, ' '), cell.u & 0xffffff, cell.aux);
}

void SqliteSpelling::value(Bytes& out, const Cell& cell, uint32_t column) {
  switch (cell.kind) {
    case Kind::Int: return number(out, Tag::Integer, cell.i);
    case Kind::Uint:
    case Kind::Year:
    case Kind::Bit: return whole(out, cell.u);
    case Kind::Float: return single(out, static_cast<float>(cell.d));
    case Kind::Double: return number(out, Tag::Real, cell.d);
    case Kind::Decimal:
      return text(out, 96, [&](char* at) { return spell_decimal(at, cell.bytes(), cell.aux, cell.aux2); });
    case Kind::Text: return bytes(out, Tag::Text, texts_.of(cell));
    case Kind::Date: return text(out, kScalarBytes, [&](char* at) { return spell_date(at, cell.u); });
    case Kind::Time:
      return text(out, kScalarBytes, [&](char* at) { return spell_time(at, cell.i, cell.aux); });
    case Kind::DateTime:
      return text(out, kScalarBytes, [&](char* at) { return day_.spell_datetime(at, cell.u, cell.aux); });
    case Kind::Timestamp: return text(out, kScalarBytes, [&](char* at) { return timestamp(at, cell); });
    case Kind::Enum:
    case Kind::Set: return label(out, cell, column);
    case Kind::Json:
      return text(out, json_binary_bound(cell.size), [&](char* at) {
        return spell_json_binary_or_marker(at, cell.bytes(), JsonSpacing::Server);
      });
    case Kind::Uuid: return text(out, kAddressBytes, [&](char* at) { return spell_uuid(at, cell.bytes()); });
    case Kind::Inet4:
      return text(out, kAddressBytes, [&](char* at) { return spell_inet4(at, cell.bytes()); });
    case Kind::Inet6:
      return text(out, kAddressBytes, [&](char* at) { return spell_inet6(at, cell.bytes()); });
    case Kind::Blob:
    case Kind::Geometry:
    case Kind::Vector: return bytes(out, Tag::Blob, cell.bytes());
    default: return out.push(static_cast<char>(Tag::Null));
  }
}

}  // namespace

std::unique_ptr<mirror::Spelling> make_spelling() { return std::make_unique<SqliteSpelling>(); }

}  // namespace sluice::sqlite
