// The sink nats: messages are published on subjects of a NATS server and count as safe when the stream of
// JetStream that keeps them says so.
//
// A server knows the ids of the messages that a stream took in the last minutes and does not keep one of them
// twice. That alone could end on an older row: where a message failed and those behind it were taken, or
// where the ids of the first ones are forgotten already, a repeat puts the first behind the others, and the
// others, repeated, are passed over. So the places in the stream that the server tells must rise with the
// messages. One that it has already, but before what precedes it, is published again under another id, and so
// is all behind it. The id is made of the place that it must be behind, and the last place is saved with the
// checkpoint: so a repeat after any death finds what was done before.
#include "sink/nats/nats_sink.h"

#include <algorithm>
#include <atomic>
#include <charconv>

#include "base/clock.h"
#include "base/hash.h"
#include "base/interrupt.h"
#include "model/table.h"
#include "net/first_of.h"
#include "sink/nats/ack.h"
#include "sink/nats/connection.h"
#include "sink/nats/options.h"
#include "sink/nats/subject.h"

namespace sluice {
namespace {

using nats::Ack;
using nats::Connection;
using nats::NatsOptions;
using std::chrono::milliseconds;

constexpr size_t kMostUnsent = 65536;       // bytes that are gathered for one write
constexpr size_t kMostUnderWay = 16 << 20;  // bytes without an acknowledgement, which the server holds

class NatsSink final : public Sink, nats::Receiver {
 public:
  explicit NatsSink(NatsOptions options) : options_(std::move(options)) {}

  Result<void> open(std::string_view saved) override;
  Result<void> reopen() override { return connection_ ? Result<void>() : connect(); }
  Result<void> write(const Delivery& delivery) override;
  std::span<const Refusal> refused() const override { return refused_; }
  std::string note() const override { return note_; }
  Result<void> tick() override;
  void close() override { connection_.reset(); }
  void interrupt() noexcept override { interrupt_.raise(); }
  std::vector<SinkCount> counts() const override {
    return {{"duplicates", duplicates_}, {"published_again", republished_}};
  }

 private:
  enum class State : uint8_t { Waiting, Taken, Refused, Rejected };
  struct Outcome {
    State state = State::Waiting;
    bool duplicate = false;
    uint32_t stream = 0;    // into places_
    uint64_t sequence = 0;  // in the stream
  };
  // How far a stream has come by messages of ours.
  struct Place {
    std::string stream;
    uint64_t last = 0;
  };

  Result<void> connect();
  void begin(const Delivery& delivery);
  void go_back();
  Result<void> deliver(const Delivery& delivery);
  bool may_publish(const Delivery& delivery) const;
  Result<void> await_answers();
  Result<void> settle(const Delivery& delivery);
  void publish(const Delivery& delivery, size_t message);
  void append_headers(const Delivery& delivery, size_t message, std::string_view subject);
  void refuse(size_t message, std::string why);
  Result<void> lost(Error error);
  void answered(uint64_t number, std::string_view headers, std::string_view body) override;
  void advance();
  bool stands(const Outcome& outcome, size_t message);
  uint32_t place_of(std::string_view stream);
  void save();

  const NatsOptions options_;
  Interrupt interrupt_;
  std::unique_ptr<Connection> connection_;  // none after a failure
  size_t server_ = 0;                       // number of the one in use
  bool was_open_ = false;
  std::atomic<uint64_t> duplicates_{0}, republished_{0};

  std::vector<Place> places_;
  std::string note_;  // places_ as they were at the checkpoint

