// Any text as a rule, over a row with a column of every kind whose bytes are the input's, too: what is
// accepted runs and yields a value that can be spelt; what is not has a fault that says where.
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "base/check.h"
#include "model/batch.h"
#include "rule/program.h"

using namespace sluice;

namespace {

constexpr std::pair<const char*, ColumnType> kColumns[] = {
    {"i", ColumnType::Int},     {"u", ColumnType::BigInt},   {"m", ColumnType::Decimal},
    {"f", ColumnType::Double},  {"s", ColumnType::VarChar},  {"b", ColumnType::VarBinary},
    {"d", ColumnType::Date},    {"t", ColumnType::DateTime}, {"z", ColumnType::Timestamp},
    {"c", ColumnType::Time},    {"e", ColumnType::Enum},     {"g", ColumnType::Set},
    {"j", ColumnType::Json},    {"y", ColumnType::Year},     {"n", ColumnType::VarChar},
    {"x", ColumnType::Unknown},
};
constexpr Kind kKinds[] = {Kind::Int,  Kind::Uint,     Kind::Decimal,   Kind::Double, Kind::Text, Kind::Blob,
                           Kind::Date, Kind::DateTime, Kind::Timestamp, Kind::Time,   Kind::Enum, Kind::Set,
                           Kind::Json, Kind::Year,     Kind::Null,      Kind::Missing};
static_assert(std::size(kColumns) == std::size(kKinds));

TablePtr make_table() {
  Table table;
  table.database = "shop";
  table.name = "t";
  for (auto [name, type] : kColumns) {
    Column column;
    column.name = name;
    column.type = type;
    column.members = {"one", "two", "three"};
    column.scale = 4;
    column.fraction_digits = 3;
    table.columns.push_back(column);
  }
  return freeze(std::move(table));
}

// Of a first value that any column may hold, and bytes.
Row make_row(Batch& batch, uint64_t bits, std::string_view bytes) {
  Cell* cells = batch.arena.array<Cell>(std::size(kKinds));
  for (size_t i = 0; i < std::size(kKinds); ++i) {
    cells[i] = {.kind = kKinds[i]};
    cells[i].u = kKinds[i] == Kind::Date ? bits & 0xffffff : bits;
    if (kKinds[i] == Kind::DateTime) cells[i].u = bits & ((uint64_t{1} << 62) - 1);
    if (kKinds[i] == Kind::Time) cells[i].u = bits & ((uint64_t{1} << 45) - 1);
    if (kKinds[i] == Kind::Double) cells[i].d = static_cast<double>(static_cast<int64_t>(bits)) / 256;
    if (!has_bytes(kKinds[i])) continue;
    bool decimal = kKinds[i] == Kind::Decimal;
    std::string_view copy =
        batch.arena.copy(decimal ? (std::string(bytes.substr(0, 7)) + "1234567").substr(0, 7) : bytes);
    cells[i].data = copy.data();
    cells[i].size = static_cast<uint32_t>(copy.size());
    if (decimal) {
      cells[i].aux = 14;
      cells[i].aux2 = 4;
    }
  }
  return {cells, std::size(kKinds), 0};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 9) return 0;
  static const TablePtr table = make_table();
  uint64_t bits = 0;
  std::memcpy(&bits, data + 1, 8);
  std::string_view text(reinterpret_cast<const char*>(data) + 9, size - 9);
  auto parsed = rule::Expression::parse(text);
  if (!parsed) {
    CHECK(parsed.error().what.find("column ") != std::string::npos ||
          text.size() > rule::Expression::kMostBytes);
    return 0;
  }
  auto program =
      data[0] & 1 ? rule::Program::condition(*parsed, *table) : rule::Program::value(*parsed, *table);
  if (!program) {
    CHECK(program.error().what.find('^') != std::string::npos);
    return 0;
  }
  Batch batch;
  batch.transactions.push_back({});
  batch.events.push_back({});
  Change change{.op = Op::Update, .table = batch.hold(table)};
  change.before = make_row(batch, bits, text);
  change.after = make_row(batch, bits >> 7, text.substr(text.size() / 2));
  rule::Frame frame;
  for (Op op : {Op::Update, Op::Insert, Op::Delete}) {
    Change each = change;
    each.op = op;
    if (op == Op::Insert) each.before = {};
    if (op == Op::Delete) each.after = {};
    rule::Value value = (*program)->run(batch, each, frame);
    CHECK(value.null() || !frame.absent);
    size_t sum = 0;  // every byte of it may be read
    if (value.kind == rule::Value::Kind::Text) {
      for (char c : value.text()) sum += static_cast<uint8_t>(c);
    }
    CHECK(sum <= size_t{255} * value.size || value.kind != rule::Value::Kind::Text);
  }
  return 0;
}
