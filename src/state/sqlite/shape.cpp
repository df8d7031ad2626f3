#include "state/sqlite/shape.h"

#include <cstdint>

namespace sluice::sqlite {
namespace {

constexpr char kVersion = 2;
constexpr char kWithoutUnique = 1;  // as it was before unique keys were saved
// More than any server allows (MySQL 4,096 columns, 65,535 members): a count beyond is damage.
constexpr uint64_t kMostItems = 1 << 20;

class Writer {
 public:
  void number(uint64_t value) {
    for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
    out.push_back(static_cast<char>(value));
  }
  void text(std::string_view value) {
    number(value.size());
    out.append(value);
  }
  std::string out{kVersion};
};

class Reader {
 public:
  explicit Reader(std::string_view bytes) : left_(bytes) {}

  uint64_t number() {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && !left_.empty(); shift += 7) {
      auto byte = static_cast<uint8_t>(left_.front());
      left_.remove_prefix(1);
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    bad_ = true;
    return 0;
  }
  std::string text() {
    uint64_t size = number();
    if (size > left_.size()) {
      bad_ = true;
      size = 0;
    }
    std::string value(left_.substr(0, size));
    left_.remove_prefix(size);
    return value;
  }
  // How many items follow; 0 once anything was bad, so that a loop over it ends.
  uint64_t count() {
    uint64_t value = number();
    if (value > kMostItems || value > left_.size()) bad_ = true;
    return bad_ ? 0 : value;
  }
  bool good() const { return !bad_ && left_.empty(); }

 private:
  std::string_view left_;
  bool bad_ = false;
};

void write(Writer& out, const Column& column) {
  // Every member by name: one that is added later does not compile until it is saved, too.
  const auto& [name, type, is_unsigned, nullable, generated, invisible, hidden, fraction_digits, precision,
               scale, length, charset, collation, members, declared] = column;
  out.text(name);
  out.number(static_cast<uint64_t>(type));
  out.number(uint64_t{is_unsigned} | uint64_t{nullable} << 1 | uint64_t{generated} << 2 |
             uint64_t{invisible} << 3 | uint64_t{hidden} << 4);
  out.number(fraction_digits);
  out.number(precision);
  out.number(scale);
  out.number(length);
  out.text(charset);
  out.text(collation);
  out.number(members.size());
  for (const std::string& member : members) out.text(member);
  out.text(declared);
}

Column read_column(Reader& in) {
  Column column;
  column.name = in.text();
  column.type = static_cast<ColumnType>(in.number());
  uint64_t flags = in.number();
  column.is_unsigned = flags & 1;
  column.nullable = flags & 2;
  column.generated = flags & 4;
  column.invisible = flags & 8;
  column.hidden = flags & 16;
  column.fraction_digits = static_cast<uint8_t>(in.number());
  column.precision = static_cast<uint8_t>(in.number());
  column.scale = static_cast<uint8_t>(in.number());
  column.length = static_cast<uint32_t>(in.number());
  column.charset = in.text();
  column.collation = in.text();
  for (uint64_t left = in.count(); left > 0; --left) column.members.push_back(in.text());
  column.declared = in.text();
  return column;
}

UniqueKey read_unique(Reader& in) {
  UniqueKey key;
  key.name = in.text();
  key.partial = in.number() != 0;
  for (uint64_t left = in.count(); left > 0; --left)
    key.columns.push_back(static_cast<uint32_t>(in.number()));
  return key;
}

}  // namespace

std::string pack(const Table& table) {
  // The serial and the address are this process's own.
  const auto& [database, name, columns, charset, collation, key, stands_in, unique, named, serial, self] =
      table;
  (void)serial;
  (void)self;
  Writer out;
  out.text(database);
  out.text(name);
  out.text(charset);
  out.text(collation);
  out.number(named);
  out.number(columns.size());
  for (const Column& column : columns) write(out, column);
  out.number(key.size());
  for (uint32_t ordinal : key) out.number(ordinal);
  out.number(stands_in);
  out.number(unique.size());
  for (const UniqueKey& one : unique) {
    out.text(one.name);
    out.number(one.partial);
    out.number(one.columns.size());
    for (uint32_t ordinal : one.columns) out.number(ordinal);
  }
  return std::move(out.out);
}

Result<Table> unpack(std::string_view packed) {
  if (packed.empty() || (packed.front() != kVersion && packed.front() != kWithoutUnique)) {
    return fatal("the saved shape of a table has version {}, where {} was expected",
                 packed.empty() ? -1 : packed.front(), +kVersion);
  }
  Reader in(packed.substr(1));
  Table table;
  table.database = in.text();
  table.name = in.text();
  table.charset = in.text();
  table.collation = in.text();
  table.named = in.number() != 0;
  for (uint64_t left = in.count(); left > 0; --left) table.columns.push_back(read_column(in));
  for (uint64_t left = in.count(); left > 0; --left) table.key.push_back(static_cast<uint32_t>(in.number()));
  if (packed.front() == kVersion) {
    table.stands_in = in.number() != 0;
    for (uint64_t left = in.count(); left > 0; --left) table.unique.push_back(read_unique(in));
  }
  bool fits = in.good();
  for (uint32_t ordinal : table.key) fits &= ordinal < table.columns.size();
  for (const UniqueKey& unique : table.unique) {
    for (uint32_t ordinal : unique.columns) fits &= ordinal < table.columns.size();
  }
  for (const Column& column : table.columns) fits &= column.fraction_digits <= 6;
  if (!fits) {
    return fatal(
        "the saved shape of a table is damaged ({} bytes): put a copy of the state folder from a backup in "
        "its "
        "place, or remove it and begin anew from a position that you name",
        packed.size());
  }
  return table;
}

}  // namespace sluice::sqlite
