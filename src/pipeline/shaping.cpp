#include "pipeline/shaping.h"

#include <algorithm>

namespace sluice {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  size_t begin = text.find_first_not_of(kSpace);
  return begin == text.npos ? "" : text.substr(begin, text.find_last_not_of(kSpace) + 1 - begin);
}

bool for_table(const std::shared_ptr<const Selection>& tables, const Table& table) {
  return !tables || tables->wants(table.database, table.name);
}

auto find_column(std::vector<Column>& columns, std::string_view name) {
  return std::find_if(columns.begin(), columns.end(), [&](const Column& each) { return each.name == name; });
}

Result<Column> column_of(const ComputedColumn& computed, const rule::Program& program) {
  Column column;
  column.name = computed.name;
  column.fraction_digits = std::min<uint8_t>(program.scale(), 6);
  switch (program.type()) {
    case rule::Type::Exact:
      column.type = program.scale() > 0 ? ColumnType::Decimal : ColumnType::BigInt;
      column.fraction_digits = 0;
      if (program.scale() > 0) column.precision = rule::Decimal::kWhole;
      column.scale = program.scale();
      return column;
    case rule::Type::Real: column.type = ColumnType::Double; return column;
    case rule::Type::Text:
    case rule::Type::Bytes: {
      bool text = program.type() == rule::Type::Text;
      column.type = text ? ColumnType::LongText : ColumnType::LongBlob;
      column.charset = text ? "utf8mb4" : "binary";
      column.fraction_digits = 0;
      return column;
    }
    case rule::Type::Date: column.type = ColumnType::Date; return column;
    case rule::Type::Moment: column.type = ColumnType::DateTime; return column;
    case rule::Type::Time: column.type = ColumnType::Time; return column;
    default: break;
  }
  return usage("{}: a column needs a type, and the value has none of its own; concat() makes text of it",
               computed.value->name);
}

// Null: it does not fit.
const char* pack(const rule::Value& value, const Column& column, Arena& arena, Cell& cell) {
  rule::Decimal room;
  char* bytes = arena.allocate(rule::Decimal::kMostPacked);
  const char* end = rule::as_decimal(value, room)->pack(bytes, column.scale);
  if (!end) return nullptr;
  cell = {.size = static_cast<uint32_t>(end - bytes),
          .kind = Kind::Decimal,
          .aux = column.precision,
          .aux2 = column.scale};
  cell.data = bytes;
  return end;
}

bool fill_cell(const rule::Value& value, const Column& column, Arena& arena, Cell& cell) {
  using Of = rule::Value::Kind;
  cell = {.kind = Kind::Null};
  switch (value.kind) {
    case Of::Null: return true;
    case Of::Int:
    case Of::Wide:
      if (column.type == ColumnType::Decimal) return pack(value, column, arena, cell) != nullptr;
      if (column.type == ColumnType::BigInt) {
        cell.kind = Kind::Int;
        cell.i = value.i;
        return value.kind == Of::Int || value.wide->to_int(cell.i);
      }
      [[fallthrough]];
    case Of::Real:
      cell.kind = Kind::Double;
      cell.d = rule::as_double(value);
      return true;
    case Of::Text: {
      std::string_view copy = arena.copy(value.text());
      cell = {.size = value.size, .kind = column.type == ColumnType::LongBlob ? Kind::Blob : Kind::Text};
      cell.data = copy.data();
      return true;
    }
    case Of::Moment: {
      bool date = column.type == ColumnType::Date;
      cell.kind = date ? Kind::Date : Kind::DateTime;
      cell.aux = column.fraction_digits;
      uint64_t month = value.u >> 46, day = value.u >> 41 & 31;
      cell.u = date ? month / 13 << 9 | month % 13 << 5 | day : value.u;
      return true;
    }
    case Of::Time:
      cell.kind = Kind::Time;
      cell.aux = column.fraction_digits;
      cell.i = value.i;
      return true;
  }
  return false;
}

}  // namespace

Result<ColumnLine> parse_column_line(std::string_view text) {
  size_t equals = text.find('=');
  std::string_view target = trimmed(text.substr(0, equals));
  std::string_view rest = equals == text.npos ? "" : trimmed(text.substr(equals + 1));
  size_t point = target.rfind('.');
  ColumnLine line;
  line.column = target.substr(point == target.npos ? 0 : point + 1);
  line.rest = rest;
  if (line.column.empty() || rest.empty()) {
    return usage("'{}': expected COLUMN = … or DATABASE.TABLE.COLUMN = …", text);
  }
  if (point == target.npos) return line;
  SLUICE_ASSIGN(tables, Selection::parse(std::vector<std::string>{std::string(target.substr(0, point))}));
  line.tables = std::make_shared<const Selection>(std::move(tables));
  return line;
}

Result<Computing> Computing::make(const std::vector<ComputedColumn>& all, const Table& table,
                                  std::vector<Column>& columns) {
  Computing made;
  for (const ComputedColumn& each : all) {
    if (!for_table(each.tables, table)) continue;
    auto program = rule::Program::value(each.value->expression, table);
    if (!program) return while_doing(each.value->name, std::move(program).error());
    SLUICE_ASSIGN(column, column_of(each, **program));
    auto found = find_column(columns, each.name);
    auto place = static_cast<uint32_t>(found - columns.begin());
    if (found == columns.end()) {
      columns.push_back(column);
    } else {
      *found = column;
    }
    made.parts_.push_back({each.value, std::move(*program), place, std::move(column)});
  }
  return made;
}

Result<void> Computing::fill(const Batch& batch, const Change& change, bool after, Cell* cells,
                             uint32_t& text_bytes, Arena& arena, rule::Frame& frame) const {
  Change image = change;
  if (!after) image.after = {};
  for (const Part& part : parts_) {
    rule::Value value = part.program->run(batch, image, frame);
    Cell& cell = cells[part.place];
    if (has_bytes(cell.kind)) text_bytes -= cell.size;  // that it takes the place of
    if (frame.absent) {
      cell = Cell();  // what is made of a column that the log does not carry is not there, either
      continue;
    }
    if (!fill_cell(value, part.column, arena, cell)) {
      return fatal(
          "{}: a result for {} at {}:{} has too many digits for its column; round it, or let concat() make "
          "text of it",
          part.rule->name, full_name(*change.table), batch.events[change.event].file,
          batch.events[change.event].offset);
    }
    if (has_bytes(cell.kind)) text_bytes += cell.size;
  }
  return {};
}

Result<bool> rename_columns(const std::vector<RenamedColumn>& all, const Table& table,
                            std::vector<Column>& columns) {
  std::vector<std::pair<size_t, std::string>> renamed;  // at once, so that names may be swapped
  for (const RenamedColumn& each : all) {
    if (!for_table(each.tables, table)) continue;
    auto found = find_column(columns, each.name);
    if (found != columns.end()) renamed.emplace_back(found - columns.begin(), each.becomes);
  }
  for (auto& [place, name] : renamed) columns[place].name = std::move(name);
  for (auto& [place, moved] : renamed) {
    const std::string& name = columns[place].name;
    auto same =
        std::count_if(columns.begin(), columns.end(), [&](const Column& each) { return each.name == name; });
    if (same > 1) return usage("rename: {} would have two columns '{}'", full_name(table), name);
  }
  return !renamed.empty();
}

}  // namespace sluice