  // Of the delivery in hand, which comes again after a failure.
  uint64_t sequence_ = 0;
  std::vector<Outcome> outcomes_;  // by message
  std::vector<size_t> sizes_;      // by message, of those that were published
  std::vector<Refusal> refused_;
  size_t whole_ = 0;         // as Delivery has it
  size_t safe_ = 0;          // messages before this one need nothing more
  size_t sent_ = 0;          // messages before this one were published, or refused
  bool one_by_one_ = false;  // one was rejected: none may pass it
  bool probing_ = false;     // the first one tells whether the stream has what comes
  std::string rejected_;     // why the first that was rejected is not taken; empty: none is
  bool behind_ = false;      // safe_ is in the stream, before what precedes it
  // Messages before `again_end_` are published under an id of the place `again_`.
  uint64_t again_ = 0;
  size_t again_end_ = 0;
  // The messages published, by the numbers that the connection gave them.
  uint64_t first_number_ = 0;
  std::vector<size_t> numbered_;
  size_t unanswered_ = 0, under_way_ = 0;  // messages, and their bytes
  std::string headers_;                    // room for those of one message
};

// NAME SEQUENCE, and so on: names have no white space in them.
Result<void> NatsSink::open(std::string_view saved) {
  places_.clear();
  note_ = saved;
  while (!saved.empty()) {
    size_t space = saved.find(' '), end = std::min(saved.find(' ', space + 1), saved.size());
    if (space == saved.npos) break;
    Place& place = places_.emplace_back(std::string(saved.substr(0, space)));
    std::from_chars(saved.data() + space + 1, saved.data() + end, place.last);
    saved.remove_prefix(std::min(end + 1, saved.size()));
  }
  return connect();
}

Result<void> NatsSink::connect() {
  connection_.reset();
  auto attempt = [&](size_t number) -> Result<void> {
    SLUICE_ASSIGN(made, Connection::open(options_.connection, number, interrupt_));
    SLUICE_TRY(nats::expect_stream(*made, options_.stream, options_.subjects));
    connection_ = std::move(made);
    return {};
  };
  auto result = first_of(options_.connection.servers.size(), server_, attempt);
  if (!result) {
    // What it refuses at the start is the operator's to mend; later it may be mended there.
    bool waits = was_open_ && result.error().fault == Fault::Fatal;
    return waits ? retryable("{}", result.error().what) : result;
  }
  was_open_ = true;
  numbered_.clear();
  go_back();
  probing_ = true;
  return {};
}

void NatsSink::begin(const Delivery& delivery) {
  whole_ = delivery.whole;
  if (delivery.batch.sequence == sequence_ && delivery.messages.size() == outcomes_.size()) return;
  sequence_ = delivery.batch.sequence;
  outcomes_.assign(delivery.messages.size(), {});
  sizes_.assign(delivery.messages.size(), 0);
  refused_.clear();
  if (again_end_ > 0) probing_ = true;
  safe_ = sent_ = again_end_ = 0;
  one_by_one_ = behind_ = false;
  rejected_.clear();
  numbered_.clear();
  if (whole_ == 0) save();
}

// To the first message that is not safe: those behind it are published again, too.
void NatsSink::go_back() {
  sent_ = safe_;
  unanswered_ = under_way_ = 0;
  rejected_.clear();
  behind_ = false;
  std::fill(outcomes_.begin() + static_cast<ptrdiff_t>(safe_), outcomes_.end(), Outcome());
  std::erase_if(refused_, [&](const Refusal& refusal) { return refusal.message >= safe_; });
}

Result<void> NatsSink::write(const Delivery& delivery) {
  begin(delivery);
  auto result = deliver(delivery);
  if (!result) return result;
  std::sort(refused_.begin(), refused_.end(),
            [](const auto& a, const auto& b) { return a.message < b.message; });
  return {};
}

bool NatsSink::may_publish(const Delivery& delivery) const {
  if (sent_ == delivery.messages.size() || behind_ || !rejected_.empty()) return false;
  if (unanswered_ == 0) return true;
  return !one_by_one_ && !probing_ && unanswered_ < options_.window && under_way_ < kMostUnderWay;
}

Result<void> NatsSink::deliver(const Delivery& delivery) {
  while (safe_ < delivery.messages.size()) {
    while (may_publish(delivery) && connection_->unsent() < kMostUnsent) publish(delivery, sent_++);
    if (auto sent = connection_->send(*this); !sent) return lost(std::move(sent).error());
    if (may_publish(delivery)) continue;
    if (unanswered_ > 0) SLUICE_TRY(await_answers());
    if (unanswered_ == 0) SLUICE_TRY(settle(delivery));
  }
  return {};
}

// One at least.
Result<void> NatsSink::await_answers() {
  const size_t before = unanswered_;
  SteadyTime end = steady_now() + options_.connection.patience;
  while (unanswered_ == before) {
    auto left = std::chrono::duration_cast<milliseconds>(end - steady_now());
    if (left.count() <= 0) {
      return lost(Error{Fault::Retryable,
                        fmt::format("{} acknowledged nothing for {} s", connection_->describe(),
                                    std::chrono::duration<double>(options_.connection.patience).count())});
    }
    auto came = connection_->receive(*this, left);
    if (came && connection_->unsent() > 0) {  // it asked whether we are there
      if (auto sent = connection_->send(*this); !sent) came = tl::unexpected(std::move(sent).error());
    }
    if (!came) return lost(std::move(came).error());
  }
  return {};
}

// All that was published is answered.
Result<void> NatsSink::settle(const Delivery& delivery) {
  if (behind_) {
    again_ = places_[outcomes_[safe_].stream].last;
    again_end_ = outcomes_.size();
    republished_ += sent_ - safe_;
  }
  if (rejected_.empty()) {
    if (behind_) go_back();
    return {};
  }
  one_by_one_ = true;
  std::string why = fmt::format("{} does not take a message on the subject '{}': {}", connection_->describe(),
                                delivery.destination(delivery.address(safe_).destination), rejected_);
  go_back();
  return retryable("{}", why);
}

void NatsSink::publish(const Delivery& delivery, size_t number) {
  std::string_view subject = delivery.destination(delivery.address(number).destination);
  if (std::string_view fault = nats::fault_of(subject); !fault.empty()) {
    return refuse(number, fmt::format("its subject '{}' {}", subject.substr(0, 80), fault));
  }
  append_headers(delivery, number, subject);
  std::string_view value = delivery.value(number);
  if (headers_.empty()) return;  // refused
  size_t size = Connection::kAroundHeaders + headers_.size() + value.size();
  if (size > connection_->most_bytes()) {
    return refuse(number, fmt::format("it has {} bytes with its headers, and {} takes {} (max_payload)", size,
                                      connection_->describe(), connection_->most_bytes()));
  }
  uint64_t given = connection_->publish(subject, headers_, value);
  if (numbered_.empty()) first_number_ = given;
  numbered_.push_back(number);
  sizes_[number] = size;
  ++unanswered_;
  under_way_ += size;
}

// Into headers_, which stays empty where the message is refused. Behind the change's id stands what tells its
// messages apart, and those of others who publish the same change elsewhere or count the changes of other
// tables.
void NatsSink::append_headers(const Delivery& delivery, size_t number, std::string_view subject) {
  const uint32_t change_number = delivery.messages[number].change;
  const Change& change = delivery.batch.changes[change_number];
  size_t earlier = 0;  // messages of the same change
  while (earlier < number && delivery.messages[number - earlier - 1].change == change_number) ++earlier;
  headers_.assign(subject);
  if (change.table) headers_.append(1, ' ').append(full_name(*change.table));
  if (earlier > 0) headers_ += fmt::format(" {}", earlier);
  auto tag = static_cast<uint32_t>(murmur2(headers_));
  headers_.clear();
  fmt::format_to(std::back_inserter(headers_), "Nats-Msg-Id: {}#{}/{:08x}",
                 delivery.batch.transactions[change.transaction].id, change.index, tag);
  if (number < again_end_) fmt::format_to(std::back_inserter(headers_), "@{}", again_);
  headers_ += "\r\n";
  if (!options_.stream.name.empty()) {
    headers_.append("Nats-Expected-Stream: ").append(options_.stream.name).append("\r\n");
  }
  auto append = [&](std::string_view name, std::string_view value) {
    bool fits = name.find_first_of(std::string_view("\r\n:\0", 4)) == name.npos && !name.empty() &&
                value.find_first_of(std::string_view("\r\n\0", 3)) == value.npos;
    if (fits) {
      headers_.append(name).append(": ").append(value).append("\r\n");
      return true;
    }
    refuse(number, fmt::format("its header '{}' has a line end or a zero byte in it", name.substr(0, 80)));
    return false;
  };
  bool good = true;
  delivery.headers(
      number, [&](std::string_view name, std::string_view value) { good = good && append(name, value); });
  if (good && delivery.address(number).keyed) good = append("key", delivery.key(number));
  if (!good) headers_.clear();
}

void NatsSink::refuse(size_t message, std::string why) {
  outcomes_[message].state = State::Refused;
  refused_.push_back({message, std::move(why)});
  advance();
}

// The connection is of no use any more.
Result<void> NatsSink::lost(Error error) {
  connection_.reset();
  go_back();
  // A right that is withdrawn may be given back.
  if (error.fault == Fault::Fatal) error.fault = Fault::Retryable;
  return tl::unexpected(std::move(error));
}

void NatsSink::answered(uint64_t number, std::string_view headers, std::string_view body) {
  if (number < first_number_ || number - first_number_ >= numbered_.size()) return;
  size_t message = numbered_[number - first_number_];
  Outcome& outcome = outcomes_[message];
  if (outcome.state != State::Waiting) return;
  Ack ack = nats::parse_ack(headers, body);
  --unanswered_;
  under_way_ -= sizes_[message];
  probing_ = false;
  if (ack.code == Ack::kTooLarge)
    return refuse(message, fmt::format("its stream refuses it: {}", ack.reason));
  if (ack.code != 0) {
    outcome.state = State::Rejected;
    if (rejected_.empty()) rejected_ = ack.reason;
  } else {
    outcome = {State::Taken, ack.duplicate, place_of(ack.stream), ack.sequence};
  }
  advance();
}

void NatsSink::advance() {
  while (safe_ < sent_ && !behind_) {
    const Outcome& outcome = outcomes_[safe_];
    if (outcome.state == State::Waiting || outcome.state == State::Rejected) return;
    if (outcome.state == State::Taken && !stands(outcome, safe_)) {
      behind_ = true;
      return;
    }
    if (++safe_ == whole_) save();
  }
}

// Whether it stands behind all that precedes it. What is no duplicate is the stream's last, even if its place
// is a lower one: then the stream was made anew.
bool NatsSink::stands(const Outcome& outcome, size_t message) {
  Place& place = places_[outcome.stream];
  bool tried = message < again_end_ && again_ == place.last;  // under an id that says so itself
  if (outcome.duplicate && outcome.sequence <= place.last && !tried) return false;
  place.last = outcome.sequence;
  duplicates_ += outcome.duplicate;
  return true;
}

uint32_t NatsSink::place_of(std::string_view stream) {
  auto found =
      std::find_if(places_.begin(), places_.end(), [&](const Place& each) { return each.stream == stream; });
  if (found == places_.end()) found = places_.insert(found, {std::string(stream), 0});
  return static_cast<uint32_t>(found - places_.begin());
}

void NatsSink::save() {
  note_.clear();
  for (const Place& each : places_) {
    note_ += fmt::format("{}{} {}", note_.empty() ? "" : " ", each.stream, each.last);
  }
}

Result<void> NatsSink::tick() {
  if (!connection_) return {};
  auto came = connection_->receive(*this, milliseconds(0));
  Result<void> sent = came ? connection_->send(*this) : tl::unexpected(std::move(came).error());
  if (sent || sent.error().fault == Fault::Stopped) return sent;
  return lost(std::move(sent).error());
}

Result<std::unique_ptr<Sink>> make(const Settings& settings) {
  SLUICE_ASSIGN(options, nats::parse_options(settings));
  return std::make_unique<NatsSink>(std::move(options));
}

constexpr Addressing kAddressing{
    .option = "to", .escape = nats::escape_subject, .escape_place = nats::escape_token};

}  // namespace

const SinkType nats_sink{"nats", "subjects that streams of NATS JetStream keep", nats::option_table(), make,
                         &kAddressing};

}  // namespace sluice
