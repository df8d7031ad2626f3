#include "support/sample.h"

#include <algorithm>

namespace sluice::sample {

Cell date(unsigned year, unsigned month, unsigned day) {
  return of(Kind::Date, uint64_t{year} << 9 | month << 5 | day);
}

Cell datetime(unsigned year, unsigned month, unsigned day, unsigned hour, unsigned minute, unsigned second,
              unsigned microsecond, uint8_t digits) {
  uint64_t days = (uint64_t{year} * 13 + month) << 5 | day;
  uint64_t clock = hour << 12 | minute << 6 | second;
  return of(Kind::DateTime, days << 41 | clock << 24 | microsecond, digits);
}

Cell time(int sign, unsigned hours, unsigned minutes, unsigned seconds, unsigned microseconds,
          uint8_t digits) {
  auto clock = static_cast<int64_t>(hours << 12 | minutes << 6 | seconds);
  return of(Kind::Time, static_cast<uint64_t>(sign * (clock << 24 | microseconds)), digits);
}

Cell timestamp(uint64_t seconds, unsigned microseconds, uint8_t digits) {
  return of(Kind::Timestamp, seconds << 24 | microseconds, digits);
}

std::string packed_decimal(std::string_view text, unsigned precision, unsigned scale) {
  static constexpr size_t kBytes[] = {0, 1, 1, 2, 2, 3, 3, 4, 4, 4};
  bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  std::string whole(text.substr(0, text.find('.')));
  std::string fraction(text.find('.') == std::string_view::npos ? "" : text.substr(text.find('.') + 1));
  if (whole == "0") whole.clear();
  whole.insert(0, precision - scale - whole.size(), '0');
  fraction.append(scale - fraction.size(), '0');
  std::string packed;
  auto group = [&](std::string_view digits) {
    if (digits.empty()) return;
    uint64_t value = std::stoull(std::string(digits));
    for (size_t i = kBytes[digits.size()]; i-- > 0;) packed += static_cast<char>(value >> (8 * i));
  };
  std::string_view left = whole;
  group(left.substr(0, left.size() % 9));
  for (left.remove_prefix(left.size() % 9); !left.empty(); left.remove_prefix(9)) group(left.substr(0, 9));
  for (left = fraction; left.size() >= 9; left.remove_prefix(9)) group(left.substr(0, 9));
  group(left);
  packed[0] = static_cast<char>(packed[0] ^ '\x80');
  if (negative) std::transform(packed.begin(), packed.end(), packed.begin(), [](char c) { return ~c; });
  return packed;
}

std::string unhex(std::string_view text) {
  std::string bytes;
  for (size_t i = 0; i + 1 < text.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

Sample::Sample() {
  std::string_view gtid = keep("3e11fa47-71ca-11e1-9e33-c80aa9429562:17");
  batch.transactions.push_back(
      {.id = gtid, .gtid = gtid, .commit_us = 1768473000123456, .xid = 4711, .begin = 1000});
  batch.events.push_back({.file = keep("binlog.000003"),
                          .offset = 1234,
                          .next = 1300,
                          .timestamp = 1768473000,
                          .server_id = 7,
                          .thread_id = 42,
                          .query = {},
                          .database = {},
                          .ddl_table = {}});
}

Cell Sample::bytes(Kind kind, std::string_view bytes) {
  std::string_view copy = batch.arena.copy(bytes);
  Cell cell{.size = static_cast<uint32_t>(copy.size()), .kind = kind};
  cell.data = copy.data();
  return cell;
}

Cell Sample::decimal(std::string_view text, unsigned precision, unsigned scale) {
  Cell cell = bytes(Kind::Decimal, packed_decimal(text, precision, scale));
  cell.aux = static_cast<uint8_t>(precision);
  cell.aux2 = static_cast<uint16_t>(scale);
  return cell;
}

Row Sample::row(const std::vector<Cell>& cells) {
  if (cells.empty()) return {};
  Cell* copy = batch.arena.array<Cell>(cells.size());
  std::copy(cells.begin(), cells.end(), copy);
  uint32_t text_bytes = 0;
  for (const Cell& cell : cells) text_bytes += cell.size;
  return {copy, static_cast<uint32_t>(cells.size()), text_bytes};
}

Change Sample::add(Op op, const TablePtr& table, const std::vector<Cell>& before,
                   const std::vector<Cell>& after) {
  Change change;
  change.op = op;
  change.index = static_cast<uint32_t>(batch.changes.size());
  change.table = table ? batch.hold(table) : nullptr;
  change.before = row(before);
  change.after = row(after);
  batch.changes.push_back(change);
  return change;
}

Column column(std::string name, ColumnType type, std::vector<std::string> members) {
  Column column;
  column.name = std::move(name);
  column.type = type;
  column.members = std::move(members);
  return column;
}

TablePtr table(std::string database, std::string name, std::vector<Column> columns,
               std::vector<uint32_t> key) {
  Table table;
  table.database = std::move(database);
  table.name = std::move(name);
  table.columns = std::move(columns);
  table.key = std::move(key);
  return freeze(std::move(table));
}

}  // namespace sluice::sample
