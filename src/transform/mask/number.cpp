// Masks of numbers: rounding, and noise that the key and the value decide, so that a change read twice is
// masked alike and a column that an update left alone still looks so.
#include <algorithm>
#include <cmath>
#include <limits>

#include "rule/decimal.h"
#include "transform/mask/kinds.h"

namespace sluice::mask {
namespace {

using rule::Decimal;

constexpr Option kRoundOptions[] = {
    {"to", OptionKind::Text, "", "the nearest multiple of this: 1000, 0.5", {}, true, "NUMBER"}};
constexpr Option kNoiseOptions[] = {
    {"within", OptionKind::Text, "", "so much is added or taken away at most", {}, false, "NUMBER"},
    {"percent",
     OptionKind::Integer,
     "",
     "in the place of within: so many hundredths of the value, of whole numbers and decimals at least one of "
     "the "
     "last digit",
     {},
     false,
     {},
     1,
     100},
};

constexpr std::string_view kNumbers = "numbers";

__int128 whole_of(const Cell& cell) { return cell.kind == Kind::Uint ? __int128{cell.u} : __int128{cell.i}; }

Cell whole_cell(const Cell& like, __int128 value) {
  Cell made = like;
  if (like.kind == Kind::Uint) {
    made.u = static_cast<uint64_t>(value);
  } else {
    made.i = static_cast<int64_t>(value);
  }
  return made;
}

bool fits_digits(const Decimal& value, const Decimal& limit) {
  const Decimal& magnitude = value.is_negative() ? value.negated() : value;
  return Decimal::compare(magnitude, limit) < 0;
}

// 0.01 of a decimal(10,2).
Decimal last_digit(const Column& column) {
  Decimal unit = Decimal::of(1);
  for (int i = 0; i < column.scale; ++i) (void)Decimal::divide(unit, Decimal::of(10), unit);
  return unit;
}

// A number column's mask; whole numbers, decimals and doubles have each their own arithmetic.
class NumberMask : public Mask {
 public:
  explicit NumberMask(const Column& column) : column_(column) {
    if (is_integer(column.type)) range_ = range_of(column);
    Decimal ten = Decimal::of(10);
    limit_ = Decimal::of(1);
    for (int i = column.scale; i < column.precision; ++i) (void)Decimal::multiply(limit_, ten, limit_);
  }

  Result<Cell> apply(const Cell& cell, const Image& image) override {
    switch (cell.kind) {
      case Kind::Int:
      case Kind::Uint: return whole_cell(cell, std::clamp(whole(cell), range_.least, range_.most));
      case Kind::Float:
      case Kind::Double: {
        Cell made = cell;
        if (std::isfinite(cell.d)) made.d = real(cell);
        return made;
      }
      case Kind::Decimal: {
        Decimal made = decimal(cell, Decimal::unpack(cell.bytes(), cell.aux, cell.aux2));
        char* bytes = image.arena.allocate(Decimal::kMostPacked);
        char* end = made.pack(bytes, cell.aux2);
        if (!end) return fatal("a masked number has too many digits");
        Cell packed{.size = static_cast<uint32_t>(end - bytes),
                    .kind = Kind::Decimal,
                    .aux = Decimal::kWhole,
                    .aux2 = cell.aux2};
        packed.data = bytes;
        return packed;
      }
      default: return strange_cell();
    }
  }

 protected:
  virtual __int128 whole(const Cell& cell) = 0;
  virtual double real(const Cell& cell) = 0;
  virtual Decimal decimal(const Cell& cell, const Decimal& value) = 0;

  const Column column_;
  Range range_ = {};
  Decimal limit_;  // above all of a decimal column
};

class RoundMask : public NumberMask {
 public:
  RoundMask(const Column& column, Decimal to) : NumberMask(column), to_(to), real_(to.to_double()) {
    int64_t step = 1;
    if (to.to_int(step)) step_ = step;
  }

 protected:
  __int128 whole(const Cell& cell) override {
    __int128 value = whole_of(cell), half = step_ / 2;
    __int128 made = (value < 0 ? value - half : value + half) / step_ * step_;
    return made < range_.least || made > range_.most ? value / step_ * step_ : made;
  }
  double real(const Cell& cell) override {
    double made = std::round(cell.d / real_) * real_;
    return std::isfinite(made) ? made : 0;
  }
  Decimal decimal(const Cell&, const Decimal& value) override {
    Decimal made;
    if (!Decimal::divide(value, to_, made)) return Decimal();
    Decimal exact = made;
    if (made.round(0) && Decimal::multiply(made, to_, made) && fits_digits(made, limit_)) return made;
    // Towards zero, where the nearest multiple has a digit more than the column.
    Decimal rest;
    return Decimal::remainder(value, to_, rest) && Decimal::add(value, rest.negated(), exact) ? exact
                                                                                              : Decimal();
  }

 private:
  const Decimal to_;
  const double real_;
  __int128 step_ = 1;
};

class NoiseMask : public NumberMask {
 public:
  NoiseMask(const Column& column, const Secret& key, Decimal within, unsigned percent)
      : NumberMask(column), hmac_(key), within_(within), percent_(percent), unit_(last_digit(column)) {
    int64_t step = 0;
    if (within.to_int(step)) step_ = step;
  }

