#include "sink/rabbitmq/options.h"

#include "base/url.h"
#include "net/timeout_option.h"
#include "net/tls_options.h"

namespace sluice::rabbitmq {
namespace {

constexpr Option kOptions[] = {
    {"url",
     OptionKind::Secret,
     "",
     "amqp://[user:password@]host:port/virtual-host, or amqps:// with TLS; without a user it is guest",
     {},
     true,
     "URL"},
    {"password", OptionKind::Secret, "", "instead of the one in the URL", {}, false, "PASSWORD"},
    {"exchange",
     OptionKind::Text,
     "",
     "the exchange that messages are published at; none: the default one, which routes by the name of a "
     "queue",
     {},
     false,
     "NAME"},
    {"to",
     OptionKind::Text,
     "{database}.{table}",
     "the routing key; at the default exchange the queue's name",
     {},
     false,
     "TEMPLATE"},
    {"declare",
     OptionKind::List,
     "",
     "what is to be there before the first message: exchange NAME TYPE, queue NAME, bind QUEUE to EXCHANGE "
     "by KEY, "
     "with arguments such as x-message-ttl=10000 behind",
     {},
     false,
     "LINE,..."},
    {"mandatory", OptionKind::Boolean, "true",
     "a message that no queue takes is refused (on_refusal decides); else the broker throws it away"},
    {"persistent", OptionKind::Boolean, "true", "the broker keeps messages on disk"},
    {"expiration",
     OptionKind::Duration,
     "0",
     "how long a queue keeps a message; 0: as the queue says",
     {},
     false,
     {},
     0,
     4'294'967'295},
    {"content_type",
     OptionKind::Text,
     "",
     "what messages say that they are; none: application/json, or what their format is",
     {},
     false,
     "TYPE"},
    {"window",
     OptionKind::Integer,
     "1000",
     "how many messages may be without a confirmation",
     {},
     false,
     {},
     1,
     1'000'000},
    {"keep_alive",
     OptionKind::Duration,
     "30s",
     "how often both sides show that they are there, in whole seconds; 0: never",
     {},
     false,
     {},
     0,
     65'000'000},
    kTlsCa,
    kTlsVerify,
    kTlsCert,
    kTlsKey,
    timeout_option("10s", "how long the broker may take to answer or to confirm"),
};

Result<void> read_url(const Settings& settings, ChannelSetup& setup) {
  std::string text = settings.secret("url").reveal();
  auto url = parse_url(text);
  if (!url) return while_doing(settings.where("url"), std::move(url).error());
  if (url->scheme != "amqp" && url->scheme != "amqps") {
    return usage("{}: url: '{}': expected amqp:// or amqps://", settings.where("url"), safe_url(text));
  }
  if (!url->parameters.empty()) {
    return usage("{}: url: '{}': it takes no parameters; '{}' may be an option of its own",
                 settings.where("url"), safe_url(text), url->parameters[0].first);
  }
  const bool encrypted = url->scheme == "amqps";
  for (std::string_view option : {"tls_ca", "tls_verify", "tls_cert", "tls_key"}) {
    if (encrypted || !settings.given(option)) continue;
    return usage("{}: {} is of use with amqps:// only", settings.where(option), option);
  }
  SLUICE_ASSIGN(tls, read_tls(settings));
  setup.server.tls = std::move(tls);
  setup.server.tls.on = encrypted;
  setup.server.host = url->host;
  setup.server.port = url->port != 0 ? url->port : setup.server.tls.on ? 5671 : 5672;
  setup.user = url->user;
  setup.password = settings.given("password") ? settings.secret("password") : url->password;
  if (setup.user.empty() && setup.server.tls.certificate.empty()) {
    setup.user = "guest";
    if (setup.password.empty()) setup.password = Secret("guest");
  }
  setup.vhost = url->path.empty() ? "/" : url->path;
  return {};
}

// Names that go into a short string (AMQP 0-9-1, 4.2.5.3).
Result<void> check_short(const Settings& settings, std::string_view option, std::string_view text) {
  if (text.size() <= 255) return {};
  return usage("{}: {} is longer than 255 bytes", settings.where(option), option);
}

}  // namespace

std::span<const Option> option_table() { return kOptions; }

Result<RabbitmqOptions> parse_options(const Settings& settings) {
  RabbitmqOptions made;
  SLUICE_TRY(read_url(settings, made.channel));
  SLUICE_TRY(check_short(settings, "url", made.channel.vhost));
  made.exchange = settings.text("exchange");
  SLUICE_TRY(check_short(settings, "exchange", made.exchange));
  for (const std::string& line : settings.list("declare")) {
    auto parsed = Declaration::parse(line);
    if (!parsed)
      return while_doing(fmt::format("{}: declare", settings.where("declare")), std::move(parsed).error());
    made.declarations.push_back(std::move(*parsed));
  }
  made.mandatory = settings.boolean("mandatory");
  made.persistent = settings.boolean("persistent");
  if (auto expiration = settings.duration("expiration"); expiration.count() != 0) {
    made.expiration = std::to_string(expiration.count());
  }
  made.content_type = settings.text("content_type");
  SLUICE_TRY(check_short(settings, "content_type", made.content_type));
  made.window = settings.integer("window");
  auto heartbeat = settings.duration("keep_alive");
  if (heartbeat.count() % 1000 != 0) {
    return usage("{}: keep_alive: expected whole seconds, not {} ms", settings.where("keep_alive"),
                 heartbeat.count());
  }
  made.channel.heartbeat = std::chrono::duration_cast<std::chrono::seconds>(heartbeat);
  made.channel.server.patience = settings.duration("timeout");
  return made;
}

}  // namespace sluice::rabbitmq
