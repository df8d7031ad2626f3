#include "sink/kafka/options.h"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <charconv>
#include <memory>

#include "base/login.h"
#include "sink/kafka/topic_name.h"

namespace sluice::kafka {
namespace {

constexpr Option kOptions[] = {
    {"brokers",
     OptionKind::List,
     "",
     "the cluster's brokers, some of them are enough",
     {},
     true,
     "HOST:PORT,..."},
    {"topic",
     OptionKind::Text,
     "{database}.{table}",
     "the topic of a change; a template",
     {},
     false,
     "TEMPLATE"},
    {"client_id", OptionKind::Text, "sluice", "the name under which the brokers know this client"},
    {"compression", OptionKind::Choice, "none", "how batches of messages are compressed",
     "none|gzip|snappy|lz4|zstd"},
    {"timeout",
     OptionKind::Duration,
     "30s",
     "patience without any acknowledgement, before the connection is made anew",
     {},
     false,
     {},
     1000,
     3'600'000},
    {"transactional_id",
     OptionKind::Text,
     "",
     "exactly once: messages go in transactions of this name, with the position in them; the name is this "
     "sink's alone in the cluster and stays the same",
     {},
     false,
     "NAME"},
    {"checkpoint_topic",
     OptionKind::Text,
     "",
     "where exactly once keeps its position; none: the transactional_id and -checkpoint",
     {},
     false,
     "TOPIC"},
    {"create_topics", OptionKind::Boolean, "false", "create topics that do not exist"},
    {"partitions",
     OptionKind::Integer,
     "",
     "of topics that are created; none: as the cluster has it",
     {},
     false,
     {},
     1,
     100'000},
    {"replication",
     OptionKind::Integer,
     "",
     "copies of topics that are created; none: as the cluster has it",
     {},
     false,
     {},
     1,
     1000},
    {"topic_settings",
     OptionKind::List,
     "",
     "settings of topics that are created, such as cleanup.policy=compact",
     {},
     false,
     "NAME=VALUE,..."},
    {"tls", OptionKind::Choice, "off", "encryption, and what is verified of the brokers' certificates",
     "off|required|verify-ca|verify-identity"},
    {"tls_ca",
     OptionKind::Text,
     "",
     "PEM file of the authorities that sign the brokers' certificates; none: the system's",
     {},
     false,
     "FILE"},
    {"tls_cert", OptionKind::Text, "", "PEM file of the client's certificate", {}, false, "FILE"},
    {"tls_key", OptionKind::Text, "", "PEM file of the client's key", {}, false, "FILE"},
    {"tls_key_password", OptionKind::Secret, "", "what the client's key is encrypted with"},
    {"sasl", OptionKind::Choice, "none", "how to log in", "none|plain|scram-sha-256|scram-sha-512"},
    {"user", OptionKind::Text, "", "the account to log in as"},
    {"password", OptionKind::Secret, "", "the account's password"},
    {"properties",
     OptionKind::List,
     "",
     "any setting of librdkafka, such as linger.ms=20",
     {},
     false,
     "NAME=VALUE,..."},
};

// Properties of librdkafka that are not to be named under `properties`, and what is there instead.
struct Owned {
  std::string_view name;
  std::string_view instead;
};
constexpr std::string_view kPromise = "what Sluice promises rests on it, so it is not to be changed";
constexpr Owned kOwned[] = {
    {"bootstrap.servers", "use the option brokers"},
    {"metadata.broker.list", "use the option brokers"},
    {"client.id", "use the option client_id"},
    {"compression.codec", "use the option compression"},
    {"compression.type", "use the option compression"},
    {"transactional.id", "use the option transactional_id"},
    {"sasl.password", "use the option password"},
    {"ssl.key.password", "use the option tls_key_password"},
    {"ssl.key.pem", "use the option tls_key"},
    {"acks", kPromise},
    {"request.required.acks", kPromise},
    {"enable.idempotence", kPromise},
    {"enable.gapless.guarantee", kPromise},
    {"delivery.report.only.error", kPromise},
    {"partitioner", "use the option partition_by"},
    {"message.timeout.ms", "use the option timeout"},
    {"delivery.timeout.ms", "use the option timeout"},
};

std::string protocol_of(const Settings& settings) {
  bool tls = settings.text("tls") != "off";
  bool sasl = settings.text("sasl") != "none";
  if (sasl) return tls ? "sasl_ssl" : "sasl_plaintext";
  return tls ? "ssl" : "plaintext";
}

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return text;
}

// HOST, HOST:PORT or [ADDRESS]:PORT, as librdkafka takes them; what it does not understand it leaves out in
// silence.
bool is_broker(std::string_view text) {
  if (size_t scheme = text.find("://"); scheme != text.npos) text.remove_prefix(scheme + 3);
  size_t end = text.starts_with('[') ? text.find(']') : text.find(':');
  if (text.starts_with('[') && end == text.npos) return false;
  if (text.starts_with('[')) ++end;
  std::string_view host = text.substr(0, end), port = text.substr(std::min(end, text.size()));
  if (host.empty() || host.find_first_of(" /@'\"") != host.npos) return false;
  if (port.empty()) return true;
  uint16_t number = 0;
  auto read = std::from_chars(port.data() + 1, port.data() + port.size(), number);
  return port[0] == ':' && read.ec == std::errc() && read.ptr == port.data() + port.size() && number > 0;
}

Result<void> add_security(const Settings& settings, KafkaOptions& made) {
  std::string tls = settings.text("tls"), sasl = settings.text("sasl");
  auto& properties = made.properties;
  properties.emplace_back("security.protocol", protocol_of(settings));
  for (auto [option, property] :
       {std::pair("tls_ca", "ssl.ca.location"), std::pair("tls_cert", "ssl.certificate.location"),
        std::pair("tls_key", "ssl.key.location")}) {
    if (!settings.given(option)) continue;
    if (tls == "off") {
      return usage("{}: {} is of use with tls only; say tls: verify-identity", settings.where(option),
                   option);
    }
    properties.emplace_back(property, settings.text(option));
  }
  if (settings.given("tls_key_password")) {
    properties.emplace_back("ssl.key.password", settings.secret("tls_key_password").reveal());
  }
  if (settings.given("tls_cert") != settings.given("tls_key")) {
    std::string_view one = settings.given("tls_cert") ? "tls_cert" : "tls_key";
    return usage("{}: tls_cert and tls_key belong together; only one is given", settings.where(one));
  }
  SLUICE_TRY(login::check_readable(settings, {"tls_ca", "tls_cert", "tls_key"}));
  if (tls != "off") {
    properties.emplace_back("enable.ssl.certificate.verification", tls == "required" ? "false" : "true");
    properties.emplace_back("ssl.endpoint.identification.algorithm",
                            tls == "verify-identity" ? "https" : "none");
  }
  if (sasl == "none") {
    for (std::string_view option : {"user", "password"}) {
      if (settings.given(option)) {
        return usage("{}: {} is of use with sasl only; say how to log in, such as sasl: plain",
                     settings.where(option), option);
      }
    }
    return {};
  }
  for (std::string_view option : {"user", "password"}) {
    if (!settings.given(option)) return usage("{}: sasl needs a {}", settings.where("sasl"), option);
  }
  made.scram = sasl.starts_with("scram");
  properties.emplace_back("sasl.mechanism", upper(sasl));
  properties.emplace_back("sasl.username", settings.text("user"));
  properties.emplace_back("sasl.password", settings.secret("password").reveal());
  return {};
}

Result<KafkaOptions::Properties> parse_pairs(const Settings& settings, std::string_view option) {
  KafkaOptions::Properties pairs;
  for (const std::string& text : settings.list(option)) {
    size_t equals = text.find('=');
    if (equals == 0 || equals == text.npos) {
      return usage("{}: {}: '{}': expected NAME=VALUE", settings.where(option), option, text);
    }
    pairs.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return pairs;
}

// Librdkafka's own word on a property. It does not repeat the values of secrets.
Result<void> try_property(rd_kafka_conf_t* conf, const std::string& name, const std::string& value) {
  char reason[512];
  if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), reason, sizeof reason) == RD_KAFKA_CONF_OK)
    return {};
  return usage("{}", reason);
}

