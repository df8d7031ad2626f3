#include "transform/mask/kinds.h"

#include <algorithm>
#include <cstring>

#include "format/plain.h"

namespace sluice::mask {

bool is_integer(ColumnType type) { return type >= ColumnType::TinyInt && type <= ColumnType::BigInt; }
bool is_text(ColumnType type) { return type >= ColumnType::Char && type <= ColumnType::LongText; }
bool is_blob(ColumnType type) { return type >= ColumnType::Binary && type <= ColumnType::LongBlob; }

Range range_of(const Column& column) {
  constexpr unsigned kBits[] = {8, 16, 24, 32, 64};  // from TinyInt on
  unsigned bits = kBits[static_cast<size_t>(column.type) - static_cast<size_t>(ColumnType::TinyInt)];
  if (column.is_unsigned) return {0, (__int128{1} << bits) - 1};
  return {-(__int128{1} << (bits - 1)), (__int128{1} << (bits - 1)) - 1};
}

Failure does_not_take(const MaskKind& kind, const Making& making) {
  const Column& column = making.column();
  return usage(
      "the mask '{}' takes {}, and {}.{} is {}; choose another one for it: hash, null, fixed and drop take "
      "most",
      kind.name, kind.takes, full_name(making.table), column.name,
      column.declared.empty() ? "of another type" : column.declared);
}

Failure strange_cell() { return fatal("a cell is not of its column's type"); }

void append_canonical(Bytes& out, const Cell& cell, const Column& column) {
  size_t begin = out.size();
  append_plain(out, cell, column);
  switch (cell.kind) {
    case Kind::Decimal:
    case Kind::Float:
    case Kind::Double:
    case Kind::Time:
    case Kind::DateTime:
    case Kind::Timestamp: break;
    default: return;
  }
  std::string_view text = out.view().substr(begin);
  if (text.find('.') == text.npos || text.find('e') != text.npos) return;
  size_t size = text.find_last_not_of('0') + 1;
  if (text[size - 1] == '.') --size;
  out.truncate(begin + size);
}

std::array<uint8_t, HmacSha256::kBytes> code_of(HmacSha256& hmac, std::string_view purpose, const Cell& cell,
                                                const Column& column, Bytes& scratch) {
  scratch.clear();
  append_canonical(scratch, cell, column);
  hmac.add(purpose);
  hmac.add(scratch.view());
  return hmac.finish();
}

uint64_t first_word(const std::array<uint8_t, HmacSha256::kBytes>& code) {
  uint64_t word = 0;
  for (size_t i = 0; i < 8; ++i) word = word << 8 | code[i];
  return word;
}

Cell text_cell(std::string_view text, Kind kind) {
  Cell cell{.size = static_cast<uint32_t>(text.size()), .kind = kind};
  cell.data = text.data();
  return cell;
}

size_t next_character(std::string_view text, size_t at) {
  ++at;
  while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80) ++at;
  return at;
}

void become_text(Column& column, uint32_t length) {
  Column fresh;
  fresh.name = column.name;
  fresh.type = ColumnType::VarChar;
  fresh.nullable = column.nullable;
  fresh.invisible = column.invisible;
  fresh.hidden = column.hidden;
  fresh.length = length;
  fresh.charset = "utf8mb4";
  fresh.declared = fmt::format("varchar({})", length);
  column = std::move(fresh);
}

void make_room(Column& column, size_t length) {
  constexpr size_t kTinyText = 255 / 4;  // characters of four bytes
  bool text = column.type == ColumnType::Char || column.type == ColumnType::VarChar;
  bool bytes = column.type == ColumnType::Binary || column.type == ColumnType::VarBinary;
  if (column.type == ColumnType::TinyText && length > kTinyText) {
    column.type = ColumnType::Text;
    column.declared = "text";
  }
  if (column.length == 0 || column.length >= length) return;  // 0: not known
  auto enough = static_cast<uint32_t>(length);
  if (text) become_text(column, enough);
  if (!bytes) return;
  column.type = ColumnType::VarBinary;
  column.length = enough;
  column.declared = fmt::format("varbinary({})", enough);
}

Otherwise::Otherwise(const Settings& settings, const Secret& key, const Column& column)
    : hmac_(key), column_(column) {
  std::string word = settings.text("otherwise");
  what_ = word == "null"   ? What::Null
          : word == "hash" ? What::Hash
          : word == "keep" ? What::Keep
                           : What::Stop;
}

Result<Cell> Otherwise::apply(const Cell& cell, Arena& arena, std::string_view why) {
  switch (what_) {
    case What::Stop: return fatal("{}; 'otherwise' says what becomes of such values", why);
    case What::Null: return Cell{.kind = Kind::Null};
    case What::Keep: return cell;
    case What::Hash: break;
  }
  scratch_.clear();
  append_canonical(scratch_, cell, column_);
  hmac_.add(scratch_.view());
  scratch_.clear();
  hmac_.append_hex(scratch_);
  return text_cell(arena.copy(scratch_.view()));
}

}  // namespace sluice::mask
