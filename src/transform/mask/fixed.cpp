// Masks that do not look at the value: fixed, null, drop; and keep, which is none.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <string>

#include "rule/decimal.h"
#include "rule/moment.h"
#include "transform/mask/kinds.h"

namespace sluice::mask {
namespace {

constexpr Option kOptions[] = {
    {"value", OptionKind::Text, "", "what stands in the place of every value", {}, true},
    {"nulls", OptionKind::Boolean, "false", "in the place of NULL, too"}};

class FixedMask : public Mask {
 public:
  FixedMask(Cell cell, std::string bytes, bool nulls) : cell_(cell), bytes_(std::move(bytes)), nulls_(nulls) {
    bytes_.append(Arena::kReadSlack, '\0');
    if (has_bytes(cell_.kind)) cell_.data = bytes_.data();
  }

  // Into the arena, which lives as long as the batch.
  Result<Cell> apply(const Cell&, const Image& image) override {
    Cell made = cell_;
    if (has_bytes(made.kind)) made.data = image.arena.copy(cell_.bytes()).data();
    return made;
  }
  bool blind() const override { return true; }
  bool nulls() const override { return nulls_; }

 private:
  Cell cell_;
  std::string bytes_;
  const bool nulls_;
};

class NullMask : public Mask {
 public:
  Result<Cell> apply(const Cell&, const Image&) override { return Cell{.kind = Kind::Null}; }
  bool blind() const override { return true; }
};

template <class T>
bool whole(std::string_view text, T& value) {
  auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  return fault == std::errc() && end == text.data() + text.size();
}

bool fixed_decimal(const std::string& value, Column& column, Cell& cell, std::string& bytes) {
  rule::Decimal number;
  char packed[rule::Decimal::kMostPacked];
  if (!rule::Decimal::parse(value, number) || !number.round(column.scale)) return false;
  char* end = number.pack(packed, column.scale);
  if (!end) return false;
  bytes.assign(packed, end);
  column.precision = rule::Decimal::kWhole;
  column.declared = fmt::format("decimal({},{})", column.precision, column.scale);
  cell = {.size = static_cast<uint32_t>(bytes.size()),
          .kind = Kind::Decimal,
          .aux = column.precision,
          .aux2 = column.scale};
  return true;
}

bool fixed_moment(const std::string& value, const Column& column, Cell& cell) {
  unsigned digits = 0;
  uint64_t moment = 0;
  if (!rule::parse_moment(value, moment, digits)) return false;
  cell = {.kind = column.type == ColumnType::Date ? Kind::Date : Kind::DateTime,
          .aux = column.fraction_digits};
  uint64_t month = moment >> 46, day = moment >> 41 & 31;
  cell.u = cell.kind == Kind::Date ? month / 13 << 9 | month % 13 << 5 | day : moment;
  return true;
}

// The value as a cell of the column's type.
bool fixed_cell(const std::string& value, Column& column, Cell& cell, std::string& bytes) {
  bytes = value;
  if (is_text(column.type) || is_blob(column.type)) {
    cell = {.size = static_cast<uint32_t>(value.size()),
            .kind = is_text(column.type) ? Kind::Text : Kind::Blob};
    make_room(column, value.size());
    return true;
  }
  if (is_integer(column.type)) {
    cell = {.kind = column.is_unsigned ? Kind::Uint : Kind::Int};
    Range range = range_of(column);
    if (column.is_unsigned) return whole(value, cell.u) && cell.u <= range.most;
    return whole(value, cell.i) && cell.i >= range.least && cell.i <= range.most;
  }
  switch (column.type) {
    case ColumnType::Float:
    case ColumnType::Double: {
      bool is_float = column.type == ColumnType::Float;
      cell = {.kind = is_float ? Kind::Float : Kind::Double};
      double most = is_float ? std::numeric_limits<float>::max() : std::numeric_limits<double>::max();
      return whole(value, cell.d) && std::fabs(cell.d) <= most;
    }
    case ColumnType::Decimal: return fixed_decimal(value, column, cell, bytes);
    case ColumnType::Date:
    case ColumnType::DateTime: return fixed_moment(value, column, cell);
    case ColumnType::Enum:
      if (std::find(column.members.begin(), column.members.end(), value) == column.members.end())
        return false;
      break;  // text, since the other labels are not to be seen
    default: break;
  }
  cell = {.size = static_cast<uint32_t>(value.size()), .kind = Kind::Text};
  become_text(column, static_cast<uint32_t>(value.size()));
  return true;
}

Result<MaskPtr> make_fixed(const Making& making, Column& column) {
  std::string value = making.settings.text("value"), bytes;
  Cell cell;
  if (!fixed_cell(value, column, cell, bytes)) {
    return usage("the mask 'fixed' has the value '{}', which is none for {}.{}, {}", value,
                 full_name(making.table), making.column().name, making.column().declared);
  }
  return std::make_unique<FixedMask>(cell, std::move(bytes), making.settings.boolean("nulls"));
}

}  // namespace

const MaskKind fixed_kind = {"fixed", "one value for all", "every type that the value fits", kOptions,
                             make_fixed};
const MaskKind null_kind = {
    "null", "NULL", "every type", {}, [](const Making&, Column& column) -> Result<MaskPtr> {
      if (!column.members.empty()) become_text(column, 1);  // the labels are not to be seen
      column.nullable = true;
      return std::make_unique<NullMask>();
    }};
const MaskKind drop_kind = {"drop",
                            "the column is not there",
                            "every type",
                            {},
                            [](const Making&, Column&) -> Result<MaskPtr> { return nullptr; },
                            true};
const MaskKind keep_kind = {"keep",
                            "the value as it is: an exception from the masks behind it",
                            "every type",
                            {},
                            [](const Making&, Column&) -> Result<MaskPtr> { return nullptr; }};

}  // namespace sluice::mask
