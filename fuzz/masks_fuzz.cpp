// Any mask over any value of any type: no fault but one that says nothing of the value; what hides a text
// leaves nothing of it; format-preserving encryption keeps the format; the same becomes the same; and what a
// path means within a document is not there any more.
#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "base/check.h"
#include "format/json_binary.h"
#include "format/plain.h"
#include "format/spell.h"
#include "model/batch.h"
#include "transform/mask/mask.h"

using namespace sluice;

namespace {

constexpr std::string_view kSecret = "Zq7xWv9yKp";

struct Told {
  std::string_view kind;
  std::vector<std::pair<std::string_view, std::string_view>> options;
  bool hides = false;  // nothing of the secret stays in a text
};

const std::vector<Told>& masks() {
  static const std::vector<Told> all = {
      {"phone", {{"keep", "4"}}, true},
      {"card", {}, true},
      {"email", {{"domain", "false"}}, true},
      {"email", {}},
      {"name", {}, true},
      {"address", {}, true},
      {"fixed", {{"value", "HIDDEN"}}, true},
      {"fixed", {{"value", "7"}, {"nulls", "true"}}, true},
      {"null", {}, true},
      {"drop", {}, true},
      {"truncate", {{"length", "3"}}},
      {"hash", {{"length", "20"}}, true},
      {"hash", {{"encoding", "base64url"}}, true},
      {"round", {{"to", "1000"}}},
      {"round", {{"to", "0.25"}}},
      {"noise", {{"within", "1000"}}},
      {"noise", {{"percent", "30"}}},
      {"shift", {{"days", "365"}}},
      {"shift", {{"days", "5"}, {"by", "id"}}},
      {"fpe", {{"otherwise", "null"}}, true},
      {"fpe", {{"alphabet", "alphanumeric"}, {"otherwise", "hash"}}, true},
      {"fpe", {}, true},
      {"regex", {{"match", "([a-z]+)[0-9]*"}, {"replace", "\\1!"}, {"otherwise", "keep"}}},
      {"regex", {{"match", "."}, {"replace", "*"}, {"otherwise", "hash"}}},
      {"keep", {}},
  };
  return all;
}

mask::MaskRule rule_of(const Told& told) {
  const mask::MaskKind* kind = mask::find_kind(told.kind);
  CHECK(kind);
  Settings settings(kind->options);
  for (auto [name, value] : told.options) CHECK(settings.set(name, {std::string(value)}, "").has_value());
  return {"fuzz", {"*.c"}, *mask::parse_columns({"*.c"}), kind, std::move(settings)};
}

// Reads the input; at its end there are zeros.
struct Input {
  std::string_view rest;
  uint64_t take(size_t n) {
    uint64_t value = 0;
    n = std::min(n, rest.size());
    if (n > 0) std::memcpy(&value, rest.data(), n);
    rest.remove_prefix(n);
    return value;
  }
};

constexpr unsigned kWhole = 14, kScale = 4;  // of decimals, seven bytes

Cell bytes_cell(Batch& batch, Kind kind, std::string_view bytes) {
  Cell cell{.size = static_cast<uint32_t>(bytes.size()), .kind = kind};
  cell.data = batch.arena.copy(bytes).data();
  return cell;
}

// As the decoder makes it for such a column, of any bits.
Cell cell_of(Batch& batch, const Column& column, uint64_t bits, std::string_view bytes) {
  auto made = [&](Kind kind, uint64_t u) {
    Cell cell{.kind = kind, .aux = column.fraction_digits};
    cell.u = u;
    return cell;
  };
  ColumnType type = column.type;
  if (type <= ColumnType::BigInt) {
    unsigned shift = type == ColumnType::TinyInt     ? 56
                     : type == ColumnType::SmallInt  ? 48
                     : type == ColumnType::MediumInt ? 40
                     : type == ColumnType::Int       ? 32
                                                     : 0;
    return column.is_unsigned ? made(Kind::Uint, bits >> shift)
                              : made(Kind::Int, static_cast<uint64_t>(static_cast<int64_t>(bits) >> shift));
  }
  if (type >= ColumnType::Char && type <= ColumnType::LongText) return bytes_cell(batch, Kind::Text, bytes);
  if (type >= ColumnType::Binary && type <= ColumnType::LongBlob) return bytes_cell(batch, Kind::Blob, bytes);
  std::string sixteen = std::string(bytes.substr(0, 16)) + std::string(16, '\0');
  switch (type) {
    case ColumnType::Float:
    case ColumnType::Double: {
      Cell cell{.kind = type == ColumnType::Float ? Kind::Float : Kind::Double};
      cell.d = type == ColumnType::Float ? std::bit_cast<float>(static_cast<uint32_t>(bits))
                                         : std::bit_cast<double>(bits);
      return cell;
    }
    case ColumnType::Decimal: {
      Cell cell =
          bytes_cell(batch, Kind::Decimal, (std::string(bytes.substr(0, 7)) + "1234567").substr(0, 7));
      cell.aux = kWhole;
      cell.aux2 = kScale;
      return cell;
    }
    case ColumnType::Bit: return made(Kind::Bit, bits);
    case ColumnType::Year: return made(Kind::Year, 1901 + bits % 255);
    case ColumnType::Date: return made(Kind::Date, bits & 0xffffff);
    case ColumnType::Time: return made(Kind::Time, bits & ((uint64_t{1} << 45) - 1));
    case ColumnType::DateTime: return made(Kind::DateTime, bits & ((uint64_t{1} << 62) - 1));
    case ColumnType::Timestamp: return made(Kind::Timestamp, bits & ((uint64_t{1} << 56) - 1));
    case ColumnType::Enum: return made(Kind::Enum, bits % 4);
    case ColumnType::Set: return made(Kind::Set, bits % 8);
    case ColumnType::Json: return bytes_cell(batch, bits % 5 ? Kind::Json : Kind::JsonPatch, bytes);
    case ColumnType::Geometry: return bytes_cell(batch, Kind::Geometry, bytes);
    case ColumnType::Vector: return bytes_cell(batch, Kind::Vector, bytes);
    case ColumnType::Uuid: return bytes_cell(batch, Kind::Uuid, sixteen.substr(0, 16));
    case ColumnType::Inet4: return bytes_cell(batch, Kind::Inet4, sixteen.substr(0, 4));
    default: return bytes_cell(batch, Kind::Inet6, sixteen.substr(0, 16));
  }
}

// `c`, after the mask, with its column; nothing where it stops or does not go with the type.
struct Outcome {
  bool there = false;
  Cell cell;
  Column column;
};

Outcome masked(Batch& batch, const std::shared_ptr<const mask::MaskSetup>& setup, const TablePtr& table,
               const Cell& plain) {
  batch.events.assign(1, {});
  batch.transactions.assign(1, {});
  Cell* cells = batch.arena.array<Cell>(2);
  cells[0] = {.kind = Kind::Int};
  cells[1] = plain;
  Row row{cells, 2, has_bytes(plain.kind) ? plain.size : 0};
  batch.changes.assign(1, {.op = Op::Insert, .table = table.get(), .after = row});
  batch.hold(table);
  auto done = mask::make_mask(setup)->apply(batch);
  if (!done) {
    CHECK(done.error().what.find(kSecret) == std::string::npos);
    return {};
  }
  const Change& change = batch.changes[0];
  if (change.table->columns.size() < 2) return {};
  uint32_t text_bytes = 0;
  for (const Cell& cell : change.after) text_bytes += has_bytes(cell.kind) ? cell.size : 0;
  CHECK(change.after.text_bytes == text_bytes);
  return {true, change.after[1], change.table->columns[1]};
}

bool is_alphanumeric(char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }

// Characters of the alphabet become such, the others stay.
void check_format(const Cell& plain, const Cell& cell, bool letters) {
  if (plain.kind != cell.kind) return;  // `otherwise`
  if (plain.kind == Kind::Int) CHECK((plain.i < 0) == (cell.i < 0));
  if (plain.kind != Kind::Text) return;
  if (cell.size != plain.size) {
    CHECK(cell.size == 64);  // `otherwise: hash`
    return;
  }
  for (uint32_t i = 0; i < cell.size; ++i) {
    auto of_it = [&](char c) { return (c >= '0' && c <= '9') || (letters && is_alphanumeric(c)); };
    if (of_it(plain.data[i]) ? !of_it(cell.data[i]) : cell.data[i] != plain.data[i]) {
      CHECK(letters && cell.size == 64);
      return;
    }
  }
}

std::string text_of(const Cell& cell, const Column& column) {
  Bytes out;
  append_plain(out, cell, column);
  return std::string(out.view());
}

// What a rule finds there after a mask that hides it.
void check_document(const Cell& cell, std::string_view found_at) {
  std::string text(cell.bytes());
  if (cell.kind == Kind::Json) {
    std::string spelt(json_binary_bound(cell.size) + kSlack, '\0');
    char* end = spell_json_binary(spelt.data(), cell.bytes(), JsonSpacing::Compact);
    if (!end) return;
    text = spelt.substr(0, static_cast<size_t>(end - spelt.data()));
  }
  Bytes scratch;
  std::string_view found = rule::JsonPath::parse(found_at, 0, found_at)->find(text, scratch);
  CHECK(found.empty() || found == "null" || found == "\"HIDDEN\"");
}

void fuzz_document(Input in) {
  constexpr std::pair<std::string_view, std::string_view> kPaths[] = {
      {"$.p", "$.p"},     {"$**.p", "$.a.p"}, {"$.a[*]", "$.a[1]"},
      {"$.*.p", "$.a.p"}, {"$[1]", "$[1]"},   {"$", "$"}};
  auto [path, found_at] = kPaths[in.take(1) % std::size(kPaths)];
  uint64_t which = in.take(1);
  const Told& told = masks()[which % 2 ? 6 : which % masks().size()];  // fixed: HIDDEN
  auto setup = std::make_shared<mask::MaskSetup>();
  setup->key = Secret("0123456789abcdef");
  setup->rules.push_back(rule_of(told));
  setup->rules[0].paths.push_back(*rule::JsonPath::parse(path, 0, path, true));
  constexpr Kind kForms[] = {Kind::Text, Kind::Json, Kind::JsonPatch};
  Kind form = kForms[in.take(1) % 3];
  Table table{.database = "d", .name = "t", .columns = {{.name = "id"}, {.name = "c"}}};
  table.columns[1].type = form == Kind::Text ? ColumnType::Text : ColumnType::Json;
  Batch batch;
  Outcome made = masked(batch, setup, freeze(table), bytes_cell(batch, form, in.rest));
  if (made.there && which % 2 && form != Kind::JsonPatch) check_document(made.cell, found_at);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Input in{{reinterpret_cast<const char*>(data), size}};
  if (in.take(1) % 3 == 0) {
    fuzz_document(in);
    return 0;
  }
  const Told& told = masks()[in.take(1) % masks().size()];
  Table table{
      .database = "d", .name = "t", .columns = {{.name = "id", .type = ColumnType::Int}, {.name = "c"}}};
  Column& column = table.columns[1];
  column.type = static_cast<ColumnType>(1 + in.take(1) % static_cast<unsigned>(ColumnType::Inet6));
  uint64_t flags = in.take(1), bits = in.take(8);
  column.is_unsigned = flags & 1;
  column.fraction_digits = flags >> 1 & 7;
  if (column.fraction_digits > 6) column.fraction_digits = 6;
  column.members = {"one", "two", "three"};
  column.precision = kWhole;
  column.scale = kScale;
  column.length = flags & 16 ? 30 : 0;
  bool planted = flags & 32;
  std::string bytes(in.rest);
  if (planted) bytes.insert(bytes.size() / 2, kSecret);

  auto setup = std::make_shared<mask::MaskSetup>();
  setup->key = Secret("0123456789abcdef");
  setup->rules.push_back(rule_of(told));
  TablePtr frozen = freeze(table);
  Batch batch, again;
  Cell plain = cell_of(batch, column, bits, bytes);
  Outcome made = masked(batch, setup, frozen, plain);
  if (!made.there) return 0;
  Outcome second = masked(again, setup, frozen, plain);
  CHECK(second.there && second.cell.kind == made.cell.kind);
  if (made.cell.has_value()) CHECK(same_value(made.cell, second.cell) || made.cell.u == second.cell.u);
  if (told.kind == "fpe") check_format(plain, made.cell, told.options.size() == 2);
  if (!made.cell.has_value()) return 0;
  std::string text = text_of(made.cell, made.column);
  if (planted && told.hides) CHECK(text.find(kSecret) == std::string::npos);
  return 0;
}
