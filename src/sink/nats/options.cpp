#include "sink/nats/options.h"

#include <algorithm>
#include <fstream>

#include "base/login.h"
#include "base/url.h"
#include "net/timeout_option.h"
#include "net/tls_options.h"
#include "sink/nats/subject.h"

namespace sluice::nats {
namespace {

constexpr size_t kMostCredentials = 1 << 20;  // bytes of a file of them
constexpr size_t kMostName = 255;             // of a stream (server/stream.go, JSMaxNameLen)

constexpr Option kOptions[] = {
    {"servers",
     OptionKind::Secret,
     "",
     "nats://[user:password@]host:port, or tls:// with TLS; several of one cluster with commas between them",
     {},
     true,
     "URL,..."},
    {"user", OptionKind::Text, "", "instead of the one in the URLs"},
    {"password", OptionKind::Secret, "", "instead of the one in the URLs", {}, false, "PASSWORD"},
    {"token", OptionKind::Secret, "", "a token to log in by", {}, false, "TOKEN"},
    {"credentials",
     OptionKind::Text,
     "",
     "a file to log in by: of a user's token and key (.creds), or of the seed of an NKey alone",
     {},
     false,
     "FILE"},
    {"to",
     OptionKind::Text,
     "sluice.{database}.{table}",
     "the subject; what fills a place is one token of it",
     {},
     false,
     "TEMPLATE"},
    {"stream",
     OptionKind::Text,
     "",
     "the stream that is to keep the messages, and no other; none: whichever keeps their subjects",
     {},
     false,
     "NAME"},
    {"create_stream", OptionKind::Boolean, "false",
     "make the stream where there is none of that name; one that is there stays as it is"},
    {"subjects",
     OptionKind::List,
     "",
     "what a stream that is made keeps; none: all that the template can make",
     {},
     false,
     "SUBJECT,..."},
    {"storage", OptionKind::Choice, "file", "where a stream that is made keeps messages", "file|memory"},
    {"replicas",
     OptionKind::Integer,
     "1",
     "servers that a stream that is made is kept by",
     {},
     false,
     {},
     1,
     5},
    {"max_bytes", OptionKind::Size, "0", "of a stream that is made; 0: no bound"},
    {"max_messages", OptionKind::Integer, "0", "of a stream that is made; 0: no bound"},
    {"max_age",
     OptionKind::Duration,
     "0",
     "how long a stream that is made keeps a message; 0: for ever",
     {},
     false,
     {},
     0,
     3'153'600'000'000},
    {"when_full", OptionKind::Choice, "discard_old",
     "what a stream that is made does at its bounds: the oldest go, or, at max_messages, new ones are "
     "refused and "
     "wait",
     "discard_old|wait"},
    {"duplicate_window",
     OptionKind::Duration,
     "2m",
     "for how long a stream that is made knows the ids of messages, so that repeats are not kept twice",
     {},
     false,
     {},
     100,
     2'592'000'000},
    {"window",
     OptionKind::Integer,
     "4000",
     "how many messages may be without an acknowledgement",
     {},
     false,
     {},
     1,
     1'000'000},
    kTlsCa,
    kTlsVerify,
    kTlsCert,
    kTlsKey,
    timeout_option("10s", "how long a server may take to answer or to acknowledge"),
};

// As NATS' own clients have it, a lone word before the host is a token. As a password it is shown nowhere.
std::string with_token(std::string text) {
  size_t begin = text.find("://"), end = text.rfind('@');
  if (begin == text.npos || end == text.npos || end < begin) return text;
  bool lone = text.find(':', begin + 3) > end;
  if (lone) text.insert(begin + 3, ":");
  return text;
}

Result<Server> read_server(const Settings& settings, std::string text) {
  Server made;
  if (!settings.given("password")) text = with_token(std::move(text));
  auto url = parse_url(text);
  if (!url) return while_doing(settings.where("servers"), std::move(url).error());
  if (url->scheme != "nats" && url->scheme != "tls") {
    return usage("{}: servers: '{}': expected nats:// or tls://", settings.where("servers"), safe_url(text));
  }
  if (!url->parameters.empty() || !url->path.empty()) {
    return usage("{}: servers: '{}': expected nothing behind host and port", settings.where("servers"),
                 safe_url(text));
  }
  made.stream.host = url->host;
  made.stream.port = url->port != 0 ? url->port : 4222;
  made.stream.tls.on = url->scheme == "tls";
  made.stream.patience = settings.duration("timeout");
  made.user = url->user;
  made.password = url->password;
  if (settings.given("user")) made.user = settings.text("user");
  if (made.user.empty()) made.token = std::exchange(made.password, {});
  if (settings.given("password")) made.password = settings.secret("password");
  if (settings.given("token")) made.token = settings.secret("token");
  return made;
}

Result<void> read_servers(const Settings& settings, std::vector<Server>& servers) {
  std::string text = settings.secret("servers").reveal();
  text.erase(std::remove(text.begin(), text.end(), ' '), text.end());
  for (size_t begin = 0; begin <= text.size();) {
    size_t end = std::min(text.find(',', begin), text.size());
    SLUICE_ASSIGN(server, read_server(settings, text.substr(begin, end - begin)));
    servers.push_back(std::move(server));
    begin = end + 1;
  }
  bool encrypted =
      std::any_of(servers.begin(), servers.end(), [](const Server& each) { return each.stream.tls.on; });
  for (std::string_view option : {"tls_ca", "tls_verify", "tls_cert", "tls_key"}) {
    if (encrypted || !settings.given(option)) continue;
    return usage("{}: {} is of use with tls:// only", settings.where(option), option);
  }
  SLUICE_ASSIGN(tls, read_tls(settings));
  for (Server& each : servers) {
    tls.on = each.stream.tls.on;
    each.stream.tls = tls;
  }
  return {};
}

Result<void> read_login(const Settings& settings, ConnectionSetup& setup) {
  std::string_view given;  // the way that was chosen, as an option
  for (std::string_view option : {"user", "token", "credentials"}) {
    if (!settings.given(option)) continue;
    if (!given.empty()) {
      return usage("{}: {} and {} are two ways to log in; expected one", settings.where(option), given,
                   option);
    }
    given = option;
  }
  if (given != "credentials") return {};
  SLUICE_TRY(login::check_readable(settings, {"credentials"}));
  std::string path = settings.text("credentials");
  std::ifstream file(path, std::ios::binary);
  std::string text(kMostCredentials, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(file.gcount()));
  auto parsed = Credentials::parse(text);
  if (!parsed) {
    return while_doing(fmt::format("{}: credentials: {}", settings.where("credentials"), path),
                       std::move(parsed).error());
  }
  setup.credentials = std::move(*parsed);
  return {};
}

// docs.nats.io, "Naming": what would be a subject or a path of its own.
bool is_name(std::string_view name) {
  return name.size() <= kMostName && std::none_of(name.begin(), name.end(), [](char c) {
           return static_cast<unsigned char>(c) <= ' ' || c == 0x7F || c == '.' || c == '*' || c == '>' ||
                  c == '/' || c == '\\';
         });
}

Result<void> read_stream(const Settings& settings, const std::string& subjects, StreamPlan& plan) {
  plan.name = settings.text("stream");
  plan.create = settings.boolean("create_stream");
  if (!is_name(plan.name)) {
    return usage(
        "{}: stream: '{}' is no name of a stream: it has up to {} characters, and no full stop, white space, "
        "wildcard or slash",
        settings.where("stream"), plan.name, kMostName);
  }
  if (plan.create && plan.name.empty()) {
    return usage("{}: create_stream needs the stream's name; expected stream: NAME",
                 settings.where("create_stream"));
  }
  for (std::string_view option : {"subjects", "storage", "replicas", "max_bytes", "max_messages", "max_age",
                                  "when_full", "duplicate_window"}) {
    if (plan.create || !settings.given(option)) continue;
    return usage("{}: {} is of use with create_stream: true only", settings.where(option), option);
  }
  plan.subjects = settings.list("subjects");
  if (plan.subjects.empty()) plan.subjects = {subjects};
  plan.storage = settings.text("storage");
  plan.replicas = settings.integer("replicas");
  plan.most_bytes = settings.size("max_bytes");
  plan.most_messages = settings.integer("max_messages");
  plan.most_age = settings.duration("max_age");
  const bool waits = settings.text("when_full") == "wait";
  plan.discard = waits ? "new" : "old";
  // Servers compare max_bytes with a message less its frame, and then drop the oldest to keep the bound,
  // though new ones are what is to be refused (nats-server, issue 4771; seen with 2.9.10).
  if (waits && (plan.most_messages == 0 || plan.most_bytes > 0)) {
    return usage(
        "{}: when_full: wait needs max_messages, and no max_bytes, at which NATS may drop the oldest message "
        "all the same",
        settings.where("when_full"));
  }
  plan.duplicates = settings.duration("duplicate_window");
  // The server's own bound, of which it would say no more than this.
  if (plan.most_age.count() > 0 && plan.duplicates > plan.most_age) {
    if (settings.given("duplicate_window")) {
      return usage("{}: duplicate_window is longer than max_age", settings.where("duplicate_window"));
    }
    plan.duplicates = plan.most_age;
  }
  return {};
}

}  // namespace

std::span<const Option> option_table() { return kOptions; }

Result<NatsOptions> parse_options(const Settings& settings) {
  NatsOptions made;
  made.connection.patience = settings.duration("timeout");
  SLUICE_TRY(read_servers(settings, made.connection.servers));
  SLUICE_TRY(read_login(settings, made.connection));
  std::string subject = settings.text("to");
  made.subjects = wildcard_of(subject);
  // Of a place nothing is known yet but that it will be a token.
  std::string sample = made.subjects;
  std::replace(sample.begin(), sample.end(), '*', '-');
  if (subject.find('*') != subject.npos) sample = subject;
  if (std::string_view fault = fault_of(sample); !fault.empty()) {
    return usage("{}: to: '{}' {}", settings.where("to"), subject, fault);
  }
  if (subject.starts_with('$')) {
    return usage("{}: to: '{}': subjects that begin with $ are the server's own", settings.where("to"),
                 subject);
  }
  SLUICE_TRY(read_stream(settings, made.subjects, made.stream));
  made.window = settings.integer("window");
  return made;
}

}  // namespace sluice::nats
