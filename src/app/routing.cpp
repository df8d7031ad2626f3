#include "app/routing.h"

#include <algorithm>
#include <charconv>

#include "app/broker_sources.h"
#include "app/canal_rules.h"
#include "app/maxwell_filter.h"
#include "model/column_patterns.h"

namespace sluice::app {
namespace {

constexpr Option kCanalFilter = {"canal_filter",
                                 OptionKind::Text,
                                 "",
                                 "canal's filter.regex, in the place of tables: regular expressions over "
                                 "database.table, in any case",
                                 {},
                                 false,
                                 "REGEX,..."};
constexpr Option kCanalFilterBlack = {"canal_filter_black",
                                      OptionKind::Text,
                                      "",
                                      "canal's filter.black.regex: what of that is not wanted",
                                      {},
                                      false,
                                      "REGEX,..."};
constexpr Option kMaxwellFilter = {"maxwell_filter",
                                   OptionKind::Text,
                                   "",
                                   "Maxwell's filter, in the place of tables: exclude: shop.*, include: "
                                   "shop.orders; the last rule that fits decides",
                                   {},
                                   false,
                                   "RULE,..."};

constexpr Option kCanalField = {"canal_filter_field",
                                OptionKind::Text,
                                "",
                                "canal's filter.field: the only columns that are wanted of some tables",
                                {},
                                false,
                                "DATABASE.TABLE:COLUMN/...,..."};
constexpr Option kCanalBlackField = {"canal_filter_black_field",
                                     OptionKind::Text,
                                     "",
                                     "canal's filter.black.field: the columns that are not wanted of others",
                                     {},
                                     false,
                                     "DATABASE.TABLE:COLUMN/...,..."};
constexpr std::string_view kColumnsHelp =
    "which columns are wanted: database.table.column with * and ?, ! before what is left out; the last "
    "pattern "
    "that fits decides; none: all";
constexpr Option kColumns = {"columns", OptionKind::List, "", kColumnsHelp, {}, false, "PATTERN,..."};

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
    {"where",
     OptionKind::Text,
     "",
     "which rows' changes this sink gets: those of which the condition is true (docs/rules.md); none: all",
     {},
     false,
     "CONDITION"},
    kColumns,
    {"compute",
     OptionKind::List,
     "",
     "columns that are added or take the place of others: database.table.column = expression, or column = "
     "expression for all tables (docs/rules.md)",
     {},
     false,
     "COLUMN = EXPRESSION"},
    {"rename",
     OptionKind::List,
     "",
     "columns under other names: database.table.column = name, or column = name for all tables",
     {},
     false,
     "COLUMN = NAME"},
    kCanalFilter,
    kCanalFilterBlack,
    kCanalField,
    kCanalBlackField,
    kMaxwellFilter,
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
    {"canal_dynamic_topic",
     OptionKind::Text,
     "",
     "canal's canal.mq.dynamicTopic: where the changes of tables go that no rule under routes is for",
     {},
     false,
     "TOPIC:PATTERN,..."},
    {"canal_partition_hash",
     OptionKind::Text,
     "",
     "canal's canal.mq.partitionHash, in the place of partition_by",
     {},
     false,
     "PATTERN:COLUMN^COLUMN,..."},
    {"canal_partitions",
     OptionKind::Integer,
     "0",
     "canal's canal.mq.partitionsNum: over how many partitions it spreads; 0: as many as the target has",
     {},
     false,
     {},
     0,
     1'000'000},
    {"canal_database_hash", OptionKind::Boolean, "true",
     "canal's canal.mq.database.hash: the database's name counts, too"},
    {"broker_sources",
     OptionKind::Text,
     "",
     "binlogbroker's source configuration, a JSON file: this sink gets its tables, with their Topic and Key",
     {},
     false,
     "FILE"},
};

constexpr Option kRuleTables = {"tables", OptionKind::List, "", "the tables that the rule is for", {},
                                true,     "PATTERN,..."};
constexpr Option kRuleWhen = {
    "when",     OptionKind::Text,
    "",         "which of their changes: those of which the condition is true (docs/rules.md); none: all",
    {},         false,
    "CONDITION"};
constexpr Option kRuleTo = {"to", OptionKind::Text, "", "where their changes go", {}, false, "TEMPLATE"};

// A Usage fault that says where the value was written.
template <class T>
Result<T> placed(Result<T> result, const Settings& settings, std::string_view option) {
  if (result) return result;
  return while_doing(settings.where(option), std::move(result).error());
}

Result<Template> placed(Result<Template> result, const Settings& settings, std::string_view option) {
  if (!result) return while_doing(settings.where(option), std::move(result).error());
  result->stand_at(settings.where(option));
  return result;
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
  constexpr std::pair<std::string_view, std::string_view> kNames[] = {{"database", "{database}"},
                                                                      {"table", "{table}"},
                                                                      {"primary_key", "{row}"},
                                                                      {"transaction_id", "{transaction}"}};
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

// The patterns of `own`, or what other programs' options mean. Fails where several say it.
Result<std::vector<std::string>> patterns_of(const Settings& settings, std::string_view own,
                                             std::string_view canal, std::string_view canal_black,
                                             std::string_view maxwell, auto translate) {
  bool by_canal = settings.given(canal) || settings.given(canal_black);
  bool by_maxwell = !maxwell.empty() && settings.given(maxwell);
  if (settings.given(own) + by_canal + by_maxwell > 1) {
    std::string_view one = by_maxwell ? maxwell : settings.given(canal) ? canal : canal_black;
    return usage("{}: {} stands in the place of {}; say one of them", settings.where(one), one,
                 settings.given(own) ? own : canal);
  }
  if (by_maxwell) {
    SLUICE_ASSIGN(filter, placed(maxwell_filter(settings.text(maxwell)), settings, maxwell));
    return std::move(filter.tables);
  }
  if (!by_canal) return settings.list(own);
  // Each by itself first, for the place of a mistake.
  SLUICE_TRY(placed(translate(settings.text(canal), ""), settings, canal));
  SLUICE_TRY(placed(translate("", settings.text(canal_black)), settings, canal_black));
  return translate(settings.text(canal), settings.text(canal_black));
}

// What of the pipeline's options or of a sink's holds for columns and rows.
Result<void> add_columns_and_rows(const Settings& settings, ViewSetup& setup) {
  SLUICE_ASSIGN(columns, patterns_of(settings, "columns", "canal_filter_field", "canal_filter_black_field",
                                     "", canal_columns));
  if (!columns.empty()) {
    SLUICE_TRY(placed(check_column_patterns(columns), settings, "columns"));
    SLUICE_ASSIGN(parsed, placed(Selection::parse(columns), settings, "columns"));
    setup.columns.push_back(std::make_shared<const Selection>(std::move(parsed)));
  }
  SLUICE_ASSIGN(filter, placed(maxwell_filter(settings.text("maxwell_filter")), settings, "maxwell_filter"));
  if (filter.rows) setup.rows.push_back(std::move(filter.rows));
  return {};
}

// A hash of what the target's own rule decides on would be believed.
Result<void> check_hashes(const Settings& address, const std::vector<Settings>& rules) {
  auto spreads = [](const Settings& settings) { return settings.given("partition_by"); };
  bool any = spreads(address) || std::any_of(rules.begin(), rules.end(), spreads);
  auto check = [](const Settings& settings, bool used) -> Result<void> {
    if (!settings.given("partition_hash") || used) return {};
    return usage(
        "{}: partition_hash is of what partition_by names, which is not there; say it, such as partition_by: "
        "database",
        settings.where("partition_hash"));
  };
  SLUICE_TRY(check(address, any));
  for (const Settings& rule : rules) SLUICE_TRY(check(rule, spreads(rule) || spreads(address)));
  return {};
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

// Nothing, where the target has no keys or none are told.
Result<BrokerSources> broker_sources(const Settings& address) {
  constexpr std::string_view kFile = "broker_sources";
  bool known = std::any_of(address.options().begin(), address.options().end(),
                           [&](const Option& option) { return option.name == kFile; });
  if (!known || !address.given(kFile)) return BrokerSources();
  return placed(read_broker_sources(address.text(kFile)), address, kFile);
}

// Where canal's lines say it, the partitions of tables in the order of the lines, and behind them the one for
// all others.
Result<std::vector<CanalPartition>> partition_rules(const Settings& address) {
  constexpr std::string_view kLines = "canal_partition_hash";
  for (std::string_view option : {"canal_partitions", "canal_database_hash"}) {
    if (!address.given(option) || address.given(kLines)) continue;
    return usage("{}: {} belongs to {}, which is not there", address.where(option), option, kLines);
  }
  if (!address.given(kLines)) return std::vector<CanalPartition>();
  if (address.given("partition_by")) {
    return usage("{}: {} stands in the place of partition_by; say one of them", address.where(kLines),
                 kLines);
  }
  SLUICE_ASSIGN(all, placed(canal_partitions(address.text(kLines), address.boolean("canal_database_hash"),
                                             static_cast<int32_t>(address.integer("canal_partitions"))),
                            address, kLines));
  all.push_back({nullptr, Spread{.by = Spread::By::Fixed}});
  return all;
}

Result<void> read_canal_lines(const Settings& address, std::vector<CanalTopic>& topics,
                              std::vector<CanalPartition>& partitions) {
  constexpr std::string_view kTopics = "canal_dynamic_topic";
  SLUICE_ASSIGN(by_table, placed(canal_topics(address.text(kTopics)), address, kTopics));
  SLUICE_ASSIGN(spreads, partition_rules(address));
  topics = std::move(by_table);
  partitions = std::move(spreads);
  return {};
}

// The rule, or one for each of the partitions' rules.
void add_rule(RouteSetup& setup, RouteRule rule, const std::vector<CanalPartition>* partitions) {
  if (!partitions || partitions->empty()) return setup.rules.push_back(std::move(rule));
  for (const CanalPartition& each : *partitions) {
    setup.rules.push_back(rule);
    setup.rules.back().among = each.tables;
    setup.rules.back().spread = each.spread;
  }
}

Result<void> read_shaping(const Settings& lane, ViewSetup& setup) {
  for (const std::string& text : lane.list("compute")) {
    SLUICE_ASSIGN(line, placed(parse_column_line(text), lane, "compute"));
    std::string name = fmt::format("{}: compute: {}", lane.where("compute"), line.column);
    SLUICE_ASSIGN(value, rule::Rule::parse(line.rest, std::move(name)));
    setup.compute.push_back({std::move(line.tables), std::move(line.column), std::move(value)});
  }
  for (const std::string& text : lane.list("rename")) {
    SLUICE_ASSIGN(line, placed(parse_column_line(text), lane, "rename"));
    setup.rename.push_back({std::move(line.tables), std::move(line.column), std::move(line.rest)});
  }
  return {};
}

}  // namespace

std::span<const Option> pipeline_filter_options() {
  static const Option table[] = {kCanalFilter, kCanalFilterBlack, kMaxwellFilter,
                                 kColumns,     kCanalField,       kCanalBlackField};
  return table;
}

Result<std::vector<std::string>> table_patterns(const Settings& settings) {
  return patterns_of(settings, "tables", "canal_filter", "canal_filter_black", "maxwell_filter",
                     canal_tables);
}

Result<std::shared_ptr<const rule::Rule>> condition_of(const Settings& settings, std::string_view option) {
  if (!settings.given(option)) return nullptr;
  std::string place = settings.where(option);
  if (!place.ends_with(option)) place += fmt::format(": {}", option);  // --where says it by itself
  return rule::Rule::parse(settings.text(option), place);
}

Result<void> check_pipeline_filters(const Settings& pipeline) {
  ViewSetup setup;
  SLUICE_TRY(add_columns_and_rows(pipeline, setup));
  return {};
}

std::span<const Option> view_options() { return kView; }
std::span<const Option> address_options() { return kAddress; }
std::span<const Option> rule_options(Places places) {
  static const Option table[] = {kRuleTables, kRuleWhen, kRuleTo, kAddress[0], kAddress[1], kAddress[2]};
  return std::span(table).first(places == Places::Keys ? std::size(table) : 3);
}

Result<std::shared_ptr<const ViewSetup>> view_setup(const Settings& pipeline, const Settings& lane,
                                                    const Settings& address, bool ddl) {
  auto setup = std::make_shared<ViewSetup>();
  SLUICE_ASSIGN(tables, table_patterns(lane));
  SLUICE_ASSIGN(broker, broker_sources(address));
  if (!broker.tables.empty()) {
    for (std::string_view other : {"tables", "canal_filter", "canal_filter_black", "maxwell_filter"}) {
      if (!lane.given(other)) continue;
      return usage("{}: {} and broker_sources both say which tables there are; say one of them",
                   lane.where(other), other);
    }
    tables = std::move(broker.tables);
  }
  if (!tables.empty()) {
    SLUICE_ASSIGN(parsed, placed(Selection::parse(tables), lane, "tables"));
    setup->tables = std::move(parsed);
  }
  SLUICE_TRY(add_columns_and_rows(pipeline, *setup));
  SLUICE_TRY(add_columns_and_rows(lane, *setup));
  bool narrows = setup->tables || !setup->columns.empty() || !setup->rows.empty();
  std::vector<std::string> wanted = lane.list("operations");
  if (wanted.empty())
    return usage("{}: operations: expected some of insert, update, delete and ddl", lane.where("operations"));
  constexpr std::string_view kNames[] = {"insert", "update", "delete", "ddl"};  // by Op
  for (size_t op = 0; op < std::size(kNames); ++op) {
    setup->ops[op] = std::find(wanted.begin(), wanted.end(), kNames[op]) != wanted.end();
    narrows |= !setup->ops[op];
  }
  setup->ops[static_cast<size_t>(Op::Ddl)] &= ddl;
  narrows |= !ddl;
  SLUICE_ASSIGN(where, condition_of(lane));
  setup->where = std::move(where);
  SLUICE_TRY(read_shaping(lane, *setup));
  if (!narrows && !setup->where && setup->compute.empty() && setup->rename.empty()) return nullptr;
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
  std::vector<CanalPartition> partitions;
  std::vector<CanalTopic> topics;
  if (keyed) SLUICE_TRY(check_hashes(address, rules));
  if (keyed) SLUICE_TRY(read_canal_lines(address, topics, partitions));
  for (const Settings& rule : rules) {
    RouteRule made{.tables = {}, .among = {}, .destination = destination, .key = {}, .spread = {}};
    SLUICE_ASSIGN(tables, placed(Selection::parse(rule.list("tables")), rule, "tables"));
    made.tables = std::make_shared<const Selection>(std::move(tables));
    SLUICE_ASSIGN(when, condition_of(rule, "when"));
    made.when = std::move(when);
    if (rule.given("to")) {
      if (rule.text("to").empty()) return usage("{}: to: expected a name or a template", rule.where("to"));
      SLUICE_ASSIGN(to, placed(Template::parse(rule.text("to")), rule, "to"));
      made.destination = std::move(to);
    }
    if (keyed) SLUICE_TRY(add_address(made, rule, address));
    add_rule(*setup, std::move(made), keyed && rule.given("partition_by") ? nullptr : &partitions);
  }
  SLUICE_ASSIGN(broker, broker_sources(address));
  for (const BrokerSources::Rule& rule : broker.rules) {
    RouteRule made{.tables = {}, .among = {}, .destination = destination, .key = {}, .spread = {}};
    SLUICE_ASSIGN(tables, Selection::parse(std::vector{rule.tables}));
    SLUICE_ASSIGN(topic, Template::parse(rule.topic));
    SLUICE_ASSIGN(key, Template::parse(rule.key));
    SLUICE_TRY(add_address(made, Settings(rule_options()), address));
    made.tables = std::make_shared<const Selection>(std::move(tables));
    made.destination = std::move(topic);
    made.key = std::move(key);
    add_rule(*setup, std::move(made), &partitions);
  }
  topics.push_back({nullptr, std::move(destination)});
  for (CanalTopic& topic : topics) {
    RouteRule made{.tables = std::move(topic.tables),
                   .among = {},
                   .destination = std::move(topic.topic),
                   .key = {},
                   .spread = {}};
    if (keyed) SLUICE_TRY(add_address(made, Settings(rule_options()), address));
    add_rule(*setup, std::move(made), &partitions);
  }
  return setup;
}

}  // namespace sluice::app