Result<void> add_properties(const Settings& settings, KafkaOptions& made) {
  SLUICE_ASSIGN(given, parse_pairs(settings, "properties"));
  std::string where = settings.where("properties");
  std::unique_ptr<rd_kafka_conf_t, void (*)(rd_kafka_conf_t*)> conf(rd_kafka_conf_new(),
                                                                    rd_kafka_conf_destroy);
  for (const auto& [name, value] : made.properties) {
    if (auto tried = try_property(conf.get(), name, value); !tried) {
      return while_doing(settings.where("brokers"), std::move(tried).error());
    }
  }
  for (auto& [name, value] : given) {
    auto owned = std::find_if(std::begin(kOwned), std::end(kOwned),
                              [&, &key = name](const Owned& each) { return each.name == key; });
    if (owned != std::end(kOwned)) return usage("{}: properties: {}: {}", where, name, owned->instead);
    if (auto tried = try_property(conf.get(), name, value); !tried) {
      return while_doing(fmt::format("{}: properties: {}", where, name), std::move(tried).error());
    }
    made.properties.emplace_back(std::move(name), std::move(value));
  }
  return {};
}

}  // namespace

std::span<const Option> option_table() { return kOptions; }

Result<KafkaOptions> parse_options(const Settings& settings) {
  KafkaOptions made;
  for (const std::string& broker : settings.list("brokers")) {
    if (!is_broker(broker)) {
      return usage("{}: brokers: '{}': expected HOST:PORT, such as kafka1:9092", settings.where("brokers"),
                   broker);
    }
    made.brokers += (made.brokers.empty() ? "" : ",") + broker;
  }
  if (made.brokers.empty()) return usage("{}: brokers: expected HOST:PORT", settings.where("brokers"));
  if (settings.text("topic").empty()) {
    return usage("{}: topic: expected a name or a template of names", settings.where("topic"));
  }
  made.create_topics = settings.boolean("create_topics");
  if (settings.given("partitions")) made.partitions = static_cast<int>(settings.integer("partitions"));
  if (settings.given("replication")) made.replication = static_cast<int>(settings.integer("replication"));
  SLUICE_ASSIGN(topic_settings, parse_pairs(settings, "topic_settings"));
  made.topic_settings = std::move(topic_settings);
  for (std::string_view option : {"partitions", "replication", "topic_settings"}) {
    if (settings.given(option) && !made.create_topics) {
      return usage("{}: {} is for topics that are created; say create_topics: true", settings.where(option),
                   option);
    }
  }
  made.timeout = settings.duration("timeout");
  made.transactional_id = settings.text("transactional_id");
  if (settings.given("transactional_id") && made.transactional_id.empty()) {
    return usage("{}: transactional_id is empty; give a name, or leave it out for at least once",
                 settings.where("transactional_id"));
  }
  made.checkpoint_topic = settings.text("checkpoint_topic");
  if (!made.checkpoint_topic.empty() && made.transactional_id.empty()) {
    return usage("{}: checkpoint_topic is of exactly once; give a transactional_id, too",
                 settings.where("checkpoint_topic"));
  }
  if (made.checkpoint_topic.empty()) made.checkpoint_topic = made.transactional_id + "-checkpoint";
  std::string spelt;
  escape_topic(made.checkpoint_topic, spelt);
  if (!made.transactional_id.empty() && spelt != made.checkpoint_topic) {
    return usage(
        "{}: '{}' cannot be a topic's name; give one with checkpoint_topic, of letters, digits and ._-",
        settings.where(settings.given("checkpoint_topic") ? "checkpoint_topic" : "transactional_id"),
        made.checkpoint_topic);
  }
  made.properties = {{"bootstrap.servers", made.brokers},
                     {"client.id", settings.text("client_id")},
                     {"compression.codec", settings.text("compression")}};
  SLUICE_TRY(add_security(settings, made));
  SLUICE_TRY(add_properties(settings, made));
  return made;
}

}  // namespace sluice::kafka
