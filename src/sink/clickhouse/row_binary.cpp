#include "sink/clickhouse/row_binary.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "format/calendar.h"
#include "format/plain.h"
#include "format/plan_cache.h"
#include "format/spell.h"
#include "format/statement_words.h"
#include "model/row_version.h"
#include "sink/clickhouse/column_type.h"
#include "sink/clickhouse/shape.h"

namespace sluice::clickhouse {
namespace {

constexpr size_t kFixedBytes = 33;  // the most of a value that is not text, with what stands before text

// What the types hold, in days since 1970. Old servers show the first day of Date and DateTime as 0000-00-00,
// and their calendar ends in 2105; the others' bounds are those of Date32 and DateTime64.
constexpr int64_t kFirstDay = 1, kLastDay = days_since_epoch(2105, 12, 31);
constexpr int64_t kFirstDay32 = days_since_epoch(1900, 1, 1), kLastDay32 = days_since_epoch(2299, 12, 31);
constexpr int64_t kDaySeconds = 86400;

struct Plan {
  TablePtr table;
  std::vector<ColumnForm> columns;
  std::vector<bool> in_key;
  std::string fault;  // why its rows cannot be kept; empty: they can
};

template <class T>
void put(Bytes& out, T value) {
  static_assert(std::endian::native == std::endian::little);
  out.append({reinterpret_cast<const char*>(&value), sizeof value});
}

void put_size(Bytes& out, uint64_t size) {  // LEB128
  for (; size >= 0x80; size >>= 7) out.push(static_cast<char>(size | 0x80));
  out.push(static_cast<char>(size));
}

void put_bytes(Bytes& out, std::string_view bytes) {
  put_size(out, bytes.size());
  out.append(bytes);
}

size_t decimal_bytes(unsigned precision) {
  return precision <= 9 ? 4 : precision <= 18 ? 8 : precision <= 38 ? 16 : 32;
}

// Bytes that mean nothing, where a row that is deleted lacks a value.
void put_nothing(Bytes& out, const ColumnForm& form, const Column& column) {
  constexpr char kZeros[32] = {};
  size_t size = 0;
  switch (form.form) {
    case Form::Int8:
    case Form::Bytes:
    case Form::Text: size = 1; break;
    case Form::Int16:
    case Form::Date: size = 2; break;
    case Form::Int32:
    case Form::Float32:
    case Form::Date32:
    case Form::DateTime:
    case Form::Ipv4: size = 4; break;
    case Form::Int64:
    case Form::Float64:
    case Form::DateTime64: size = 8; break;
    case Form::Ipv6:
    case Form::Uuid: size = 16; break;
    case Form::Decimal: size = decimal_bytes(column.precision); break;
  }
  out.append({kZeros, size});
}

// Of 32 bytes, `text` being its digits and its point.
void put_wide_decimal(Bytes& out, std::string_view text, bool negative) {
  uint64_t parts[4] = {};  // the lowest first
  for (char c : text) {
    if (c < '0' || c > '9') continue;
    auto carry = static_cast<unsigned __int128>(c - '0');
    for (uint64_t& part : parts) {
      carry += static_cast<unsigned __int128>(part) * 10;
      part = static_cast<uint64_t>(carry);
      carry >>= 64;
    }
  }
  uint64_t carry = 1;
  for (uint64_t& part : parts) {
    if (!negative) break;
    part = ~part + carry;
    carry &= part == 0;
  }
  out.append({reinterpret_cast<const char*>(parts), sizeof parts});
}

void put_decimal(Bytes& out, const Cell& cell, const Column& column) {
  char text[128];
  char* end = spell_decimal(text, cell.bytes(), cell.aux, cell.aux2);
  if (decimal_bytes(column.precision) > 16) {
    return put_wide_decimal(out, {text, static_cast<size_t>(end - text)}, text[0] == '-');
  }
  unsigned __int128 value = 0;
  for (const char* at = text; at < end; ++at) {
    if (*at >= '0' && *at <= '9') value = value * 10 + static_cast<unsigned>(*at - '0');
  }
  if (text[0] == '-') value = 0 - value;
  out.append({reinterpret_cast<const char*>(&value), decimal_bytes(column.precision)});
}

struct Moment {
  bool valid;  // a day that there is
  int64_t day, seconds;
  uint32_t microseconds;
};

Moment moment_of(const Cell& cell) {
  if (cell.kind == Kind::Timestamp) {
    auto seconds = static_cast<int64_t>(cell.u >> 24);
    return {cell.u != 0, seconds / kDaySeconds, seconds, static_cast<uint32_t>(cell.u & 0xffffff)};
  }
  bool date = cell.kind == Kind::Date;
  uint64_t months = date ? (cell.u >> 9 & 0x7fff) * 13 + (cell.u >> 5 & 15) : cell.u >> 46;
  auto day_of_month = static_cast<uint32_t>(date ? cell.u & 31 : cell.u >> 41 & 31);
  auto clock = static_cast<uint32_t>(date ? 0 : cell.u >> 24 & 0x1ffff);
  int64_t day =
      days_since_epoch(static_cast<int64_t>(months / 13), static_cast<uint32_t>(months % 13), day_of_month);
  int64_t seconds = day * kDaySeconds + (clock >> 12) * 3600 + (clock >> 6 & 63) * 60 + (clock & 63);
  return {is_calendar_date(cell), day, seconds, static_cast<uint32_t>(date ? 0 : cell.u & 0xffffff)};
}

// False: the type does not hold it.
bool put_moment(Bytes& out, const Cell& cell, Form form, unsigned digits) {
  Moment moment = moment_of(cell);
  bool basic = form == Form::Date || form == Form::DateTime;
  int64_t first = basic ? kFirstDay : kFirstDay32, last = basic ? kLastDay : kLastDay32;
  if (!moment.valid || moment.day < first || moment.day > last) return false;
  switch (form) {
    case Form::Date: put(out, static_cast<uint16_t>(moment.day)); break;
    case Form::Date32: put(out, static_cast<int32_t>(moment.day)); break;
    case Form::DateTime: put(out, static_cast<uint32_t>(moment.seconds)); break;
    default: {
      constexpr int64_t kTens[] = {1, 10, 100, 1000, 10'000, 100'000, 1'000'000};
      int64_t scale = kTens[std::min(digits, 6u)];
      put(out, moment.seconds * scale + moment.microseconds / (1'000'000 / scale));
    }
  }
  return true;
}

// Two numbers of eight bytes, each with its lowest byte first.
void put_uuid(Bytes& out, std::string_view bytes) {
  char swapped[16] = {};
  for (size_t i = 0; i < std::min<size_t>(bytes.size(), 16); ++i) swapped[(i & 8) + 7 - (i & 7)] = bytes[i];
  out.append({swapped, sizeof swapped});
}

class RowBinary final : public Encoder {
 public:
  explicit RowBinary(RowOptions options) : options_(std::move(options)) {}

