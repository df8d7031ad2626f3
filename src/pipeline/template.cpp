#include "pipeline/template.h"

#include <algorithm>
#include <charconv>
#include <ctime>

#include "base/hash.h"
#include "format/plain.h"

namespace sluice {
namespace {

constexpr std::string_view kPlaces =
    "{database}, {table}, {lower:database}, {lower:table}, {shape}, {key}, {row}, {op}, {id}, "
    "{transaction}, {gtid}, {xid}, "
    "{column:NAME}, {time:FORMAT}, "
    "{hash:NAME%N} and {hash:key%N}";

std::string_view name_of(Op op) {
  switch (op) {
    case Op::Insert: return "insert";
    case Op::Update: return "update";
    case Op::Delete: return "delete";
    case Op::Ddl: return "ddl";
  }
  return "";
}

void append_number(Bytes& out, uint64_t number) {
  char* at = out.reserve(24);
  out.commit(std::to_chars(at, at + 24, number).ptr);
}

// Of ASCII: beyond, what a lower letter is depends on who is asked.
void append_lower(Bytes& out, std::string_view text) {
  for (char c : text) out.push(c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
}

// One conversion at least, none that depends on a language.
bool is_time_format(std::string_view format) {
  bool any = false;
  for (size_t at = 0; at < format.size(); ++at) {
    if (format[at] != '%') continue;
    constexpr std::string_view kKnown = "YmdHj";
    ++at;
    if (at == format.size() || kKnown.find(format[at]) == kKnown.npos) return false;
    any = true;
  }
  return any;
}

// When the change was made, UTC.
void append_time(Bytes& out, const std::string& format, uint32_t seconds) {
  time_t unix = seconds;
  tm parts{};
  gmtime_r(&unix, &parts);
  size_t room = 5 * format.size();  // a conversion of two characters makes four at most
  char* at = out.reserve(room);
  out.commit(at + strftime(at, room, format.c_str(), &parts));
}

// The same for two versions of a table whose columns have the same names and types, over restarts, too.
void append_shape(Bytes& out, const Table* table) {
  if (!table) return;
  std::string columns;
  for (const Column& column : table->columns) {
    columns += fmt::format("{}\n{} {} {}\n", column.name, static_cast<int>(column.type), column.is_unsigned,
                           column.scale);
  }
  out.append(fmt::format("{:08x}", static_cast<uint32_t>(murmur2(columns))));
}

// What Maxwell's producer_partition_by=primary_key hashes (RowIdentity.toConcatString).
void append_identity(Bytes& out, const Change& change, const Row& row, std::string_view database,
                     std::string_view table) {
  size_t begin = out.size();
  if (!change.table || change.table->key.empty()) {
    out.append(database);
    out.append(table);
    return;
  }
  for (uint32_t column : change.table->key) append_value(out, change, row, column);
  if (out.size() == begin) out.append("None");
}

}  // namespace

void append_value(Bytes& out, const Change& change, const Row& row, uint32_t column) {
  const Row& other = row.cells == change.after.cells ? change.before : change.after;
  bool here = column < row.count && row[column].present();
  if (!change.table || (!here && column >= other.count)) return;
  append_plain(out, here ? row[column] : other[column], change.table->columns[column]);
}

void append_id(Bytes& out, const Batch& batch, const Change& change) {
  out.append(batch.transactions[change.transaction].id);
  out.push('#');
  append_number(out, change.index);
}

void append_key(Bytes& out, const Change& change, const Row& row) {
  if (!change.table) return;
  bool first = true;
  for (uint32_t column : change.table->key) {
    if (!first) out.push(',');
    first = false;
    append_value(out, change, row, column);
  }
}

Result<Template::Part> Template::parse_place(std::string_view inside, std::string_view whole) {
  constexpr std::pair<std::string_view, Place> kNames[] = {
      {"database", Place::Database},       {"table", Place::Table}, {"lower:database", Place::LowerDatabase},
      {"lower:table", Place::LowerTable},  {"shape", Place::Shape}, {"key", Place::Key},
      {"row", Place::RowIdentity},         {"op", Place::Op},       {"id", Place::Id},
      {"transaction", Place::Transaction}, {"gtid", Place::Gtid},   {"xid", Place::Xid}};
  for (auto [name, place] : kNames) {
    if (inside == name) return Part{place, {}};
  }
  constexpr std::string_view kColumn = "column:", kHash = "hash:", kTime = "time:";
  if (inside.starts_with(kTime)) {
    std::string format(inside.substr(kTime.size()));
    if (!is_time_format(format)) {
      return usage("'{{{}}}' in '{}': expected a time such as %Y.%m.%d, of %Y, %m, %d, %H and %j", inside,
                   whole);
    }
    return Part{Place::Time, std::move(format)};
  }
  if (inside.starts_with(kColumn) && inside.size() > kColumn.size()) {
    return Part{Place::Column, std::string(inside.substr(kColumn.size()))};
  }
  if (size_t percent = inside.rfind('%'); inside.starts_with(kHash) && percent != inside.npos) {
    Part part{Place::Hash, std::string(inside.substr(kHash.size(), percent - kHash.size()))};
    std::string_view digits = inside.substr(percent + 1);
    auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), part.modulus);
    bool number = fault == std::errc() && end == digits.data() + digits.size() && part.modulus > 0;
    if (number && !part.text.empty()) {
      if (part.text == "key") part.text.clear();
      return part;
    }
  }
  return usage("'{{{}}}' in '{}' is not known; expected {}, and {{{{ for a brace", inside, whole, kPlaces);
}

