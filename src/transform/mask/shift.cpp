// Dates moved by a number of days that is the same for all dates of, say, one customer: what lies between
// them stays.
#include <algorithm>

#include "transform/mask/kinds.h"

#include "base/ascii.h"

namespace sluice::mask {
namespace {

constexpr Option kOptions[] = {
    {"days", OptionKind::Integer, "180", "by so many at most, back or forth", {}, false, {}, 1, 36500},
    {"by",
     OptionKind::Text,
     "",
     "the column whose value decides the days; none: all dates move alike",
     {},
     false,
     "COLUMN"},
};

constexpr int64_t kDaySeconds = 86400;

// Days since 1970-01-01 in the Gregorian calendar and back (the era method: 400 years have 146,097 days,
// years begin in March).
int64_t days_of(int64_t year, uint64_t month, uint64_t day) {
  year -= month <= 2;
  int64_t era = (year >= 0 ? year : year - 399) / 400;
  auto of_era = static_cast<uint64_t>(year - era * 400);
  uint64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  return era * 146097 + static_cast<int64_t>(of_era * 365 + of_era / 4 - of_era / 100 + of_year) - 719468;
}

struct Day {
  int64_t year;
  uint64_t month, day;
};

Day day_of(int64_t days) {
  days += 719468;
  int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  auto of_era = static_cast<unsigned>(days - era * 146097);
  unsigned year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
  unsigned of_year = of_era - (365 * year + year / 4 - year / 100);
  unsigned month = (5 * of_year + 2) / 153;
  unsigned calendar = month < 10 ? month + 3 : month - 9;
  return {static_cast<int64_t>(year) + era * 400 + (calendar <= 2), calendar,
          of_year - (153 * month + 2) / 5 + 1};
}

// Where it would leave the years that a column holds, it moves the other way. A date that is none has nothing
// between it and others, but it may still tell a year: it becomes the zero date.
Day moved(Day day, int64_t days) {
  if (day.month == 0 || day.day == 0) return {0, 0, 0};
  int64_t from = days_of(day.year, day.month, day.day);
  Day made = day_of(from + days);
  return made.year >= 1 && made.year <= 9999 ? made : day_of(from - days);
}

class ShiftMask : public Mask {
 public:
  ShiftMask(const Secret& key, const Column* by, uint32_t ordinal, int64_t most)
      : hmac_(key), most_(most), by_ordinal_(ordinal), by_(by ? *by : Column()), has_by_(by) {}

  Result<Cell> apply(const Cell& cell, const Image& image) override {
    Cell by{.kind = Kind::Null};
    if (has_by_) {
      by = value_of(image.row);
      if (!by.present()) by = value_of(image.other);
      if (!by.present()) {
        return fatal(
            "the row's image lacks the column {} that decides by how many days it moves; set "
            "binlog_row_image=FULL",
            by_.name);
      }
    }
    int64_t days = days_by(by);
    Cell made = cell;
    switch (cell.kind) {
      case Kind::Date: {
        Day day = moved({static_cast<int64_t>(cell.u >> 9), cell.u >> 5 & 15, cell.u & 31}, days);
        made.u = static_cast<uint64_t>(day.year) << 9 | day.month << 5 | day.day;
        return made;
      }
      case Kind::DateTime: {
        uint64_t months = cell.u >> 46;
        Day day = moved({static_cast<int64_t>(months / 13), months % 13, cell.u >> 41 & 31}, days);
        uint64_t packed = (static_cast<uint64_t>(day.year) * 13 + day.month) << 5 | day.day;
        made.u = packed << 41 | (cell.u & ((uint64_t{1} << 41) - 1));
        return made;
      }
      case Kind::Timestamp: {
        if (cell.u == 0) return made;
        auto seconds = static_cast<int64_t>(cell.u >> 24), most = std::max<int64_t>(INT32_MAX, seconds);
        int64_t there = seconds + days * kDaySeconds;
        if (there < 1 || there > most) there = seconds - days * kDaySeconds;
        made.u = static_cast<uint64_t>(std::clamp<int64_t>(there, 1, most)) << 24 | (cell.u & 0xffffff);
        return made;
      }
      default: return strange_cell();
    }
  }

 private:
  Cell value_of(const Row& row) const { return row && by_ordinal_ < row.count ? row[by_ordinal_] : Cell(); }

  // Never 0.
  int64_t days_by(const Cell& by) {
    uint64_t word = first_word(code_of(hmac_, std::string_view("\0shift\0", 7), by, by_, scratch_));
    auto place = static_cast<int64_t>(word % static_cast<uint64_t>(2 * most_));
    return place < most_ ? place - most_ : place - most_ + 1;
  }

  HmacSha256 hmac_;
  const int64_t most_;
  const uint32_t by_ordinal_;
  const Column by_;
  const bool has_by_;
  Bytes scratch_;
};

Result<MaskPtr> make_shift(const Making& making, Column&) {
  ColumnType type = making.column().type;
  if (type != ColumnType::Date && type != ColumnType::DateTime && type != ColumnType::Timestamp)
    return does_not_take(shift_kind, making);
  auto most = static_cast<int64_t>(making.settings.integer("days"));
  std::string by = making.settings.text("by");
  const auto& columns = making.table.columns;
  auto found = std::find_if(columns.begin(), columns.end(),
                            [&](const Column& each) { return same_word(each.name, by); });
  if (!by.empty() && found == columns.end()) {
    return usage("by: {} has no column '{}'", full_name(making.table), by);
  }
  const Column* decides = by.empty() ? nullptr : &*found;
  return std::make_unique<ShiftMask>(making.key, decides, static_cast<uint32_t>(found - columns.begin()),
                                     most);
}

}  // namespace

const MaskKind shift_kind = {"shift", "another day, at the same distance for all of one key",
                             "dates, datetimes and timestamps", kOptions, make_shift};

}  // namespace sluice::mask
