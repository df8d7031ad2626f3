#include "sink/postgresql/spelling.h"

#include <bit>
#include <cstring>

#include "base/arena.h"
#include "format/calendar.h"
#include "format/json_binary.h"
#include "format/spell.h"
#include "mirror/labels.h"
#include "mirror/text.h"
#include "sink/postgresql/column_type.h"

namespace sluice::postgresql {
namespace {

constexpr uint32_t kMostCharacters = 10'485'760;            // of varchar(n)
constexpr int64_t kDay2000 = days_since_epoch(2000, 1, 1);  // where its calendar begins
constexpr int64_t kDaySeconds = 86400;

constexpr std::string_view kNul = "a text holds the character U+0000, which PostgreSQL's text cannot hold";
constexpr std::string_view kNoDate =
    "a date that no calendar has, such as 0000-00-00, is none of PostgreSQL's; `impossible_dates: as_null` "
    "writes NULL where the column is not of the key";

template <class T>
char* put(char* at, T value) {
  for (size_t i = sizeof value; i-- > 0;) *at++ = static_cast<char>(value >> (8 * i) & 0xff);
  return at;
}

// Appends what write(at) writes, of `most` bytes, behind its size.
template <class Write>
void field(Bytes& out, size_t most, Write write) {
  char* at = out.reserve(4 + most + kSlack);
  char* end = write(at + 4);
  put(at, static_cast<uint32_t>(end - at - 4));
  out.commit(end);
}

template <class T>
void number(Bytes& out, T value) {
  char* at = out.reserve(4 + sizeof value);
  out.commit(put(put(at, static_cast<uint32_t>(sizeof value)), value));
}

void bytes(Bytes& out, std::string_view text) {
  char* at = out.reserve(4 + text.size());
  at = put(at, static_cast<uint32_t>(text.size()));
  if (!text.empty()) std::memcpy(at, text.data(), text.size());
  out.commit(at + text.size());
}

void null(Bytes& out) { out.commit(put(out.reserve(4), UINT32_MAX)); }

// A decimal as it is spelt. Numeric has four digits in each 16 bits, counted from the point (numeric_recv).
void numeric(Bytes& out, std::string_view text) {
  bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  size_t point = std::min(text.find('.'), text.size());
  std::string_view whole = text.substr(0, point);
  std::string_view fraction = point < text.size() ? text.substr(point + 1) : std::string_view();
  size_t before = (whole.size() + 3) / 4, behind = (fraction.size() + 3) / 4;
  field(out, 8 + 2 * (before + behind), [&](char* at) {
    at = put(at, static_cast<uint16_t>(before + behind));
    at = put(at, static_cast<uint16_t>(before - 1));
    at = put(at, static_cast<uint16_t>(negative ? 0x4000 : 0));
    at = put(at, static_cast<uint16_t>(fraction.size()));
    auto digits = [&at](std::string_view four, size_t n) {
      unsigned value = 0;
      for (size_t i = 0; i < n; ++i)
        value = value * 10 + (i < four.size() ? static_cast<unsigned>(four[i] - '0') : 0);
      at = put(at, static_cast<uint16_t>(value));
    };
    for (size_t i = 0, n; i < whole.size(); i += n) {
      n = (whole.size() - i - 1) % 4 + 1;
      digits(whole.substr(i, n), n);
    }
    for (size_t i = 0; i < fraction.size(); i += 4) digits(fraction.substr(i, 4), 4);
    return at;
  });
}

std::string quoted(std::string_view text) {
  std::string made = "'";
  for (char c : text) made.append(c == '\'' ? 2 : 1, c);
  return made + '\'';
}

std::string hexadecimal(std::string_view bytes) {
  std::string made = "'\\x";
  for (unsigned char c : bytes) made += fmt::format("{:02x}", c);
  return made + '\'';
}

class PostgresqlSpelling final : public mirror::Spelling {
 public:
  explicit PostgresqlSpelling(bool as_null) : as_null_(as_null) {}

  std::string type(const Column& column, bool in_key) const override;
  std::string literal(const Column& column, const std::string* given) const override;
  void begin(const Table& table) override { table_ = &table; }
  void value(Bytes& out, const Cell& cell, uint32_t column) override;
  std::string_view comma() const override { return {}; }
  bool met_invalid_text() override { return texts_.met_invalid(); }
  std::string_view misfit() override { return std::exchange(misfit_, {}); }
  bool keyed() const override { return true; }
  std::unique_ptr<mirror::Spelling> clone() const override {
    return std::make_unique<PostgresqlSpelling>(as_null_);
  }

 private:
  std::string plain_type(const Column& column) const;
  void whole(Bytes& out, const Cell& cell, const Column& column) const;
  void text(Bytes& out, std::string_view text);
  void label(Bytes& out, const Cell& cell, const Column& column);
  void moment(Bytes& out, const Cell& cell, uint32_t column);
  static void bits(Bytes& out, const Cell& cell, const Column& column);
  static void address(Bytes& out, std::string_view bytes);

