#include "app/routing.h"

#include <algorithm>
#include <charconv>

namespace sluice::app {
namespace {

constexpr Option kView[] = {
    {"tables",
     OptionKind::List,
     "",
     "which of the pipeline's tables this sink gets, in the same form; none: all",
     {},
     false,
     "PATTERN,..."},
    {"operations", OptionKind::List, "insert,update,delete,ddl", "which changes this sink gets",
     "insert|update|delete|ddl"},
    {"columns",
     OptionKind::List,
     "",
     "which columns this sink gets: database.table.column with * and ?, ! before what is left out; the last "
     "pattern that fits decides; none: all",
     {},
     false,
     "PATTERN,..."},
};

constexpr Option kAddress[] = {
    {"key",
     OptionKind::Text,
     "format",
     "the key of a message: format, as the format has it; none; or a template such as {column:order_id}",
     {},
     false,
     "format|none|TEMPLATE"},
    {"partition_by",
     OptionKind::Text,
     "key",
     "what decides on the partition: key, as the target's own clients do it; database, table, primary_key, "
     "transaction_id; a template; or the number of the partition",
     {},
     false,
     "key|database|table|primary_key|transaction_id|TEMPLATE|N"},
    {"partition_hash", OptionKind::Choice, "murmur2",
     "how what partition_by names becomes a number: as Kafka's clients do it, or as Java's hashCode",
     "murmur2|java"},
};

constexpr Option kRuleTables = {"tables", OptionKind::List, "", "the tables that the rule is for", {},
                                true,     "PATTERN,..."};
constexpr Option kRuleTo = {"to", OptionKind::Text, "", "where their changes go", {}, false, "TEMPLATE"};

// A Usage fault that says where the value was written.
template <class T>
Result<T> placed(Result<T> result, const Settings& settings, std::string_view option) {
  if (result) return result;
  return while_doing(settings.where(option), std::move(result).error());
}

Result<Spread> parse_spread(const std::string& by, const std::string& hash) {
  Spread spread;
  spread.hash = hash == "java" ? Spread::Hash::Java : Spread::Hash::Murmur2;
  if (by == "key") return spread;
  auto [end, fault] = std::from_chars(by.data(), by.data() + by.size(), spread.partition);
  if (fault == std::errc() && end == by.data() + by.size() && spread.partition >= 0) {
    spread.by = Spread::By::Fixed;
    return spread;
  }
  constexpr std::pair<std::string_view, std::string_view> kNames[] = {
      {"database", "{database}"}, {"table", "{table}"}, {"primary_key", "{key}"}, {"transaction_id", "{id}"}};
  std::string text = by;
  for (auto [name, means] : kNames) {
    if (by == name) text = means;
  }
  if (text.find('{') == text.npos) {
    return usage(
        "partition_by: '{}': expected key, database, table, primary_key, transaction_id, a template "
        "such as {{column:order_id}}, or the number of a partition",
        by);
  }
  SLUICE_ASSIGN(parsed, Template::parse(text));
  spread.by = Spread::By::Text;
  spread.text = std::move(parsed);
  return spread;
}

// An option of the rule, or where that does not say it, of the sink.
const Settings& who_says(const Settings& rule, const Settings& sink, std::string_view option) {
  return rule.given(option) ? rule : sink;
}

Result<void> add_address(RouteRule& made, const Settings& rule, const Settings& address) {
  const Settings& keyed = who_says(rule, address, "key");
  if (std::string key = keyed.text("key"); key != "format") {
    SLUICE_ASSIGN(parsed, placed(Template::parse(key == "none" ? "" : key), keyed, "key"));
    made.key = std::move(parsed);
  }
  const Settings& spread = who_says(rule, address, "partition_by");
  SLUICE_ASSIGN(parsed, placed(parse_spread(spread.text("partition_by"),
                                            who_says(rule, address, "partition_hash").text("partition_hash")),
                               spread, "partition_by"));
  made.spread = std::move(parsed);
  return {};
}

}  // namespace

std::span<const Option> view_options() { return kView; }
std::span<const Option> address_options() { return kAddress; }
std::span<const Option> rule_options(Places places) {
  static const Option table[] = {kRuleTables, kRuleTo, kAddress[0], kAddress[1], kAddress[2]};
  return std::span(table).first(places == Places::Keys ? std::size(table) : 2);
}

Result<std::shared_ptr<const ViewSetup>> view_setup(const Settings& lane) {
  auto setup = std::make_shared<ViewSetup>();
  bool narrows = false;
  for (auto [option, selection] :
       {std::pair("tables", &setup->tables), std::pair("columns", &setup->columns)}) {
    if (!lane.given(option)) continue;
    SLUICE_ASSIGN(parsed, placed(Selection::parse(lane.list(option)), lane, option));
    *selection = std::move(parsed);
    narrows = true;
  }
  std::vector<std::string> wanted = lane.list("operations");
  constexpr std::string_view kNames[] = {"insert", "update", "delete", "ddl"};  // by Op
  for (size_t op = 0; op < std::size(kNames); ++op) {
    setup->ops[op] = std::find(wanted.begin(), wanted.end(), kNames[op]) != wanted.end();
    narrows |= !setup->ops[op];
  }
  if (!narrows) return nullptr;
  return setup;
}

Result<std::shared_ptr<const RouteSetup>> route_setup(const Addressing& addressing, const Settings& sink,
                                                      const Settings& address,
                                                      const std::vector<Settings>& rules) {
  auto setup = std::make_shared<RouteSetup>();
  setup->escape = addressing.escape;
  setup->escape_place = addressing.escape_place;
  setup->places = addressing.places;
  SLUICE_ASSIGN(destination, placed(Template::parse(sink.text(addressing.option)), sink, addressing.option));
  if (addressing.make && rules.empty() && destination.constant()) return nullptr;
  bool keyed = addressing.places == Places::Keys;
  for (const Settings& rule : rules) {
    RouteRule made{.tables = {}, .destination = destination, .key = {}, .spread = {}};
    SLUICE_ASSIGN(tables, placed(Selection::parse(rule.list("tables")), rule, "tables"));
    made.tables = std::move(tables);
    if (rule.given("to")) {
      SLUICE_ASSIGN(to, placed(Template::parse(rule.text("to")), rule, "to"));
      made.destination = std::move(to);
    }
    if (keyed) SLUICE_TRY(add_address(made, rule, address));
    setup->rules.push_back(std::move(made));
  }
  RouteRule rest{.tables = {}, .destination = std::move(destination), .key = {}, .spread = {}};
  if (keyed) SLUICE_TRY(add_address(rest, Settings(rule_options()), address));
  setup->rules.push_back(std::move(rest));
  return setup;
}

}  // namespace sluice::app
