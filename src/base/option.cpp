#include "base/option.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "base/check.h"

namespace sluice {
namespace {

struct Unit {
  std::string_view name;  // lower case
  uint64_t factor;
};

constexpr Unit kSizeUnits[] = {{"", 1},
                               {"b", 1},
                               {"kb", 1'000},
                               {"mb", 1'000'000},
                               {"gb", 1'000'000'000},
                               {"tb", 1'000'000'000'000},
                               {"kib", uint64_t{1} << 10},
                               {"mib", uint64_t{1} << 20},
                               {"gib", uint64_t{1} << 30},
                               {"tib", uint64_t{1} << 40}};

// In milliseconds. A bare number is refused: seconds and milliseconds are confused too easily.
constexpr Unit kDurationUnits[] = {
    {"ms", 1}, {"s", 1'000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), [](char c) { return lower(c); });
  return result;
}

bool parse_whole(std::string_view text, uint64_t& value) {
  auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  return failure == std::errc() && end == text.data() + text.size() && !text.empty();
}

// A whole number with one of the units. False: it is none, or it does not fit into `most`.
bool parse_with_unit(std::string_view text, std::span<const Unit> units, uint64_t most, uint64_t& value) {
  size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  if (!parse_whole(text.substr(0, digits), value)) return false;
  std::string unit = lower(text.substr(digits));
  for (const Unit& known : units) {
    if (known.name != unit) continue;
    if (value > most / known.factor) return false;
    value *= known.factor;
    return true;
  }
  return false;
}

std::string_view expected(OptionKind kind) {
  switch (kind) {
    case OptionKind::Integer: return "a whole number, such as 3";
    case OptionKind::Size: return "a size, such as 4096, 64MB or 1GiB";
    case OptionKind::Duration: return "a duration, such as 500ms, 3s, 10m, 1h or 7d";
    case OptionKind::Boolean: return "true or false";
    case OptionKind::Choice:
    case OptionKind::Text:
    case OptionKind::List:
    case OptionKind::Secret: break;
  }
  return "a text";
}

// A switch on the command line is its own name; a key in a file has to be named beside its place.
std::string subject(std::string_view where, std::string_view name) {
  return where.starts_with('-') ? std::string(where) : fmt::format("{}: {}", where, name);
}

// The largest unit that says it without a fraction.
std::string spell(OptionKind kind, uint64_t value) {
  std::span<const Unit> units;
  if (kind == OptionKind::Size) units = kSizeUnits;
  if (kind == OptionKind::Duration) units = kDurationUnits;
  const Unit* best = nullptr;
  for (const Unit& unit : units) {
    bool binary_or_plain = kind == OptionKind::Duration || unit.name.ends_with("ib") || unit.name.empty();
    if (binary_or_plain && value > 0 && value % unit.factor == 0 && (!best || unit.factor > best->factor))
      best = &unit;
  }
  if (!best) return fmt::format("{}", value);
  std::string name(best->name);
  if (name.ends_with("ib")) name = fmt::format("{}iB", static_cast<char>(name[0] - 'a' + 'A'));
  return fmt::format("{}{}", value / best->factor, name);
}

Result<void> check_range(const Option& option, std::string_view value, std::string_view where) {
  uint64_t number = 0;
  if (option.kind == OptionKind::Integer) parse_whole(value, number);
  if (option.kind == OptionKind::Size) number = parse_size(value).value();
  if (option.kind == OptionKind::Duration) number = static_cast<uint64_t>(parse_duration(value)->count());
  if (number >= option.least && number <= option.most) return {};
  std::string range = option.most == UINT64_MAX ? fmt::format("at least {}", spell(option.kind, option.least))
                                                : fmt::format("{} to {}", spell(option.kind, option.least),
                                                              spell(option.kind, option.most));
  return usage("{}: '{}' is out of range; expected {}", subject(where, option.name), value, range);
}

bool fits(OptionKind kind, std::string_view value) {
  uint64_t number;
  switch (kind) {
    case OptionKind::Integer: return parse_whole(value, number);
    case OptionKind::Size: return parse_size(value).has_value();
    case OptionKind::Duration: return parse_duration(value).has_value();
    case OptionKind::Boolean: return parse_boolean(value).has_value();
    case OptionKind::Choice:
    case OptionKind::Text:
    case OptionKind::List:
    case OptionKind::Secret: break;
  }
  return true;
}

std::string join(std::span<const std::string> words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

Result<void> check_choice(const Option& option, const std::string& value, std::string_view where) {
  if (option.choices.empty()) return {};
  std::vector<std::string> choices = split_choices(option.choices);
  if (std::find(choices.begin(), choices.end(), value) != choices.end()) return {};
  std::string near = nearest(value, choices);
  return usage("{}: '{}' is not known{}; expected {}{}", subject(where, option.name), value,
               near.empty() ? "" : fmt::format(" (did you mean '{}'?)", near),
               choices.size() == 1 ? "" : "one of ", join(choices));
}

// Edits (insert, delete, replace, swap of neighbours) that make `a` of `b`.
size_t distance(const std::string& a, const std::string& b) {
  std::vector<size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    before.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

std::string comparable(std::string_view name) {
  std::string text = lower(name);
  std::replace(text.begin(), text.end(), '-', '_');
  return text;
}

}  // namespace

Result<uint64_t> parse_size(std::string_view text) {
  uint64_t value;
  if (parse_with_unit(text, kSizeUnits, std::numeric_limits<int64_t>::max(), value)) return value;
  return usage("'{}' is not {}", text, expected(OptionKind::Size));
}

Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
  // A century bounds every sum of time points far from overflow.
  constexpr uint64_t kMost = uint64_t{36525} * 86'400'000;
  uint64_t value;
  if (text == "0") return std::chrono::milliseconds(0);
  if (parse_with_unit(text, kDurationUnits, kMost, value)) return std::chrono::milliseconds(value);
  return usage("'{}' is not {}", text, expected(OptionKind::Duration));
}

Result<bool> parse_boolean(std::string_view text) {
  std::string word = lower(text);
  if (word == "true" || word == "yes" || word == "on") return true;
  if (word == "false" || word == "no" || word == "off") return false;
  return usage("'{}' is not {}", text, expected(OptionKind::Boolean));
}

std::string nearest(std::string_view name, std::span<const std::string> known) {
  std::string wanted = comparable(name);
  std::string best;
  // A third of the letters may be wrong: beyond that the hint is noise.
  size_t fewest = std::max<size_t>(wanted.size() / 3, 1) + 1;
  for (const std::string& candidate : known) {
    size_t edits = distance(wanted, comparable(candidate));
    if (edits < fewest) {
      fewest = edits;
      best = candidate;
    }
  }
  return best;
}

Failure unknown_name(std::string_view where, std::string_view name, std::span<const std::string> known) {
  std::string near = nearest(name, known);
  if (!near.empty()) return usage("{}: '{}' is not known; did you mean '{}'?", where, name, near);
  return usage("{}: '{}' is not known; expected one of {}", where, name, join(known));
}

std::vector<std::string> split_choices(std::string_view choices) {
  std::vector<std::string> parts;
  while (!choices.empty()) {
    size_t end = std::min(choices.find('|'), choices.size());
    parts.emplace_back(choices.substr(0, end));
    choices.remove_prefix(std::min(end + 1, choices.size()));
  }
  return parts;
}

std::string placeholder(const Option& option) {
  if (!option.value.empty()) return std::string(option.value);
  switch (option.kind) {
    case OptionKind::Integer: return "N";
    case OptionKind::Size: return "SIZE";
    case OptionKind::Duration: return "TIME";
    case OptionKind::Boolean: return "";
    case OptionKind::Choice: return std::string(option.choices);
    case OptionKind::List: {
      std::string text(option.choices.empty() ? "LIST" : option.choices);
      std::replace(text.begin(), text.end(), '|', ',');
      return text;
    }
    case OptionKind::Text:
    case OptionKind::Secret: break;
  }
  return "TEXT";
}

Result<void> Settings::set(std::string_view name, std::vector<std::string> values, std::string where) {
  auto known =
      std::find_if(options_.begin(), options_.end(), [&](const Option& o) { return o.name == name; });
  if (known == options_.end()) {
    std::vector<std::string> names;
    for (const Option& option : options_) names.emplace_back(option.name);
    return unknown_name(where, name, names);
  }
  if (known->kind != OptionKind::List && values.size() != 1) {
    return usage("{}: expected one value, {}", subject(where, name), expected(known->kind));
  }
  for (const std::string& value : values) {
    if (!fits(known->kind, value)) {
      return usage("{}: '{}' is not {}", subject(where, name), value, expected(known->kind));
    }
    SLUICE_TRY(check_choice(*known, value, where));
    if (known->least > 0 || known->most < UINT64_MAX) SLUICE_TRY(check_range(*known, value, where));
  }
  given_.insert_or_assign(std::string(name), Setting{std::move(values), std::move(where)});
  return {};
}

Result<void> Settings::finish(std::string_view where) const {
  for (const Option& option : options_) {
    if (option.required && !given(option.name)) {
      return usage("{}: '{}' is missing: {}", where, option.name, option.help);
    }
  }
  return {};
}

const Option& Settings::option(std::string_view name) const {
  auto known =
      std::find_if(options_.begin(), options_.end(), [&](const Option& o) { return o.name == name; });
  CHECK(known != options_.end());
  return *known;
}

bool Settings::given(std::string_view name) const { return given_.find(name) != given_.end(); }

std::vector<std::string> Settings::values(std::string_view name) const {
  const Option& known = option(name);
  if (auto found = given_.find(name); found != given_.end()) return found->second.values;
  if (known.fallback.empty()) return {};
  if (known.kind != OptionKind::List) return {std::string(known.fallback)};
  std::vector<std::string> parts;
  for (std::string_view rest = known.fallback; !rest.empty();) {
    size_t end = std::min(rest.find(','), rest.size());
    parts.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return parts;
}

std::string Settings::text(std::string_view name) const {
  OptionKind kind = option(name).kind;
  CHECK(kind != OptionKind::List && kind != OptionKind::Secret);
  std::vector<std::string> found = values(name);
  return found.empty() ? std::string() : found.front();
}

uint64_t Settings::integer(std::string_view name) const {
  CHECK(option(name).kind == OptionKind::Integer);
  uint64_t value = 0;
  std::string text_value = text(name);
  CHECK(text_value.empty() || parse_whole(text_value, value));
  return value;
}

uint64_t Settings::size(std::string_view name) const {
  CHECK(option(name).kind == OptionKind::Size);
  std::string text_value = text(name);
  return text_value.empty() ? 0 : parse_size(text_value).value();
}

std::chrono::milliseconds Settings::duration(std::string_view name) const {
  CHECK(option(name).kind == OptionKind::Duration);
  std::string text_value = text(name);
  return text_value.empty() ? std::chrono::milliseconds(0) : parse_duration(text_value).value();
}

bool Settings::boolean(std::string_view name) const {
  CHECK(option(name).kind == OptionKind::Boolean);
  std::string text_value = text(name);
  return !text_value.empty() && parse_boolean(text_value).value();
}

std::vector<std::string> Settings::list(std::string_view name) const {
  CHECK(option(name).kind == OptionKind::List);
  return values(name);
}

Secret Settings::secret(std::string_view name) const {
  CHECK(option(name).kind == OptionKind::Secret);
  std::vector<std::string> found = values(name);
  return Secret(found.empty() ? std::string() : found.front());
}

std::string Settings::where(std::string_view name) const {
  auto found = given_.find(name);
  return found == given_.end() ? std::string() : found->second.where;
}

}  // namespace sluice
