// The sink redis_cache: a row is a hash or a JSON text under a key of its own, kept in step by a script that
// never puts an older row over a newer one. Commands go out pipelined over one connection.
#include "sink/redis/redis_cache_sink.h"

#include "base/interrupt.h"
#include "net/timeout_option.h"
#include "net/tls_options.h"
#include "sink/epoch.h"
#include "sink/redis/client.h"
#include "sink/redis/row_script.h"
#include "sink/redis/row_state.h"

namespace sluice {
namespace {

// Of one write; there are two under way, so that the server always has something to do.
constexpr size_t kMostCommands = 500;
constexpr size_t kMostBytes = 128 << 10;  // one command more than that may go

constexpr Option kOptions[] = {
    {"url",
     OptionKind::Secret,
     "",
     "redis://[user:password@]host:port/database, rediss:// with TLS, or unix:///path; of several with "
     "commas between "
     "them the one is taken that is the master",
     {},
     true,
     "URL,..."},
    {"password", OptionKind::Secret, "", "instead of the one in the URL", {}, false, "PASSWORD"},
    {"as", OptionKind::Choice, "hash", "what a row is: a hash of its columns, or a JSON text", "hash|json"},
    {"row_key",
     OptionKind::Text,
     "{database}:{table}:{key}",
     "the key of a row, with {database}, {table}, {key} and {column:NAME}",
     {},
     false,
     "TEMPLATE"},
    {"lookups",
     OptionKind::List,
     "",
     "sets of the keys of rows by their columns, such as by_email:{column:email}",
     {},
     false,
     "TEMPLATE,..."},
    {"ttl",
     OptionKind::Duration,
     "0",
     "how long a row stays after its last change; 0: for ever",
     {},
     false,
     {},
     0,
     315'360'000'000},
    {"remember_deleted",
     OptionKind::Duration,
     "1d",
     "how long the version of a deleted row is kept, so that nothing older brings it back",
     {},
     false,
     {},
     1000,
     315'360'000'000},
    {"replicas",
     OptionKind::Integer,
     "0",
     "how many replicas must have the rows, too, before they count as safe",
     {},
     false,
     {},
     0,
     100},
    {"index",
     OptionKind::Text,
     "sluice",
     "what the keys begin with that hold the versions",
     {},
     false,
     "NAME"},
    kTlsCa,
    kTlsVerify,
    kTlsCert,
    kTlsKey,
    timeout_option("10s"),
};

class RedisCacheSink final : public Sink {
 public:
  struct Setup {
    std::string ttl, remember;  // milliseconds
    size_t replicas = 0;
    std::chrono::milliseconds timeout{};
  };

  RedisCacheSink(std::vector<redis::Address> addresses, Setup setup)
      : client_(std::move(addresses), interrupt_), setup_(std::move(setup)) {}

  Result<void> open(std::string_view saved) override {
    epoch_.restore(saved);
    return connect();
  }
  Result<void> reopen() override { return connect(); }
  Result<void> write(const Delivery& delivery) override;
  std::span<const Refusal> refused() const override { return refused_; }
  std::string note() const override { return epoch_.note(); }
  void close() override { client_.close(); }
  void interrupt() noexcept override { interrupt_.raise(); }

 private:
  Result<void> connect();
  size_t gather(const Delivery& delivery, size_t begin);
  void append(std::string_view message);
  Result<void> await_replicas();
  Result<void> settle(const Delivery& delivery, size_t end);
  bool is_schema_change(const Delivery& delivery, size_t message) const {
    return delivery.batch.changes[delivery.messages[message].change].op == Op::Ddl;
  }

  Interrupt interrupt_;
  redis::Client client_;
  const Setup setup_;
  Epoch epoch_;
  std::string script_;  // its SHA1
  Bytes head_;          // of every command, but for its last word
  Bytes commands_;
  // Of the delivery in hand. When it comes again all of it is sent: what a lost master answered may be news
  // to the next one, and is none to the same.
  size_t answered_ = 0;  // messages
  std::vector<Refusal> refused_;
};

Result<void> RedisCacheSink::connect() {
  SLUICE_TRY(client_.connect());
  const std::string_view load[] = {"SCRIPT", "LOAD", redis::kRowScript};
  SLUICE_ASSIGN(loaded, client_.ask(load, "loading a script into"));
  script_ = loaded.text;
  return {};
}

void RedisCacheSink::append(std::string_view message) {
  commands_.append(head_.view());
  append_word(commands_, message);
}

// Appends the commands of messages from `begin` on, up to a schema change; returns where they end.
size_t RedisCacheSink::gather(const Delivery& delivery, size_t begin) {
  size_t end = begin;
  while (end < delivery.messages.size() && end - begin < kMostCommands && commands_.size() < kMostBytes) {
    if (!delivery.messages[end].no_value) append(delivery.value(end));
    if (is_schema_change(delivery, end++)) break;
  }
  return end;
}

// Of the commands of messages from answered_ to `end`.
Result<void> RedisCacheSink::settle(const Delivery& delivery, size_t end) {
  for (; answered_ < end; ++answered_) {
    if (delivery.messages[answered_].no_value) {
      refused_.push_back({answered_, std::string(delivery.value(answered_))});
      continue;
    }
    SLUICE_ASSIGN(answered, client_.answer());
    if (!answered.error.empty()) {
      if (is_passing(answered.error)) return retryable("{}: {}", client_.describe(), answered.error);
      refused_.push_back({answered_, std::move(answered.error)});
    }
    // The rows of a large table go a thousand at a time.
    while (answered.number == 1 && is_schema_change(delivery, answered_)) {
      append(delivery.value(answered_));
      SLUICE_TRY(client_.send(commands_.view()));
      commands_.clear();
      SLUICE_ASSIGN(more, client_.answer());
      if (!more.error.empty()) return retryable("{}: {}", client_.describe(), more.error);
      answered.number = more.number;
    }
  }
  return {};
}

Result<void> RedisCacheSink::write(const Delivery& delivery) {
  answered_ = 0;
  refused_.clear();
  std::string epoch = fmt::format("{:02}", epoch_.bits(delivery.batch.resume.server_uuid) >> kRowVersionBits);
  head_.clear();
  begin_command(head_, 7);
  for (std::string_view word :
       {std::string_view("EVALSHA"), std::string_view(script_), std::string_view("0"),
        std::string_view(epoch), std::string_view(setup_.ttl), std::string_view(setup_.remember)}) {
    append_word(head_, word);
  }
  commands_.clear();
  const size_t all = delivery.messages.size();
  size_t under_way = 0;  // messages before this one are sent and not answered
  while (answered_ < all) {
    size_t next = under_way;
    if (next < all) {
      next = gather(delivery, under_way);
      SLUICE_TRY(client_.send(commands_.view()));
      commands_.clear();
      commands_.shrink(2 * kMostBytes);
    }
    // Those before are answered while the server does these. A schema change may take more commands, which
    // are not to mix with others.
    bool last = next == under_way || next == all || is_schema_change(delivery, next - 1);
    SLUICE_TRY(settle(delivery, last ? next : under_way));
    under_way = next;
  }
  return await_replicas();
}

// What the master answered may be lost with it. Half of the patience, so that its answer is not missed.
Result<void> RedisCacheSink::await_replicas() {
  if (setup_.replicas == 0) return {};
  std::string count = std::to_string(setup_.replicas), patience = std::to_string(setup_.timeout.count() / 2);
  const std::string_view words[] = {"WAIT", count, patience};
  SLUICE_ASSIGN(answered, client_.ask(words, "asking for the replicas of"));
  if (answered.number >= static_cast<int64_t>(setup_.replicas)) return {};
  return retryable("{} of {} replicas of {} have the rows", answered.number, setup_.replicas,
                   client_.describe());
}

Result<std::unique_ptr<Sink>> make(const Settings& settings) {
  SLUICE_ASSIGN(addresses, redis::read_addresses(settings, true));
  RedisCacheSink::Setup setup{.ttl = std::to_string(settings.duration("ttl").count()),
                              .remember = std::to_string(settings.duration("remember_deleted").count()),
                              .replicas = settings.integer("replicas"),
                              .timeout = settings.duration("timeout")};
  return std::make_unique<RedisCacheSink>(std::move(addresses), std::move(setup));
}

Result<std::unique_ptr<Encoder>> encoder(const Settings& settings) {
  redis::RowStateOptions options;
  options.json = settings.text("as") == "json";
  auto key = redis::RowKey::parse(settings.text("row_key"));
  if (!key) return while_doing(fmt::format("{}: row_key", settings.where("row_key")), std::move(key).error());
  options.key = std::move(*key);
  for (const std::string& text : settings.list("lookups")) {
    auto lookup = redis::RowKey::parse(text);
    if (!lookup)
      return while_doing(fmt::format("{}: lookups", settings.where("lookups")), std::move(lookup).error());
    options.lookups.push_back(std::move(*lookup));
  }
  options.index = settings.text("index");
  return redis::make_row_state(std::move(options));
}

}  // namespace

const SinkType redis_cache_sink{.name = "redis_cache",
                                .summary = "rows as hashes or JSON in a Redis server, kept in step",
                                .options = kOptions,
                                .make = make,
                                .encoder = encoder};

}  // namespace sluice