Result<Template> Template::parse(std::string_view text) {
  Template made;
  made.text_ = text;
  std::string literal;
  auto flush = [&] {
    if (!literal.empty()) made.parts_.push_back({Place::Literal, std::exchange(literal, {})});
  };
  for (size_t at = 0; at < text.size(); ++at) {
    char c = text[at];
    if ((c == '{' || c == '}') && at + 1 < text.size() && text[at + 1] == c) {
      literal += c;
      ++at;
    } else if (c == '{') {
      size_t end = text.find('}', at);
      if (end == text.npos) return usage("'{}': the brace at character {} is not closed", text, at + 1);
      SLUICE_ASSIGN(part, parse_place(text.substr(at + 1, end - at - 1), text));
      flush();
      made.parts_.push_back(std::move(part));
      at = end;
    } else {
      literal += c;
    }
  }
  flush();
  return made;
}

Result<Template::Columns> Template::bind(const Table& table) const {
  Columns columns;
  for (const Part& part : parts_) {
    if ((part.place != Place::Column && part.place != Place::Hash) || part.text.empty()) continue;
    auto found = std::find_if(table.columns.begin(), table.columns.end(),
                              [&](const Column& column) { return column.name == part.text; });
    if (found == table.columns.end()) {
      return usage("{}{}'{}' names the column {}, which table {} does not have", place_,
                   place_.empty() ? "" : ": ", text_, part.text, full_name(table));
    }
    columns.push_back(static_cast<uint32_t>(found - table.columns.begin()));
  }
  return columns;
}

bool Template::fixed_by_table() const {
  return std::all_of(parts_.begin(), parts_.end(),
                     [](const Part& part) { return part.place <= Place::Shape; });
}

std::optional<std::string> Template::constant() const {
  if (parts_.empty()) return "";
  if (parts_.size() == 1 && parts_[0].place == Place::Literal) return parts_[0].text;
  return std::nullopt;
}

void Template::render(const Batch& batch, const Change& change, const Row& row, const Columns& columns,
                      Bytes& out, Escape escape) const {
  const Event& event = batch.events[change.event];
  const Transaction& transaction = batch.transactions[change.transaction];
  std::string_view database = change.table ? change.table->database : event.database;
  std::string_view table = change.table ? change.table->name : event.ddl_table;
  auto next = columns.begin();
  auto append_column = [&] { append_value(out, change, row, *next++); };
  for (const Part& part : parts_) {
    size_t begin = out.size();
    switch (part.place) {
      case Place::Literal: out.append(part.text); break;
      case Place::Database: out.append(database); break;
      case Place::Table: out.append(table); break;
      case Place::LowerDatabase: append_lower(out, database); break;
      case Place::LowerTable: append_lower(out, table); break;
      case Place::Shape: append_shape(out, change.table); break;
      case Place::Key: append_key(out, change, row); break;
      case Place::RowIdentity: append_identity(out, change, row, database, table); break;
      case Place::Op: out.append(name_of(change.op)); break;
      case Place::Id: append_id(out, batch, change); break;
      case Place::Transaction: out.append(transaction.id); break;
      case Place::Gtid: out.append(transaction.gtid); break;
      case Place::Xid: append_number(out, transaction.xid); break;
      case Place::Time: append_time(out, part.text, event.timestamp); break;
      case Place::Column:
        if (next != columns.end()) append_column();
        break;
      case Place::Hash: {
        if (part.text.empty()) {
          append_key(out, change, row);
        } else if (next != columns.end()) {
          append_column();
        }
        uint32_t hash = static_cast<uint32_t>(murmur2(out.view().substr(begin))) & 0x7fffffff;
        out.truncate(begin);
        append_number(out, hash % part.modulus);
        break;
      }
    }
    if (escape && part.place != Place::Literal) escape(out, begin);
  }
}

}  // namespace sluice
