// The sink rabbitmq: messages are published at an exchange of a RabbitMQ broker and count as safe when the
// broker confirms them.
#include "sink/rabbitmq/rabbitmq_sink.h"

#include <algorithm>

#include "base/interrupt.h"
#include "sink/rabbitmq/options.h"

namespace sluice {
namespace {

using rabbitmq::Channel;
using rabbitmq::RabbitmqOptions;
using std::chrono::milliseconds;

constexpr size_t kMostShort = 255;     // bytes of a short string (AMQP 0-9-1, 4.2.5.3)
constexpr size_t kMostUnsent = 65536;  // bytes that are gathered for one write

class RabbitmqSink final : public Sink, rabbitmq::Receiver {
 public:
  explicit RabbitmqSink(RabbitmqOptions options) : options_(std::move(options)) {}

  Result<void> open(std::string_view) override { return connect(); }
  Result<void> reopen() override { return channel_ ? Result<void>() : connect(); }
  Result<void> write(const Delivery& delivery) override;
  std::span<const Refusal> refused() const override { return refused_; }
  Result<void> tick() override;
  void close() override {
    if (channel_) channel_->say_goodbye();
    channel_.reset();
  }
  void interrupt() noexcept override { interrupt_.raise(); }

 private:
  enum class State : uint8_t { Waiting, Safe, Refused, Rejected };

  Result<void> connect();
  Result<void> set_up(Channel& channel) const;
  void begin(const Delivery& delivery);
  void go_back();
  Result<void> deliver(const Delivery& delivery);
  Result<void> await_confirmations();
  void publish(const Delivery& delivery, size_t message);
  void refuse(size_t message, std::string why);
  Result<void> lost(Error error);
  void confirmed(uint64_t tag, bool multiple, bool taken) override;
  void returned(std::string_view id, std::string_view routing_key, std::string reason) override;

  const RabbitmqOptions options_;
  Interrupt interrupt_;
  std::unique_ptr<Channel> channel_;  // none after a failure
  bool was_open_ = false;

