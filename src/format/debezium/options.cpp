#include "format/debezium/options.h"

#include "format/registry_options.h"

namespace sluice::debezium {
namespace {

constexpr Option kOptions[] = {
    {"name", OptionKind::Text, "",
     "the logical name of the server: source.name, and the first part of topics and of schemas' names "
     "(topic.prefix)"},
    {"encoding", OptionKind::Choice, "json",
     "how messages and keys are written: JSON, or with a schema in a registry as Confluent's converters "
     "write them",
     "json|avro|protobuf"},
    {"field_numbers", OptionKind::Choice, "name",
     "of protobuf: columns are numbered by their name, so that a column that goes, comes or moves changes no "
     "other's; or "
     "by their position",
     "name|position"},
    {"schemas", OptionKind::Boolean, "false",
     "keys and values come with their schema, as schemas.enable=true has it"},
    {"tombstones", OptionKind::Boolean, "true",
     "a delete is followed by a message without a value (tombstones.on.delete)"},
    {"include_query", OptionKind::Boolean, "false", "source.query holds the statement (include.query)"},
    {"decimals", OptionKind::Choice, "precise", "DECIMAL (decimal.handling.mode)", "precise|double|string"},
    {"bigint_unsigned", OptionKind::Choice, "long",
     "BIGINT UNSIGNED (bigint.unsigned.handling.mode); long makes what is beyond 2^63 negative",
     "long|precise"},
    {"binary", OptionKind::Choice, "bytes", "BINARY and BLOB (binary.handling.mode)",
     "bytes|base64|base64-url-safe|hex"},
    {"times", OptionKind::Choice, "adaptive_time_microseconds",
     "DATE, TIME and DATETIME (time.precision.mode)",
     "adaptive_time_microseconds|connect|microseconds|nanoseconds|isostring"},
    {"unwrap", OptionKind::Boolean, "false",
     "the row alone, as the transformation ExtractNewRecordState makes it"},
    {"unwrap_deletes", OptionKind::Choice, "tombstone",
     "what a delete becomes where unwrapped (delete.tombstone.handling.mode)", "tombstone|rewrite|drop"},
    {"provide_transaction_metadata", OptionKind::Boolean, "false",
     "each row says its place in its transaction, which is opened and closed by messages on the topic "
     "NAME.transaction (provide.transaction.metadata)"},
    {"heartbeat",
     OptionKind::Duration,
     "0s",
     "how often a message on the topic __debezium-heartbeat.NAME says that changes are read "
     "(heartbeat.interval.ms); 0s: never; the least is 1s",
     {},
     false,
     {},
     0,
     86'400'000},
    {"key_columns",
     OptionKind::Text,
     "",
     "columns that are the key of tables in the place of their own (message.key.columns)",
     {},
     false,
     "REGEX:COLUMN,...;..."},
    SLUICE_REGISTRY_OPTIONS,
};

// The place of the chosen value among the option's choices, which stand in the order of the enumeration.
template <class Enum>
Enum chosen(const Settings& settings, std::string_view option) {
  for (const Option& each : kOptions) {
    if (each.name != option) continue;
    std::vector<std::string> choices = split_choices(each.choices);
    for (size_t i = 0; i < choices.size(); ++i) {
      if (settings.text(option) == choices[i]) return static_cast<Enum>(i);
    }
  }
  return Enum{};
}

Result<void> read_encoding(const Settings& settings, Options& options) {
  options.encoding = chosen<Options::Encoding>(settings, "encoding");
  options.numbers = chosen<FieldNumbers>(settings, "field_numbers");
  options.registry = !settings.list("registry").empty();
  if (options.encoding == Options::Encoding::Json) {
    if (!options.registry) return {};
    return usage(
        "{}: registry: JSON has no schema in a registry; say encoding: avro or protobuf, or leave it out",
        settings.where("registry"));
  }
  for (auto [option, given] : {std::pair<std::string_view, bool>{"schemas", options.schemas},
                               {"provide_transaction_metadata", options.transactions},
                               {"heartbeat", options.heartbeat.count() != 0}}) {
    if (!given) continue;
    return usage("{}: {} is there with encoding: json alone; leave it out", settings.where(option), option);
  }
  return {};
}

}  // namespace

std::span<const Option> option_table() { return kOptions; }

Result<Options> read_options(const Settings& settings) {
  Options options;
  options.name = settings.text("name");
  options.schemas = settings.boolean("schemas");
  options.tombstones = settings.boolean("tombstones");
  options.query = settings.boolean("include_query");
  options.decimals = chosen<Options::Decimals>(settings, "decimals");
  options.binary = chosen<Options::Binary>(settings, "binary");
  options.times = chosen<Options::Times>(settings, "times");
  options.precise_unsigned = settings.text("bigint_unsigned") == "precise";
  options.unwrap = settings.boolean("unwrap");
  options.unwrap_deletes = chosen<Options::UnwrapDeletes>(settings, "unwrap_deletes");
  options.transactions = settings.boolean("provide_transaction_metadata");
  options.heartbeat = settings.duration("heartbeat");
  if (options.heartbeat.count() != 0 && options.heartbeat < std::chrono::seconds(1)) {
    return usage("{}: heartbeat: expected 0s or at least 1s, not {} ms", settings.where("heartbeat"),
                 options.heartbeat.count());
  }
  SLUICE_TRY(read_encoding(settings, options));
  if (std::string keys = settings.text("key_columns"); !keys.empty()) {
    auto parsed = KeyColumns::parse(keys);
    if (!parsed) return while_doing(settings.where("key_columns"), std::move(parsed).error());
    options.keys = std::make_shared<const KeyColumns>(std::move(*parsed));
  }
  return options;
}

}  // namespace sluice::debezium
