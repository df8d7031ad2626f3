#include "format/json_row.h"

#include <algorithm>

#include "base/base64.h"
#include "format/address.h"
#include "format/calendar.h"
#include "format/json_binary.h"
#include "format/json_text.h"
#include "format/put.h"
#include "format/wkt.h"

namespace sluice {
namespace {

// Rows with more text than this are written cell by cell, each with its own bound check: six times the text
// is the bound for a row, and asking for gigabytes at once helps nobody.
constexpr size_t kBigRow = 1 << 20;

// Keys and labels are kept with so much room that the first bytes go by a copy of fixed size: most need no
// more.
constexpr size_t kKeyRoom = 32;

// The largest whole number up to which a double holds all of them.
constexpr uint64_t kDoubleWhole = (uint64_t{1} << 53) - 1;

inline char* put_padded(char* out, const char* key, uint32_t size) {
  std::memcpy(out, key, kKeyRoom);
  if (__builtin_expect(size > kKeyRoom, 0)) std::memcpy(out + kKeyRoom, key + kKeyRoom, size - kKeyRoom);
  return out + size;
}

bool is_big(const Cell& cell) {
  switch (cell.kind) {
    case Kind::Int: return (cell.i < 0 ? 0 - cell.u : cell.u) > kDoubleWhole;
    case Kind::Uint:
    case Kind::Bit: return cell.u > kDoubleWhole;
    default: return false;
  }
}

}  // namespace

JsonRowPlan::JsonRowPlan(TablePtr shared) : table(std::move(shared)) {
  // Their places in `texts`, which moves as it grows.
  std::vector<size_t> key_places, label_places;
  auto keep = [&](const std::string& text) {
    size_t at = texts.size();
    texts += text;
    texts.append(kKeyRoom, ' ');
    return at;
  };
  for (const Column& column : table->columns) {
    std::string key = "," + quoted(column.name) + ":";
    key_places.push_back(keep(key + '"'));
    columns.push_back({{nullptr, static_cast<uint32_t>(key.size())},
                       static_cast<uint32_t>(labels.size()),
                       static_cast<uint32_t>(column.members.size())});
    size_t room = 0;
    bool is_set = column.type == ColumnType::Set;
    for (const std::string& member : column.members) {
      std::string label = quoted(member);
      room = is_set ? room + label.size() : std::max(room, label.size());
      if (is_set) label = label.substr(1, label.size() - 2);
      labels.push_back({nullptr, static_cast<uint32_t>(label.size())});
      label_places.push_back(keep(label));
    }
    bound += key.size() + kKeyRoom + kScalarBytes + room;
  }
  for (size_t i = 0; i < key_places.size(); ++i) columns[i].key.data = texts.data() + key_places[i];
  for (size_t i = 0; i < label_places.size(); ++i) labels[i].data = texts.data() + label_places[i];
}

char* JsonRow::begin(Bytes& bytes, const JsonRowPlan& plan, const Change& change, size_t others) {
  size_t text = size_t{change.before.text_bytes} + change.after.text_bytes;
  bytes_ = &bytes;
  big_ = text > kBigRow;
  has_patch_ = false;
  // The key's columns are written twice.
  room_ = 3 * plan.bound + (big_ ? 0 : 12 * text) + others + kSlack;
  ++message_;
  return bytes.reserve(room_);
}

char* JsonRow::put_bytes_cell(char* out, const JsonRowPlan& plan, const JsonRowPlan::ColumnPlan& column,
                              const Cell& cell) {
  switch (cell.kind) {
    case Kind::Blob:
      *out++ = '"';
      out = base64_encode(out, cell.bytes());
      *out++ = '"';
      return out;
    case Kind::Json: return spell_json_binary_or_marker(out, cell.bytes(), JsonSpacing::Compact);
    case Kind::Geometry: {
      bool sound = cell.size >= 4;
      uint32_t srid = 0;
      if (sound) std::memcpy(&srid, cell.data, 4);
      out = put(out, R"({"srid":)");
      out = sound ? spell_uint(out, srid) : put(out, "null");
      out = base64_encode(put(out, R"(,"wkb":")"), cell.bytes().substr(sound ? 4 : 0));
      return put(out, "\"}");
    }
    case Kind::Vector:
      *out++ = '[';
      for (uint32_t i = 0; i + 4 <= cell.size; i += 4) {
        float value;
        std::memcpy(&value, cell.data + i, 4);
        if (i) *out++ = ',';
        out = spell_float(out, value);
      }
      *out++ = ']';
      return out;
    case Kind::Uuid:
    case Kind::Inet4:
    case Kind::Inet6: {
      *out++ = '"';
      auto spell = cell.kind == Kind::Uuid    ? spell_uuid
                   : cell.kind == Kind::Inet4 ? spell_inet4
                                              : spell_inet6;
      out = spell(out, cell.bytes());
      *out++ = '"';
      return out;
    }
    case Kind::Set: {
      bool known = column.label_count >= 64 || cell.u >> column.label_count == 0;
      if (!known) return spell_uint(out, cell.u);  // labels that nobody knows: the bits are what there is
      *out++ = '"';
      const char* begin = out;
      for (uint64_t rest = cell.u; rest; rest &= rest - 1) {
        if (out != begin) *out++ = ',';
        const auto& label = plan.labels[column.labels_at + static_cast<uint32_t>(std::countr_zero(rest))];
        out = put(out, {label.data, label.size});
      }
      *out++ = '"';
      return out;
    }
    default: return put(out, "null");
  }
}

// The column with its key. Text kinds take the key with its opening quote.
[[gnu::always_inline]] inline char* JsonRow::put_cell(char* out, const JsonRowPlan& plan,
                                                      const JsonRowPlan::ColumnPlan& column,
                                                      const Cell& cell) {
  auto bare = [&] { return put_padded(out, column.key.data, column.key.size); };
  auto open = [&] { return put_padded(out, column.key.data, column.key.size + 1); };
  auto close = [](char* end) {
    *end = '"';
    return end + 1;
  };
  switch (cell.kind) {
    case Kind::JsonPatch: has_patch_ = true; return out;
    case Kind::Missing: return out;
    case Kind::Null: std::memcpy(out = bare(), "null", 4); return out + 4;
    case Kind::Int: return spell_int(bare(), cell.i);
    case Kind::Uint:
    case Kind::Year:
    case Kind::Bit: return spell_uint(bare(), cell.u);
    case Kind::Float: return spell_float(bare(), static_cast<float>(cell.d));
    case Kind::Double: return reals_[cell.u * 0x9e3779b97f4a7c15 >> 60].spell(bare(), cell.d, message_);
    case Kind::Text: return close(spell_json_text(open(), cell.bytes(), cell.aux != 0));
    case Kind::Decimal: return close(spell_decimal(open(), cell.bytes(), cell.aux, cell.aux2));
    case Kind::Date: return close(spell_date(open(), cell.u));
    case Kind::Time: return close(spell_time(open(), cell.i, cell.aux));
    case Kind::DateTime: return close(day_.spell_datetime(open(), cell.u, cell.aux));
    case Kind::Timestamp: return close(spell_timestamp(open(), cell.u, cell.aux, day_));
    case Kind::Enum:
      if (cell.u == 0) return close(open());
      if (cell.u <= column.label_count) {
        const auto& label = plan.labels[column.labels_at + cell.u - 1];
        return put_padded(bare(), label.data, label.size);
      }
      return spell_uint(bare(), cell.u);  // a label that nobody knows: the number is what there is
    default: return put_bytes_cell(bare(), plan, column, cell);
  }
}

char* JsonRow::put_shaped(char* out, const JsonRowPlan& plan, const JsonRowPlan::ColumnPlan& column,
                          const Cell& cell) {
  if (cell.kind == Kind::Null && !shape_.nulls) return out;
  if (shape_.documents) return put_in_document(out, plan, column, cell);
  if (!shape_.big_as_text || !is_big(cell)) return put_cell(out, plan, column, cell);
  out = put_padded(out, column.key.data, column.key.size + 1);
  out = cell.kind == Kind::Int ? spell_int(out, cell.i) : spell_uint(out, cell.u);
  *out = '"';
  return out + 1;
}

char* JsonRow::put_in_document(char* out, const JsonRowPlan& plan, const JsonRowPlan::ColumnPlan& column,
                               const Cell& cell) {
  if (shape_.bad_dates_null && !is_calendar_date(cell)) {
    return put(put_padded(out, column.key.data, column.key.size), "null");
  }
  switch (cell.kind) {
    case Kind::DateTime: {
      char* begin = put_padded(out, column.key.data, column.key.size + 1);
      out = day_.spell_datetime(begin, cell.u, cell.aux);
      if (auto* space = static_cast<char*>(std::memchr(begin, ' ', static_cast<size_t>(out - begin))))
        *space = 'T';
      *out = '"';
      return out + 1;
    }
    case Kind::Decimal:
      if (!shape_.bare_decimals) break;
      return spell_decimal(put_padded(out, column.key.data, column.key.size), cell.bytes(), cell.aux,
                           cell.aux2);
    case Kind::Geometry: {
      if (cell.size <= 4) break;  // the SRID stands in front
      char* end = spell_wkt(put_padded(out, column.key.data, column.key.size + 1), cell.bytes().substr(4));
      if (!end) break;
      *end = '"';
      return end + 1;
    }
    default: break;
  }
  return put_cell(out, plan, column, cell);
}

template <bool kBig, bool kShaped>
inline char* JsonRow::put_columns(char* out, const JsonRowPlan& plan, const Row& row) {
  const JsonRowPlan::ColumnPlan* column = plan.columns.data();
  for (const Cell& cell : row) {
    if (kBig && has_bytes(cell.kind)) out = more(out, 6 * size_t{cell.size});
    out = kShaped ? put_shaped(out, plan, *column++, cell) : put_cell(out, plan, *column++, cell);
  }
  return out;
}

char* JsonRow::members(char* out, const JsonRowPlan& plan, const Row& row) {
  if (shaped_) {
    return big_ ? put_columns<true, true>(out, plan, row) : put_columns<false, true>(out, plan, row);
  }
  return big_ ? put_columns<true, false>(out, plan, row) : put_columns<false, false>(out, plan, row);
}

// Each member began with a comma; that of the first gives way to the brace.
inline char* JsonRow::close_object(size_t begin, char* out) {
  char* first = bytes_->data() + begin;
  if (out == first) ++out;
  *first = '{';
  *out = '}';
  return out + 1;
}

char* JsonRow::object(char* out, const JsonRowPlan& plan, const Row& row) {
  size_t begin = offset(out);
  return close_object(begin, members(out, plan, row));
}

char* JsonRow::changed(char* out, const JsonRowPlan& plan, const Change& change, Image image) {
  const Row& row = image == Image::After ? change.after : change.before;
  const Row& other = image == Image::After ? change.before : change.after;
  size_t begin = offset(out);
  for (uint32_t i = 0; i < row.count; ++i) {
    const Cell& cell = row[i];
    bool both = cell.present() && i < other.count && other[i].present();
    if (both ? same_value(cell, other[i]) : image == Image::Before) continue;
    if (big_ && has_bytes(cell.kind)) out = more(out, 6 * size_t{cell.size});
    out = put_shaped(out, plan, plan.columns[i], cell);
  }
  return close_object(begin, out);
}

// What was changed within documents that the log does not carry: no value of theirs, so it stands apart.
char* JsonRow::patches(char* out, const JsonRowPlan& plan, const Row& row) {
  size_t begin = offset(out);
  for (size_t i = 0; i < row.count; ++i) {
    const Cell& cell = row[i];
    if (cell.kind != Kind::JsonPatch) continue;
    if (big_) out = more(out, 6 * size_t{cell.size});
    const JsonRowPlan::Text& key = plan.columns[i].key;
    out = put(out, {key.data, key.size});
    out = spell_json_binary_or_marker(out, cell.bytes(), JsonSpacing::Compact);
  }
  return close_object(begin, out);
}

// A row is told by its key as it is now; a partial image may carry it only on the other side.
char* JsonRow::key(char* out, const JsonRowPlan& plan, const Change& change) {
  const Row& first = change.after ? change.after : change.before;
  const Row& second = change.after ? change.before : change.after;
  size_t begin = offset(out);
  for (uint32_t ordinal : plan.table->key) {
    if (ordinal >= first.count) continue;
    const Cell& cell = first[ordinal].present() || !second ? first[ordinal] : second[ordinal];
    if (big_ && has_bytes(cell.kind)) out = more(out, 6 * size_t{cell.size});
    const JsonRowPlan::ColumnPlan& column = plan.columns[ordinal];
    out = shaped_ ? put_shaped(out, plan, column, cell) : put_cell(out, plan, column, cell);
  }
  return close_object(begin, out);
}

}  // namespace sluice