  void encode(const Batch& batch, std::span<const Change> changes, Outbox& out) override;
  Notation notation() const override { return Notation::Binary; }
  bool headed() const override { return true; }
  void heading(const Table& table, Bytes& out) override { out.append(Shape::of(table, options_).text()); }
  std::unique_ptr<Encoder> clone() const override { return std::make_unique<RowBinary>(options_); }

 private:
  std::unique_ptr<Plan> plan(const Table& table) const;
  void put_row(const Plan& plan, const Row& row, const Row& other, uint64_t version, bool deleted,
               Outbox& out);
  bool put_value(Bytes& out, const Cell& cell, const ColumnForm& form, const Column& column);
  static void encode_ddl(const Batch& batch, const Change& change, Outbox& out);
  // In the place of what was written from `begin` on.
  static void refuse(Outbox& out, size_t begin, std::string_view why) {
    out.bytes.truncate(begin);
    out.bytes.append(why);
    out.no_value();
  }

  const RowOptions options_;
  PlanCache<Plan> plans_;
  Bytes text_;
};

std::unique_ptr<Plan> RowBinary::plan(const Table& table) const {
  auto made = std::make_unique<Plan>();
  made->table = share(table);
  if (table.key.empty()) {
    made->fault =
        fmt::format("table {} has no primary key that is known, by which rows could replace each other",
                    full_name(table));
  }
  for (uint32_t i = 0; i < table.columns.size(); ++i) {
    made->in_key.push_back(std::find(table.key.begin(), table.key.end(), i) != table.key.end());
    made->columns.push_back(form_of(table.columns[i], made->in_key.back(), options_));
    const std::string& name = table.columns[i].name;
    if (name == options_.version_column || name == options_.deleted_column) {
      made->fault = fmt::format(
          "table {} has a column {}, which is the name of the mirror's own; choose another by "
          "version_column or deleted_column",
          full_name(table), name);
    }
  }
  return made;
}

bool RowBinary::put_value(Bytes& out, const Cell& cell, const ColumnForm& form, const Column& column) {
  switch (form.form) {
    case Form::Int8: put(out, static_cast<uint8_t>(cell.u)); break;
    case Form::Int16: put(out, static_cast<uint16_t>(cell.u)); break;
    case Form::Int32: put(out, static_cast<uint32_t>(cell.u)); break;
    case Form::Int64: put(out, cell.u); break;
    case Form::Float32: put(out, static_cast<float>(cell.d)); break;
    case Form::Float64: put(out, cell.d); break;
    case Form::Decimal: put_decimal(out, cell, column); break;
    case Form::Date:
    case Form::Date32:
    case Form::DateTime:
    case Form::DateTime64: return put_moment(out, cell, form.form, column.fraction_digits);
    case Form::Uuid: put_uuid(out, cell.bytes()); break;
    case Form::Ipv4:
      if (cell.kind != Kind::Inet4) return false;
      for (size_t i = cell.size; i-- > 0;) out.push(cell.data[i]);
      break;
    case Form::Ipv6:
      if (cell.kind != Kind::Inet6) return false;
      out.append(cell.bytes());
      break;
    case Form::Bytes: put_bytes(out, cell.bytes()); break;
    case Form::Text:
      text_.clear();
      append_plain(text_, cell, column);
      put_bytes(out, text_.view());
      break;
  }
  return true;
}

void RowBinary::put_row(const Plan& plan, const Row& row, const Row& other, uint64_t version, bool deleted,
                        Outbox& out) {
  Bytes& bytes = out.bytes;
  size_t begin = bytes.size();
  bytes.reserve(plan.columns.size() * kFixedBytes + size_t{row.text_bytes} + kVersionBytes);
  for (uint32_t i = 0; i < plan.columns.size(); ++i) {
    const ColumnForm& form = plan.columns[i];
    const Column& column = plan.table->columns[i];
    static constexpr Cell kMissing{};
    const Cell* cell = i < row.count ? &row[i] : &kMissing;
    if (!cell->present() && plan.in_key[i] && i < other.count) cell = &other[i];
    bool whole = cell->present() && cell->kind != Kind::JsonPatch;
    if (!whole && (!deleted || plan.in_key[i])) {
      return refuse(
          out, begin,
          fmt::format("the log holds only parts of the row ({} is not whole); set binlog_row_image=FULL and "
                      "no binlog_row_value_options",
                      column.name));
    }
    bool null = !whole || cell->kind == Kind::Null;
    size_t at = bytes.size();
    if (form.nullable) bytes.push(null ? '\1' : '\0');
    if (null) {
      if (!form.nullable && !deleted) {
        return refuse(out, begin,
                      fmt::format("{} is NULL, which the target's column does not take", column.name));
      }
      if (!form.nullable) put_nothing(bytes, form, column);
      continue;
    }
    if (put_value(bytes, *cell, form, column)) continue;
    if (deleted && !plan.in_key[i]) {  // what it was does not matter any more
      bytes.truncate(at);
      if (form.nullable) bytes.push('\1');
      if (!form.nullable) put_nothing(bytes, form, column);
    } else if (options_.null_out_of_range && form.nullable) {
      bytes.truncate(at);
      bytes.push('\1');
    } else {
      text_.clear();
      append_plain(text_, *cell, column);
      return refuse(out, begin,
                    fmt::format("{} is {}, which {} does not hold{}", column.name, text_.view(), form.type,
                                form.nullable ? "; out_of_range: as_null would write NULL" : ""));
    }
  }
  put(bytes, version);
  bytes.push(deleted ? '\1' : '\0');
}

void RowBinary::encode_ddl(const Batch& batch, const Change& change, Outbox& out) {
  const Event& event = batch.events[change.event];
  size_t begin = out.bytes.size();
  StatementWords words(event.query);
  bool truncate = words.is({"TRUNCATE"}), drop = false;
  if (words.take({"DROP"})) drop = words.is({"TABLE", "DATABASE", "SCHEMA"});
  if (drop && event.ddl_table.empty()) {
    return refuse(out, begin, "it drops several tables at once, which must be dropped at the target by hand");
  }
  if (words.take({"CREATE"}) && words.take({"OR"}) && words.take({"REPLACE"})) drop = words.is({"TABLE"});
  if (truncate) out.bytes.append("truncate\n");
  if (drop) out.bytes.append("drop\n");
  if (words.take({"ALTER"})) {
    for (; !words.word().empty(); words.next()) {
      if (!words.take({"TRUNCATE", "DROP"}) || !words.is({"PARTITION"})) continue;
      return refuse(out, begin,
                    "it empties partitions, of whose rows the log tells nothing; delete them by hand");
    }
  }
  const Table* before = event.ddl_before;
  const Table* after = change.table;
  if (truncate || drop || !before || !after || before == after) return;
  if (full_name(*before) != full_name(*after)) {
    return refuse(out, begin,
                  fmt::format("{} became {}; rename the target's table by hand", full_name(*before),
                              full_name(*after)));
  }
  auto has = [](const Table& table, const std::string& name) {
    return std::any_of(table.columns.begin(), table.columns.end(),
                       [&](const Column& column) { return column.name == name; });
  };
  // A column that stands where it stood, of the same type and under another name, was renamed.
  for (size_t i = 0; i < before->columns.size(); ++i) {
    const Column& old = before->columns[i];
    if (has(*after, old.name)) continue;
    bool renamed = before->columns.size() == after->columns.size() && after->columns[i].type == old.type &&
                   !has(*before, after->columns[i].name);
    out.bytes.append(renamed ? "rename " : "drop ");
    out.bytes.append(quoted_name(old.name));
    if (renamed) {
      out.bytes.push(' ');
      out.bytes.append(quoted_name(after->columns[i].name));
    }
    out.bytes.push('\n');
  }
}

void RowBinary::encode(const Batch& batch, std::span<const Change> changes, Outbox& out) {
  const Change& change = changes.front();
  if (change.op == Op::Ddl) return encode_ddl(batch, change, out);
  const Plan& made = plans_.of(*change.table, [&] { return plan(*change.table); });
  if (!made.fault.empty()) return refuse(out, out.bytes.size(), made.fault);
  uint64_t version = row_version(batch, change);
  bool moved =
      change.op == Op::Update && std::any_of(made.table->key.begin(), made.table->key.end(), [&](uint32_t i) {
        bool both = i < change.before.count && i < change.after.count && change.before[i].present() &&
                    change.after[i].present();
        return both && !same_value(change.before[i], change.after[i]);
      });
  if (change.op == Op::Delete || moved) {
    put_row(made, change.before, change.after, version, true, out);
    out.of_before();
    out.end_message();
  }
  if (change.op != Op::Delete) put_row(made, change.after, change.before, version, false, out);
}

}  // namespace

std::unique_ptr<Encoder> make_row_binary(RowOptions options) {
  return std::make_unique<RowBinary>(std::move(options));
}

}  // namespace sluice::clickhouse
