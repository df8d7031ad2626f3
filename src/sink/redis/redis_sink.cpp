// The sink redis: a message becomes an entry of a stream, an element of a list or a publication on a channel.
// Commands go out pipelined over one connection, so that their order is that of the changes; each answer is
// waited for.
#include "sink/redis/redis_sink.h"

#include <optional>

#include "base/interrupt.h"
#include "base/url.h"
#include "net/stream.h"
#include "net/tls_options.h"
#include "sink/redis/resp.h"
#include "sink/sink.h"

namespace sluice {
namespace {

// Of one MULTI, which the server holds until EXEC.
constexpr size_t kMostCommands = 1000;
constexpr size_t kMostBytes = 1 << 20;  // one command more than that may go

enum class Kind : uint8_t { Stream, List, Channel };

struct Setup {
  StreamSetup server;
  std::string user;
  Secret password;
  bool has_password = false;
  uint64_t database = 0;
  Kind kind = Kind::Stream;
  uint64_t most = 0;  // entries kept; 0: all
};

constexpr Option kOptions[] = {
    {"url",
     OptionKind::Secret,
     "",
     "redis://[user:password@]host:port/database, rediss:// with TLS, or unix:///path",
     {},
     true,
     "URL"},
    {"password", OptionKind::Secret, "", "instead of the one in the URL", {}, false, "PASSWORD"},
    {"as", OptionKind::Choice, "stream",
     "what a change becomes: an entry of a stream (XADD), an element at the end of a list (RPUSH), or a "
     "publication on a "
     "channel (PUBLISH)",
     "stream|list|channel"},
    {"to",
     OptionKind::Text,
     "sluice:{database}.{table}",
     "the name of the stream, list or channel",
     {},
     false,
     "TEMPLATE"},
    {"max_length",
     OptionKind::Integer,
     "0",
     "about how many entries a stream keeps, the oldest go; 0: all",
     {},
     false,
     {},
     0,
     1'000'000'000},
    kTlsCa,
    kTlsVerify,
    kTlsCert,
    kTlsKey,
    {"timeout",
     OptionKind::Duration,
     "10s",
     "how long the server may take to answer",
     {},
     false,
     {},
     10,
     3'600'000},
};

class RedisSink final : public Sink {
 public:
  explicit RedisSink(Setup setup) : setup_(std::move(setup)) {}

  Result<void> open(std::string_view) override { return connect(); }
  Result<void> reopen() override { return connect(); }
  Result<void> write(const Delivery& delivery) override;
  std::span<const Refusal> refused() const override { return refused_; }
  void close() override { stream_.reset(); }
  void interrupt() noexcept override { interrupt_.raise(); }

 private:
  Result<void> connect();
  // One command, its answer awaited; for the greeting.
  Result<void> ask(std::span<const std::string_view> words, std::string_view doing);
  void append(const Delivery& delivery, size_t message);
  Result<void> send();
  // Appends MULTI and the commands of messages from `begin` on; returns where they end.
  size_t queue(const Delivery& delivery, size_t begin);
  Result<void> settle(size_t end);
  Result<RespAnswer> answer();

  const Setup setup_;
  Interrupt interrupt_;
  std::unique_ptr<Stream> stream_;
  bool was_open_ = false;
  Bytes commands_;
  RespReader reader_;
  std::vector<Refusal> refused_;
  // Of the delivery in hand, which comes again after a broken connection: what need not be sent again.
  uint64_t sequence_ = 0;
  size_t safe_ = 0;  // messages that were answered
};

Result<void> RedisSink::ask(std::span<const std::string_view> words, std::string_view doing) {
  append_command(commands_, words);
  SLUICE_TRY(send());
  SLUICE_ASSIGN(answered, answer());
  if (answered.error.empty()) return {};
  // What it refuses at the start is the operator's to mend; later it may be mended there.
  bool waits = was_open_ || is_passing(answered.error);
  return waits ? retryable("{} {}: {}", doing, setup_.server.describe(), answered.error)
               : fatal("{} {}: {}", doing, setup_.server.describe(), answered.error);
}

Result<void> RedisSink::connect() {
  stream_.reset();
  commands_.clear();
  reader_ = {};
  auto stream = Stream::connect(setup_.server, interrupt_);
  // A certificate that was good before may be so again, and a handshake that was disturbed looks like a bad
  // one.
  if (!stream && was_open_ && stream.error().fault == Fault::Fatal)
    return retryable("{}", stream.error().what);
  if (!stream) return tl::unexpected(std::move(stream).error());
  stream_ = std::move(*stream);
  if (setup_.has_password) {
    std::string password = setup_.password.reveal();
    std::vector<std::string_view> words = {"AUTH"};
    if (!setup_.user.empty()) words.push_back(setup_.user);
    words.push_back(password);
    SLUICE_TRY(ask(words, "logging in to"));
  }
  std::string database = std::to_string(setup_.database);
  if (setup_.database != 0) {
    SLUICE_TRY(ask(std::vector<std::string_view>{"SELECT", database}, "choosing the database of"));
  }
  SLUICE_TRY(ask(std::vector<std::string_view>{"PING"}, "asking"));
  was_open_ = true;
  return {};
}

void RedisSink::append(const Delivery& delivery, size_t message) {
  const Address& address = delivery.address(message);
  std::string_view name = delivery.destination(address.destination);
  std::string_view value = delivery.value(message);
  if (setup_.kind != Kind::Stream) {
    const std::string_view words[] = {setup_.kind == Kind::List ? "RPUSH" : "PUBLISH", name, value};
    return append_command(commands_, words);
  }
  // XADD name [MAXLEN ~ n] * [key k] [header h…] value v
  size_t words = 5 + (setup_.most != 0 ? 3 : 0) + (address.keyed ? 2 : 0);
  delivery.headers(message, [&](std::string_view, std::string_view) { words += 2; });
  begin_command(commands_, words);
  append_word(commands_, "XADD");
  append_word(commands_, name);
  if (setup_.most != 0) {
    append_word(commands_, "MAXLEN");
    append_word(commands_, "~");
    append_number(commands_, setup_.most);
  }
  append_word(commands_, "*");
  if (address.keyed) {
    append_word(commands_, "key");
    append_word(commands_, delivery.key(message));
  }
  delivery.headers(message, [&](std::string_view header, std::string_view content) {
    append_word(commands_, header);
    append_word(commands_, content);
  });
  append_word(commands_, "value");  // of a tombstone, empty
  append_word(commands_, value);
}

Result<void> RedisSink::send() {
  auto written = stream_->write(commands_.view());
  commands_.clear();
  commands_.shrink(2 * kMostBytes);
  return written;
}

Result<RespAnswer> RedisSink::answer() {
  for (;;) {
    SLUICE_ASSIGN(answered, reader_.next());
    if (answered) return std::move(*answered);
    char room[16384];
    SLUICE_ASSIGN(taken, stream_->read(room, sizeof room));
    reader_.feed({room, taken});
  }
}

// A server that is out of memory or loses its leader may refuse one command and take the next: within MULTI
// and EXEC it takes all of them or none, so that no change passes one that was refused for now.
size_t RedisSink::queue(const Delivery& delivery, size_t begin) {
  const std::string_view multi[] = {"MULTI"};
  append_command(commands_, multi);
  size_t end = begin;
  while (end < delivery.messages.size() && end - begin < kMostCommands && commands_.size() < kMostBytes) {
    append(delivery, end++);
  }
  return end;
}

// Of the commands from safe_ to `end`, behind which EXEC was sent.
Result<void> RedisSink::settle(size_t end) {
  std::string reason;  // why a command was not even queued
  for (size_t left = end - safe_ + 1; left > 0; --left) {
    SLUICE_ASSIGN(queued, answer());
    if (reason.empty()) reason = std::move(queued.error);
  }
  SLUICE_ASSIGN(done, answer());
  if (!done.error.empty()) {
    if (reason.empty()) reason = std::move(done.error);
    return is_passing(reason) ? retryable("{}: {}", setup_.server.describe(), reason)
                              : fatal("{}: {}", setup_.server.describe(), reason);
  }
  if (done.elements != end - safe_) {
    return retryable("{}: {} answers to {} commands", setup_.server.describe(), done.elements, end - safe_);
  }
  for (const auto& [i, why] : done.errors) {
    if (is_passing(why)) return retryable("{}: {}", setup_.server.describe(), why);
  }
  for (auto& [i, why] : done.errors) refused_.push_back({safe_ + i, std::move(why)});
  safe_ = end;
  return {};
}

// While the server executes some commands the next ones are on their way and are queued there; their EXEC is
// held back until it is known that those before them were taken. A failure drops the connection, and with it
// what is queued.
Result<void> RedisSink::write(const Delivery& delivery) {
  if (delivery.batch.sequence != sequence_) {
    sequence_ = delivery.batch.sequence;
    safe_ = 0;
    refused_.clear();
  }
  const std::string_view exec[] = {"EXEC"};
  const size_t all = delivery.messages.size();
  if (safe_ == all) return {};
  for (size_t end = queue(delivery, safe_); safe_ < all;) {
    append_command(commands_, exec);
    SLUICE_TRY(send());
    size_t next = end;
    if (end < all) {
      next = queue(delivery, end);
      SLUICE_TRY(send());
    }
    SLUICE_TRY(settle(end));
    end = next;
  }
  return {};
}

Result<void> read_url(const Settings& settings, Setup& setup) {
  std::string text = settings.secret("url").reveal();
  auto url = parse_url(text);
  if (!url) return while_doing(settings.where("url"), std::move(url).error());
  bool tcp = url->scheme == "redis" || url->scheme == "rediss";
  if (!tcp && url->scheme != "unix") {
    return usage("{}: url: '{}': expected redis://, rediss:// or unix://", settings.where("url"),
                 safe_url(text));
  }
  SLUICE_ASSIGN(tls, read_tls(settings));
  setup.server.tls = std::move(tls);
  setup.server.tls.on = url->scheme == "rediss";
  for (std::string_view option : {"tls_ca", "tls_verify", "tls_cert", "tls_key"}) {
    if (setup.server.tls.on || !settings.given(option)) continue;
    return usage("{}: {} is of use with rediss:// only", settings.where(option), option);
  }
  if (!tcp) {
    setup.server.socket = "/" + url->path;
    return {};
  }
  setup.server.host = url->host;
  setup.server.port = url->port != 0 ? url->port : 6379;
  setup.user = url->user;
  setup.password = url->password;
  setup.has_password = url->has_password;
  if (url->path.empty()) return {};
  bool digits = url->path.find_first_not_of("0123456789") == std::string::npos && url->path.size() < 9;
  if (!digits) {
    return usage("{}: url: '{}': expected the number of a database behind the host, not '{}'",
                 settings.where("url"), safe_url(text), url->path);
  }
  setup.database = std::stoul(url->path);
  return {};
}

Result<std::unique_ptr<Sink>> make(const Settings& settings) {
  Setup setup;
  SLUICE_TRY(read_url(settings, setup));
  if (settings.given("password")) {
    setup.password = settings.secret("password");
    setup.has_password = true;
  }
  if (settings.text("to").empty()) {
    return usage("{}: to: expected a name or a template of names", settings.where("to"));
  }
  std::string as = settings.text("as");
  setup.kind = as == "list" ? Kind::List : as == "channel" ? Kind::Channel : Kind::Stream;
  setup.most = settings.integer("max_length");
  if (setup.most != 0 && setup.kind != Kind::Stream) {
    return usage("{}: max_length is for streams, not as: {}", settings.where("max_length"), as);
  }
  setup.server.patience = settings.duration("timeout");
  return std::make_unique<RedisSink>(std::move(setup));
}

constexpr Addressing kAddressing{.option = "to"};

}  // namespace

const SinkType redis_sink{"redis", "streams, lists and channels of a Redis server", kOptions, make,
                          &kAddressing};

}  // namespace sluice