  // Of the delivery in hand, which comes again after a failure.
  const Delivery* delivery_ = nullptr;  // while write() runs
  uint64_t sequence_ = 0;
  std::vector<State> states_;  // by message
  std::vector<Refusal> refused_;
  size_t safe_ = 0;          // messages before this one need nothing more
  size_t sent_ = 0;          // messages before this one were published, or refused
  bool one_by_one_ = false;  // the broker rejected one: none may pass it
  size_t rejected_ = 0;
  size_t back_ = 0;  // returned messages lie behind this one
  // The messages published by their tags, which count from 1 on a channel.
  uint64_t first_tag_ = 1;
  std::vector<size_t> tagged_;
  size_t oldest_ = 0;  // into tagged_: those before are confirmed
};

Result<void> RabbitmqSink::connect() {
  channel_.reset();
  auto made = Channel::open(options_.channel, interrupt_);
  Result<void> ready = made ? set_up(**made) : tl::unexpected(made.error());
  if (!ready) {
    // What it refuses at the start is the operator's to mend; later it may be mended there.
    bool waits = was_open_ && ready.error().fault == Fault::Fatal;
    return waits ? retryable("{}", ready.error().what) : ready;
  }
  channel_ = std::move(*made);
  was_open_ = true;
  first_tag_ = 1;
  tagged_.clear();
  oldest_ = 0;
  go_back();
  return {};
}

Result<void> RabbitmqSink::set_up(Channel& channel) const {
  for (const auto& declaration : options_.declarations) SLUICE_TRY(declare(channel, declaration));
  return options_.exchange.empty() ? Result<void>() : expect_exchange(channel, options_.exchange);
}

void RabbitmqSink::begin(const Delivery& delivery) {
  if (delivery.batch.sequence == sequence_ && delivery.messages.size() == states_.size()) return;
  sequence_ = delivery.batch.sequence;
  states_.assign(delivery.messages.size(), State::Waiting);
  refused_.clear();
  safe_ = sent_ = rejected_ = back_ = 0;
  one_by_one_ = false;
  first_tag_ += tagged_.size();
  tagged_.clear();
  oldest_ = 0;
}

// To the first message that is not safe: those behind it are sent again, too, so that the last of a row stays
// the last.
void RabbitmqSink::go_back() {
  sent_ = back_ = safe_;
  rejected_ = 0;
  std::fill(states_.begin() + static_cast<ptrdiff_t>(safe_), states_.end(), State::Waiting);
  std::erase_if(refused_, [&](const Refusal& refusal) { return refusal.message >= safe_; });
}

Result<void> RabbitmqSink::write(const Delivery& delivery) {
  begin(delivery);
  delivery_ = &delivery;
  auto result = deliver(delivery);
  delivery_ = nullptr;
  std::sort(refused_.begin(), refused_.end(),
            [](const auto& a, const auto& b) { return a.message < b.message; });
  return result;
}

Result<void> RabbitmqSink::deliver(const Delivery& delivery) {
  const size_t all = delivery.messages.size();
  // A window that is full is filled again when a quarter of it is free: the broker reads many messages at
  // once with less work.
  bool filling = true;
  while (safe_ < all) {
    size_t window = one_by_one_ ? 1 : options_.window;
    filling = filling || sent_ - safe_ <= window - std::max<size_t>(window / 4, 1);
    while (filling && sent_ < all && sent_ - safe_ < window && channel_->unsent() < kMostUnsent &&
           rejected_ == 0 && channel_->blocked().empty()) {
      publish(delivery, sent_++);
    }
    if (auto sent = channel_->send(*this); !sent) return lost(std::move(sent).error());
    filling = filling && sent_ - safe_ < window;
    bool full = sent_ == all || !filling || rejected_ != 0;
    if (full || !channel_->blocked().empty()) SLUICE_TRY(await_confirmations());
  }
  return {};
}

// At least one more, where one was rejected all, or that the broker takes messages again.
Result<void> RabbitmqSink::await_confirmations() {
  const size_t safe = safe_;
  const bool blocked = !channel_->blocked().empty();
  SteadyTime end = steady_now() + options_.channel.server.patience;
  while (safe_ == safe) {
    if (rejected_ != 0 && oldest_ == tagged_.size()) {
      size_t count = rejected_;
      one_by_one_ = true;
      go_back();
      return retryable("{} rejected {} messages, as a queue does that is full or about to go",
                       options_.channel.server.describe(), count);
    }
    if (channel_->blocked().empty() && (blocked || oldest_ == tagged_.size())) return {};
    auto left = std::chrono::duration_cast<milliseconds>(end - steady_now());
    if (left.count() <= 0 && !channel_->blocked().empty()) {
      return retryable("{} takes nothing for now: {}", options_.channel.server.describe(),
                       channel_->blocked());
    }
    if (left.count() <= 0) {
      return lost(
          Error{Fault::Retryable,
                fmt::format("{} confirmed nothing for {} s", options_.channel.server.describe(),
                            std::chrono::duration<double>(options_.channel.server.patience).count())});
    }
    // That it is blocked is to be heard of soon.
    milliseconds slice =
        channel_->blocked().empty() ? std::min(left, milliseconds(1000)) : std::min(left, milliseconds(100));
    auto came = channel_->receive(*this, slice);
    if (!came) return lost(std::move(came).error());
  }
  return {};
}

void RabbitmqSink::publish(const Delivery& delivery, size_t number) {
  const Address& address = delivery.address(number);
  const Change& change = delivery.batch.changes[delivery.messages[number].change];
  std::string id = fmt::format("{}#{}", delivery.batch.transactions[change.transaction].id, change.index);
  if (id.size() > kMostShort) id.erase(0, id.size() - kMostShort);  // its end tells changes apart
  Channel::Outgoing message{.exchange = options_.exchange,
                            .routing_key = delivery.destination(address.destination),
                            .id = id,
                            .content_type = options_.content_type,
                            .expiration = options_.expiration,
                            .body = delivery.value(number),
                            .headers = {},
                            .mandatory = options_.mandatory,
                            .persistent = options_.persistent};
  if (message.routing_key.size() > kMostShort) {
    return refuse(number, fmt::format("its routing key has {} bytes, more than {}",
                                      message.routing_key.size(), kMostShort));
  }
  bool json = message.body.starts_with('{') || message.body.starts_with('[');
  std::string_view type = json              ? "application/json"
                          : delivery.binary ? "application/octet-stream"
                                            : "text/plain";
  delivery.headers(number, [&](std::string_view name, std::string_view value) {
    if (name == "content-type") {
      type = value;
    } else {
      message.headers.emplace_back(name, value);
    }
  });
  if (message.content_type.empty()) message.content_type = type;
  if (address.keyed) message.headers.emplace_back("key", delivery.key(number));
  if (!channel_->publish(message))
    return refuse(number, "its key and headers take more than a frame of the broker");
  tagged_.push_back(number);
}

void RabbitmqSink::refuse(size_t message, std::string why) {
  states_[message] = State::Refused;
  refused_.push_back({message, std::move(why)});
  while (safe_ < states_.size() && (states_[safe_] == State::Safe || states_[safe_] == State::Refused))
    ++safe_;
}

// The channel is of no use any more. Where it was closed because of a message, that one is found by sending
// them one by one.
Result<void> RabbitmqSink::lost(Error error) {
  bool because_of_message = channel_->message_refused();
  channel_.reset();
  if (because_of_message && one_by_one_ && sent_ == safe_ + 1) refuse(safe_, error.what);
  one_by_one_ |= because_of_message;
  return tl::unexpected(std::move(error));
}

void RabbitmqSink::confirmed(uint64_t tag, bool multiple, bool taken) {
  if (tag == 0) tag = first_tag_ + tagged_.size() - 1;  // all so far (AMQP 0-9-1, 1.8.3.13)
  if (tag < first_tag_ || tag - first_tag_ >= tagged_.size()) return;
  size_t last = tag - first_tag_;
  for (size_t i = multiple ? oldest_ : last; i <= last; ++i) {
    State& state = states_[tagged_[i]];
    if (state != State::Waiting) continue;
    state = taken ? State::Safe : State::Rejected;
    rejected_ += !taken;
  }
  while (oldest_ < tagged_.size() && states_[tagged_[oldest_]] != State::Waiting) ++oldest_;
  while (safe_ < sent_ && (states_[safe_] == State::Safe || states_[safe_] == State::Refused)) ++safe_;
}

// Messages come back in the order in which they were published; several of one change may have one id.
void RabbitmqSink::returned(std::string_view id, std::string_view routing_key, std::string reason) {
  for (size_t i = back_; delivery_ && i < sent_; ++i) {
    const Address& address = delivery_->address(i);
    const Change& change = delivery_->batch.changes[delivery_->messages[i].change];
    if (states_[i] != State::Waiting || delivery_->destination(address.destination) != routing_key) continue;
    if (!id.ends_with(fmt::format("#{}", change.index))) continue;
    back_ = i + 1;
    return refuse(i, std::move(reason));
  }
}

Result<void> RabbitmqSink::tick() {
  if (!channel_) return {};
  auto came = channel_->receive(*this, milliseconds(0));
  if (came || came.error().fault == Fault::Stopped)
    return came ? Result<void>() : tl::unexpected(came.error());
  return lost(std::move(came).error());
}

Result<std::unique_ptr<Sink>> make(const Settings& settings) {
  SLUICE_ASSIGN(options, rabbitmq::parse_options(settings));
  return std::make_unique<RabbitmqSink>(std::move(options));
}

constexpr Addressing kAddressing{.option = "to"};

}  // namespace

const SinkType rabbitmq_sink{"rabbitmq", "exchanges and queues of a RabbitMQ broker",
                             rabbitmq::option_table(), make, &kAddressing};

}  // namespace sluice
