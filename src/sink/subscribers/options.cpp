#include "sink/subscribers/options.h"

#include "base/login.h"

namespace sluice::subscribers {
namespace {

constexpr std::chrono::milliseconds kCommandPing{3000};  // as wing-binlog-go's server does

constexpr Option kOptions[] = {
    {"protocol", OptionKind::Choice, "websocket",
     "what is spoken: WebSocket, the frames of wing-binlog 2.2 (delimiter), or those of wing-binlog-go "
     "(command)",
     "websocket|delimiter|command"},
    {"listen",
     OptionKind::Text,
     "",
     "where clients connect: HOST:PORT, or a PORT of 127.0.0.1",
     {},
     true,
     "ADDRESS"},
    {"topic",
     OptionKind::Text,
     "{database}.{table}",
     "what clients choose changes by; of two parts with a dot between",
     {},
     false,
     "TEMPLATE"},
    {"token", OptionKind::Secret, "", "what every client has to say", {}, false, "TOKEN"},
    {"more_tokens", OptionKind::Secret, "", "further ones, with commas between", {}, false, "TOKEN,..."},
    {"origins",
     OptionKind::List,
     "",
     "pages whose browsers may connect, as https://example.org; `*`: all; none: where there is a token all, "
     "else none",
     {},
     false,
     "ORIGIN,..."},
    {"tls_cert", OptionKind::Text, "", "the server's certificate, with its chain", {}, false, "FILE"},
    {"tls_key", OptionKind::Text, "", "its key", {}, false, "FILE"},
    {"tls_ca",
     OptionKind::Text,
     "",
     "who must have signed the clients' certificates; none: they need none",
     {},
     false,
     "FILE"},
    {"buffer",
     OptionKind::Size,
     "64MiB",
     "newest messages held: a client that is further behind is cut off, one that comes back goes on within",
     {},
     false,
     {},
     1 << 20,
     uint64_t{1} << 40},
    {"client_where", OptionKind::Boolean, "false",
     "clients may choose changes by conditions over their rows, which are then held in the buffer, too"},
    {"max_clients", OptionKind::Integer, "10000", "connected at once", {}, false, {}, 1, 1'000'000},
    {"timeout",
     OptionKind::Duration,
     "10s",
     "how long a client may take to come in, and to take its last word",
     {},
     false,
     {},
     100,
     3'600'000},
    {"ping_interval",
     OptionKind::Duration,
     "20s",
     "how often clients are told that the server is there, 3s with protocol: command; 0s: never",
     {},
     false,
     {},
     0,
     3'600'000},
    {"idle_timeout",
     OptionKind::Duration,
     "60s",
     "a client from which nothing comes for so long is sent away; 0s: none is, as with the other protocols "
     "than websocket unless it is given",
     {},
     false,
     {},
     0,
     86'400'000},
};

Result<void> read_door(const Settings& settings, Setup& setup) {
  Door& door = setup.shared.door;
  std::string protocol = settings.text("protocol");
  door.protocol = protocol == "delimiter" ? Protocol::Delimiter
                  : protocol == "command" ? Protocol::Command
                                          : Protocol::WebSocket;
  if (Secret token = settings.secret("token"); !token.empty()) door.tokens.push_back(std::move(token));
  std::string more = settings.secret("more_tokens").reveal();
  for (size_t begin = 0; begin < more.size();) {
    size_t end = std::min(more.find(',', begin), more.size());
    if (end > begin) door.tokens.emplace_back(more.substr(begin, end - begin));
    begin = end + 1;
  }
  for (std::string_view option : {"token", "more_tokens"}) {
    if (!settings.given(option) || !door.tokens.empty()) continue;
    return usage("{}: {} is empty, which would let everybody in", settings.where(option), option);
  }
  if (settings.given("origins") && door.protocol != Protocol::WebSocket) {
    return usage("{}: origins are of use with protocol: websocket only", settings.where("origins"));
  }
  door.origins = settings.list("origins");
  return {};
}

Result<void> read_tls(const Settings& settings, ServerTls& tls) {
  if (settings.given("tls_cert") != settings.given("tls_key")) {
    std::string_view one = settings.given("tls_cert") ? "tls_cert" : "tls_key";
    return usage("{}: tls_cert and tls_key belong together; only one is given", settings.where(one));
  }
  if (settings.given("tls_ca") && !settings.given("tls_cert")) {
    return usage("{}: tls_ca is of use with tls_cert only", settings.where("tls_ca"));
  }
  SLUICE_TRY(login::check_readable(settings, {"tls_cert", "tls_key", "tls_ca"}));
  tls = {settings.text("tls_cert"), settings.text("tls_key"), settings.text("tls_ca")};
  return {};
}

}  // namespace

std::span<const Option> option_table() { return kOptions; }

Result<Setup> parse_options(const Settings& settings) {
  Setup setup;
  auto address = ListenAddress::parse(settings.text("listen"));
  if (!address) return while_doing(settings.where("listen") + ": listen", std::move(address).error());
  setup.address = std::move(*address);
  SLUICE_TRY(read_door(settings, setup));
  SLUICE_TRY(read_tls(settings, setup.tls));
  Shared& shared = setup.shared;
  if (shared.door.tokens.empty() && setup.tls.ca.empty() && !setup.address.is_loopback()) {
    return usage("{}: listen: others than this machine can reach {}; say a `token` that clients must know",
                 settings.where("listen"), settings.text("listen"));
  }
  if (settings.text("topic").find('.') == std::string::npos) {
    return usage("{}: topic: '{}' has no dot; clients choose by two parts, as {{database}}.{{table}}",
                 settings.where("topic"), settings.text("topic"));
  }
  bool websocket = shared.door.protocol == Protocol::WebSocket;
  shared.patience = settings.duration("timeout");
  shared.ping_interval = settings.duration("ping_interval");
  if (shared.door.protocol == Protocol::Command && !settings.given("ping_interval")) {
    shared.ping_interval = kCommandPing;
  }
  shared.idle_timeout = settings.duration("idle_timeout");
  if (!websocket && !settings.given("idle_timeout")) shared.idle_timeout = {};
  bool pings = shared.ping_interval.count() > 0 && shared.ping_interval < shared.idle_timeout;
  if (websocket && shared.idle_timeout.count() > 0 && !pings) {
    return usage(
        "{}: idle_timeout: browsers say something only when they are pinged; it must be longer than "
        "ping_interval, which must not be 0s",
        settings.where(settings.given("idle_timeout") ? "idle_timeout" : "ping_interval"));
  }
  shared.buffer_bytes = settings.size("buffer");
  setup.most_clients = settings.integer("max_clients");
  setup.rules = settings.boolean("client_where");
  if (setup.rules && shared.door.protocol == Protocol::Command) {
    return usage("{}: client_where: the frames of protocol: command have no place for a condition",
                 settings.where("client_where"));
  }
  return setup;
}

}  // namespace sluice::subscribers