 protected:
  __int128 whole(const Cell& cell) override {
    __int128 value = whole_of(cell), magnitude = value < 0 ? -value : value;
    __int128 within = percent_ ? std::max<__int128>(magnitude * percent_ / 100, 1) : step_;
    // Evenly over the numbers from -within to within, but for the value itself.
    auto place = static_cast<__int128>(dice(cell) % static_cast<unsigned __int128>(2 * within));
    __int128 noise = place < within ? place - within : place - within + 1;
    __int128 made = value + noise;
    return made < range_.least || made > range_.most ? value - noise : made;
  }
  double real(const Cell& cell) override {
    double within = percent_ ? std::fabs(cell.d) * percent_ / 100 : within_.to_double();
    double made = cell.d + (static_cast<double>(dice(cell)) / 0x1p63 - 1) * within;
    if (cell.kind == Kind::Float) made = static_cast<float>(made);
    return std::isfinite(made) ? made : cell.d / 2;
  }
  Decimal decimal(const Cell& cell, const Decimal& value) override {
    constexpr int64_t kSteps = 1'000'000'000;
    auto place = static_cast<int64_t>(dice(cell) % (2 * kSteps + 1)) - kSteps;
    Decimal part = Decimal::of(place), within = within_;
    if (percent_) (void)Decimal::multiply(value, Decimal::of(percent_), within);
    (void)Decimal::divide(part, Decimal::of(percent_ ? 100 * kSteps : kSteps), part);
    Decimal noise, made;
    if (!Decimal::multiply(part, within, noise) || !noise.round(cell.aux2)) return Decimal();
    if (noise.is_zero()) noise = place < 0 ? unit_.negated() : unit_;
    if (Decimal::add(value, noise, made) && fits_digits(made, limit_)) return made;
    return Decimal::add(value, noise.negated(), made) && fits_digits(made, limit_) ? made : Decimal();
  }

 private:
  uint64_t dice(const Cell& cell) {
    return first_word(code_of(hmac_, std::string_view("\0noise\0", 7), cell, column_, scratch_));
  }

  HmacSha256 hmac_;
  const Decimal within_;
  const unsigned percent_;
  const Decimal unit_;  // of decimals, the least that is not nothing
  __int128 step_ = 0;
  Bytes scratch_;
};

bool is_number(ColumnType type) {
  return is_integer(type) || type == ColumnType::Float || type == ColumnType::Double ||
         type == ColumnType::Decimal;
}

// A number above zero. For whole numbers a whole one.
Result<Decimal> amount(const Settings& settings, std::string_view option) {
  Decimal parsed;
  std::string text = settings.text(option);
  if (Decimal::parse(text, parsed) && !parsed.is_negative() && !parsed.is_zero()) return parsed;
  return usage("{}: expected a number above 0, found '{}'", option, text);
}

Result<void> whole_for(const Making& making, const Decimal& amount, std::string_view option) {
  int64_t value;
  if (!is_integer(making.column().type) || amount.to_int(value)) return {};
  return usage("{}: {}.{} holds whole numbers, and {} is none", option, full_name(making.table),
               making.column().name, making.settings.text(option));
}

// Results are packed with all the digits there can be before the point.
void widen(Column& column) {
  if (column.type == ColumnType::Decimal) column.precision = Decimal::kWhole;
}

Result<MaskPtr> make_round(const Making& making, Column& column) {
  if (!is_number(making.column().type)) return does_not_take(round_kind, making);
  SLUICE_ASSIGN(to, amount(making.settings, "to"));
  SLUICE_TRY(whole_for(making, to, "to"));
  auto mask = std::make_unique<RoundMask>(making.column(), to);
  widen(column);
  return mask;
}

Result<void> check_noise(const Settings& settings) {
  if (settings.given("within") == settings.given("percent"))
    return usage("a mask 'noise' needs one of within and percent");
  if (settings.given("within")) SLUICE_TRY(amount(settings, "within"));
  return {};
}

Result<MaskPtr> make_noise(const Making& making, Column& column) {
  if (!is_number(making.column().type)) return does_not_take(noise_kind, making);
  Decimal within;
  unsigned percent = 0;
  if (making.settings.given("percent")) {
    percent = static_cast<unsigned>(making.settings.integer("percent"));
  } else {
    SLUICE_ASSIGN(told, amount(making.settings, "within"));
    SLUICE_TRY(whole_for(making, told, "within"));
    bool decimal = making.column().type == ColumnType::Decimal;
    if (decimal && Decimal::compare(told, last_digit(making.column())) < 0) {
      return usage("within: {}.{} is {}, and {} is less than its last digit, so that all would stay as it is",
                   full_name(making.table), making.column().name, making.column().declared,
                   making.settings.text("within"));
    }
    within = told;
  }
  auto mask = std::make_unique<NoiseMask>(making.column(), making.key, within, percent);
  widen(column);
  return mask;
}

}  // namespace

const MaskKind round_kind = {"round",
                             "the nearest multiple of a number",
                             kNumbers,
                             kRoundOptions,
                             make_round,
                             false,
                             [](const Settings& settings) -> Result<void> {
                               SLUICE_TRY(amount(settings, "to"));
                               return {};
                             }};
const MaskKind noise_kind = {"noise",    "a number nearby, always the same one for the same number",
                             kNumbers,   kNoiseOptions,
                             make_noise, false,
                             check_noise};

}  // namespace sluice::mask
