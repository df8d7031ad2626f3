// The sink redis: a message becomes an entry of a stream, an element of a list or a publication on a channel.
// Commands go out pipelined over one connection, so that their order is that of the changes; each answer is
// waited for.
#include "sink/redis/redis_sink.h"

#include <optional>

#include "base/interrupt.h"
#include "net/timeout_option.h"
#include "net/tls_options.h"
#include "sink/redis/client.h"
#include "sink/sink.h"

namespace sluice {
namespace {

// Of one MULTI, which the server holds until EXEC.
constexpr size_t kMostCommands = 1000;
constexpr size_t kMostBytes = 1 << 20;  // one command more than that may go

enum class Kind : uint8_t { Stream, List, Channel };

struct Setup {
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
    timeout_option("10s"),
};

class RedisSink final : public Sink {
 public:
  RedisSink(Setup setup, std::vector<redis::Address> addresses)
      : setup_(setup), client_(std::move(addresses), interrupt_) {}

  Result<void> open(std::string_view) override { return connect(); }
  Result<void> reopen() override { return connect(); }
  Result<void> write(const Delivery& delivery) override;
  std::span<const Refusal> refused() const override { return refused_; }
  void close() override { client_.close(); }
  void interrupt() noexcept override { interrupt_.raise(); }

 private:
  Result<void> connect();
  void append(const Delivery& delivery, size_t message);
  Result<void> send();
  // Appends MULTI and the commands of messages from `begin` on; returns where they end.
  size_t queue(const Delivery& delivery, size_t begin);
  Result<void> settle(size_t end);

  const Setup setup_;
  Interrupt interrupt_;
  redis::Client client_;
  Bytes commands_;
  std::vector<Refusal> refused_;
  // Of the delivery in hand, which comes again after a broken connection: what need not be sent again.
  uint64_t sequence_ = 0;
  size_t safe_ = 0;  // messages that were answered
};

Result<void> RedisSink::connect() {
  commands_.clear();
  return client_.connect();
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
  auto written = client_.send(commands_.view());
  commands_.clear();
  commands_.shrink(2 * kMostBytes);
  return written;
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
    SLUICE_ASSIGN(queued, client_.answer());
    if (reason.empty()) reason = std::move(queued.error);
  }
  SLUICE_ASSIGN(done, client_.answer());
  if (!done.error.empty()) {
    if (reason.empty()) reason = std::move(done.error);
    return is_passing(reason) ? retryable("{}: {}", client_.describe(), reason)
                              : fatal("{}: {}", client_.describe(), reason);
  }
  if (done.elements != end - safe_) {
    return retryable("{}: {} answers to {} commands", client_.describe(), done.elements, end - safe_);
  }
  for (const auto& [i, why] : done.errors) {
    if (is_passing(why)) return retryable("{}: {}", client_.describe(), why);
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

Result<std::unique_ptr<Sink>> make(const Settings& settings) {
  Setup setup;
  SLUICE_ASSIGN(addresses, redis::read_addresses(settings, false));
  if (settings.text("to").empty()) {
    return usage("{}: to: expected a name or a template of names", settings.where("to"));
  }
  std::string as = settings.text("as");
  setup.kind = as == "list" ? Kind::List : as == "channel" ? Kind::Channel : Kind::Stream;
  setup.most = settings.integer("max_length");
  if (setup.most != 0 && setup.kind != Kind::Stream) {
    return usage("{}: max_length is for streams, not as: {}", settings.where("max_length"), as);
  }
  return std::make_unique<RedisSink>(setup, std::move(addresses));
}

constexpr Addressing kAddressing{.option = "to"};

}  // namespace

const SinkType redis_sink{"redis", "streams, lists and channels of a Redis server", kOptions, make,
                          &kAddressing};

}  // namespace sluice