  const bool as_null_;
  const Table* table_ = nullptr;
  mirror::Texts texts_;
  std::string_view misfit_;
  Bytes scratch_;
};

// Text of a key is compared by its bytes, whatever the database's collation is.
std::string PostgresqlSpelling::type(const Column& column, bool in_key) const {
  std::string type = plain_type(column);
  std::string_view base = base_type(type);
  return in_key && (base == "varchar" || base == "text") ? type + " COLLATE \"C\"" : type;
}

std::string PostgresqlSpelling::plain_type(const Column& column) const {
  bool positive = column.is_unsigned;
  unsigned digits = column.fraction_digits;
  switch (column.type) {
    case ColumnType::TinyInt:
    case ColumnType::Year: return "int2";
    case ColumnType::SmallInt: return positive ? "int4" : "int2";
    case ColumnType::MediumInt: return "int4";
    case ColumnType::Int: return positive ? "int8" : "int4";
    case ColumnType::BigInt: return positive ? "numeric(20)" : "int8";
    case ColumnType::Float: return "float4";
    case ColumnType::Double: return "float8";
    case ColumnType::Decimal: return fmt::format("numeric({},{})", column.precision, column.scale);
    case ColumnType::Bit: return fmt::format("bit({})", column.length == 0 ? 64 : column.length);
    case ColumnType::Date: return "date";
    case ColumnType::Time: return fmt::format("interval({})", digits);
    case ColumnType::DateTime: return fmt::format("timestamp({})", digits);
    case ColumnType::Timestamp: return fmt::format("timestamptz({})", digits);
    case ColumnType::Char:
    case ColumnType::VarChar:
      return column.length == 0 || column.length > kMostCharacters
                 ? "text"
                 : fmt::format("varchar({})", column.length);
    case ColumnType::TinyText:
    case ColumnType::Text:
    case ColumnType::MediumText:
    case ColumnType::LongText:
    case ColumnType::Enum:
    case ColumnType::Set: return "text";
    case ColumnType::Json: return "jsonb";
    case ColumnType::Uuid: return "uuid";
    case ColumnType::Inet4:
    case ColumnType::Inet6: return "inet";
    default: return "bytea";
  }
}

std::string PostgresqlSpelling::literal(const Column& column, const std::string* given) const {
  std::string text = given ? *given : "";
  switch (column.type) {
    case ColumnType::Date:
    case ColumnType::DateTime:
    case ColumnType::Timestamp:
      if (!given) text = "0000-00-00 00:00:00";
      if (as_null_ && text.starts_with("0000-00-00")) return "NULL";
      break;
    case ColumnType::Bit: {
      uint64_t value = given ? std::strtoull(given->c_str(), nullptr, 10) : 0;
      text.clear();
      for (uint32_t i = column.length == 0 ? 64 : column.length; i-- > 0;) text += value >> i & 1 ? '1' : '0';
      break;
    }
    case ColumnType::Binary: text.resize(column.length); break;
    case ColumnType::Enum:
      if (!given && !column.members.empty()) text = column.members.front();
      break;
    case ColumnType::Json:
      if (!given) text = "null";
      break;
    default: break;
  }
  std::string type = plain_type(column);
  if (type == "bytea") return "DEFAULT " + hexadecimal(text);
  bool is_text = type == "text" || type.starts_with("varchar");
  if (text.empty() && !is_text) text = "0";
  return "DEFAULT " + quoted(text);
}

void PostgresqlSpelling::whole(Bytes& out, const Cell& cell, const Column& column) const {
  switch (column.type) {
    case ColumnType::TinyInt:
    case ColumnType::Year: return number(out, static_cast<uint16_t>(cell.u));
    case ColumnType::SmallInt:
      if (!column.is_unsigned) return number(out, static_cast<uint16_t>(cell.u));
      return number(out, static_cast<uint32_t>(cell.u));
    case ColumnType::MediumInt: return number(out, static_cast<uint32_t>(cell.u));
    case ColumnType::Int:
      if (!column.is_unsigned) return number(out, static_cast<uint32_t>(cell.u));
      return number(out, cell.u);
    default: break;
  }
  if (!column.is_unsigned) return number(out, cell.u);
  char digits[24 + kSlack];
  numeric(out, {digits, static_cast<size_t>(spell_uint(digits, cell.u) - digits)});
}

void PostgresqlSpelling::text(Bytes& out, std::string_view text) {
  if (!text.empty() && std::memchr(text.data(), 0, text.size())) misfit_ = kNul;
  bytes(out, text);
}

void PostgresqlSpelling::label(Bytes& out, const Cell& cell, const Column& column) {
  scratch_.clear();
  if (mirror::append_label(scratch_, cell, column.members)) return text(out, scratch_.view());
  field(out, 24, [&](char* at) { return spell_uint(at, cell.u); });
}

// Microseconds, or days, since 2000.
void PostgresqlSpelling::moment(Bytes& out, const Cell& cell, uint32_t column) {
  if (!is_calendar_date(cell)) {
    bool in_key = std::find(table_->key.begin(), table_->key.end(), column) != table_->key.end();
    if (!as_null_ || in_key) misfit_ = kNoDate;
    return null(out);
  }
  if (cell.kind == Kind::Timestamp) {
    auto seconds = static_cast<int64_t>(cell.u >> 24) - kDay2000 * kDaySeconds;
    return number(out, static_cast<uint64_t>(seconds * 1'000'000 + static_cast<int64_t>(cell.u & 0xffffff)));
  }
  bool date = cell.kind == Kind::Date;
  uint64_t months = date ? (cell.u >> 9 & 0x7fff) * 13 + (cell.u >> 5 & 15) : cell.u >> 46;
  auto day_of_month = static_cast<uint32_t>(date ? cell.u & 31 : cell.u >> 41 & 31);
  int64_t day =
      days_since_epoch(static_cast<int64_t>(months / 13), static_cast<uint32_t>(months % 13), day_of_month) -
      kDay2000;
  if (date) return number(out, static_cast<uint32_t>(day));
  auto clock = static_cast<int64_t>(cell.u >> 24 & 0x1ffff);
  int64_t seconds = day * kDaySeconds + (clock >> 12) * 3600 + (clock >> 6 & 63) * 60 + (clock & 63);
  number(out, static_cast<uint64_t>(seconds * 1'000'000 + static_cast<int64_t>(cell.u & 0xffffff)));
}

// Their number, and the bits with the first in the highest of the first byte (varbit_recv).
void PostgresqlSpelling::bits(Bytes& out, const Cell& cell, const Column& column) {
  uint32_t count = column.length == 0 ? 64 : column.length;
  uint64_t aligned = cell.u << (64 - count);
  field(out, 12, [&](char* at) {
    at = put(at, count);
    put(at, aligned);
    return at + (count + 7) / 8;
  });
}

// Family, bits of the mask, whether it is a network, size (inet_recv; PGSQL_AF_INET is 2 and _INET6 is 3).
void PostgresqlSpelling::address(Bytes& out, std::string_view bytes) {
  bool long_one = bytes.size() == 16;
  field(out, 4 + bytes.size(), [&](char* at) {
    *at++ = long_one ? 3 : 2;
    *at++ = static_cast<char>(long_one ? 128 : 32);
    *at++ = 0;
    *at++ = static_cast<char>(bytes.size());
    std::memcpy(at, bytes.data(), bytes.size());
    return at + bytes.size();
  });
}

// Microseconds, days and months (interval_recv): hours beyond a day stay hours.
void time(Bytes& out, const Cell& cell) {
  uint64_t size = static_cast<uint64_t>(cell.i < 0 ? -cell.i : cell.i), clock = size >> 24;
  auto seconds = static_cast<int64_t>((clock >> 12) * 3600 + (clock >> 6 & 63) * 60 + (clock & 63));
  int64_t whole = seconds * 1'000'000 + static_cast<int64_t>(size & 0xffffff);
  field(out, 16, [&](char* at) {
    return put(put(at, static_cast<uint64_t>(cell.i < 0 ? -whole : whole)), uint64_t{0});
  });
}

void PostgresqlSpelling::value(Bytes& out, const Cell& cell, uint32_t ordinal) {
  const Column& column = table_->columns[ordinal];
  switch (cell.kind) {
    case Kind::Int:
    case Kind::Uint:
    case Kind::Year: return whole(out, cell, column);
    case Kind::Float: return number(out, std::bit_cast<uint32_t>(static_cast<float>(cell.d)));
    case Kind::Double: return number(out, std::bit_cast<uint64_t>(cell.d));
    case Kind::Decimal: {
      char digits[96 + kSlack];
      const char* end = spell_decimal(digits, cell.bytes(), cell.aux, cell.aux2);
      return numeric(out, {digits, static_cast<size_t>(end - digits)});
    }
    case Kind::Text: return text(out, texts_.of(cell));
    case Kind::Date:
    case Kind::DateTime:
    case Kind::Timestamp: return moment(out, cell, ordinal);
    case Kind::Time: return time(out, cell);
    case Kind::Bit: return bits(out, cell, column);
    case Kind::Enum:
    case Kind::Set: return label(out, cell, column);
    case Kind::Json:
      return field(out, 1 + json_binary_bound(cell.size), [&](char* at) {
        *at = 1;  // the version of jsonb's form (jsonb_recv)
        return spell_json_binary_or_marker(at + 1, cell.bytes(), JsonSpacing::Server);
      });
    case Kind::Inet4:
    case Kind::Inet6: return address(out, cell.bytes());
    case Kind::Uuid:
    case Kind::Blob:
    case Kind::Geometry:
    case Kind::Vector: return bytes(out, cell.bytes());
    default: return null(out);
  }
}

}  // namespace

std::unique_ptr<mirror::Spelling> make_spelling(bool as_null) {
  return std::make_unique<PostgresqlSpelling>(as_null);
}

}  // namespace sluice::postgresql
