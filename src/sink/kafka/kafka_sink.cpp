#include "sink/kafka/kafka_sink.h"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>

#include "base/check.h"
#include "base/log.h"
#include "model/position.h"
#include "sink/kafka/checkpoint.h"
#include "sink/kafka/options.h"
#include "sink/kafka/producer.h"
#include "sink/kafka/topic_name.h"

namespace sluice {
namespace {

using kafka::KafkaOptions;
using kafka::Producer;
using kafka::Record;
using kafka::Topic;
using std::chrono::milliseconds;

constexpr milliseconds kSlice{100};  // how soon a wait notices an interrupt
// Reports are served after so many messages, since each takes memory until then.
constexpr size_t kServeEvery = 1024;
// More than a message takes in a request besides key, value and headers.
constexpr size_t kRecordBytes = 64;
// Beyond so many they are all asked for again.
constexpr size_t kMostTopics = 20'000;
// What a transaction may wait that cannot be sent again; the brokers end it then.
constexpr std::chrono::minutes kTransactionPatience{15};
// Stands for the checkpoint's record, which is no message of the delivery.
constexpr size_t kCheckpoint = SIZE_MAX;

// The target will not take such a message, whatever is done.
bool refuses(int code) {
  return code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE || code == RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE ||
         code == RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE || code == RD_KAFKA_RESP_ERR_INVALID_RECORD;
}

rd_kafka_headers_t* headers_of(const Delivery& delivery, size_t number) {
  if (delivery.address(number).headers_size == 0) return nullptr;
  rd_kafka_headers_t* headers = rd_kafka_headers_new(8);
  delivery.headers(number, [&](std::string_view name, std::string_view value) {
    rd_kafka_header_add(headers, name.data(), static_cast<ssize_t>(name.size()), value.data(),
                        static_cast<ssize_t>(value.size()));
  });
  return headers;
}

class KafkaSink : public Sink, kafka::Receiver {
 public:
  explicit KafkaSink(KafkaOptions options) : options_(std::move(options)) {}

  Result<void> open(std::string_view) override { return connect(); }
  Result<void> reopen() override { return producer_ ? Result<void>() : connect(); }
  Result<void> write(const Delivery& delivery) override;
  std::span<const Refusal> refused() const override { return refused_; }
  std::optional<Position> position() const override { return position_; }
  Result<void> tick() override;
  void close() override { producer_.reset(); }
  void interrupt() noexcept override { interrupted_ = true; }

 private:
  enum class State : uint8_t { Waiting, Done, Refused };

  bool transactional() const { return !options_.transactional_id.empty(); }
  milliseconds patience() const {
    return earlier_ && in_transaction_ ? milliseconds(kTransactionPatience) : options_.timeout;
  }
  Result<void> connect();
  Result<void> recover();
  void begin(const Delivery& delivery);
  Result<void> deliver(const Delivery& delivery);
  Result<void> deliver_in_transactions(const Delivery& delivery);
  Result<void> find_topics(const Delivery& delivery);
  Result<void> send(const Delivery& delivery, size_t first, size_t last);
  Result<void> make_room(const Delivery& delivery, size_t number);
  Result<void> send_one(const Delivery& delivery, size_t number);
  Result<void> produce(const Delivery& delivery, Record record, size_t message);
  Result<void> settle(const Delivery& delivery);
  Result<void> commit(const Delivery& delivery);
  Failure failure(const Delivery& delivery);
  void refuse(size_t message, int code);
  void reported(void* tag, int code) noexcept override;
  Result<int32_t> partition_of(const Delivery& delivery, size_t number, const Topic& topic) const;

  const KafkaOptions options_;
  std::atomic<bool> interrupted_{false};
  std::unique_ptr<Producer> producer_;  // none after a failure
  std::optional<Position> position_;
  std::string stored_;  // the checkpoint at the target, as text

  // Of the delivery in hand, kept while it comes again.
  uint64_t sequence_ = 0;
  bool again_ = false;         // the last write failed
  bool one_by_one_ = false;    // to learn which messages of a batch the target refuses
  bool committed_ = false;     // its first `whole` messages, in their transaction
  std::vector<State> states_;  // by message
  size_t under_way_ = 0;       // taken by the producer and not yet reported
  int failure_ = 0;            // the code reported first, but for one that refuses a message
  size_t failed_ = 0;          // the message that it was reported of
  std::vector<Refusal> refused_;
  std::vector<const Topic*> topics_;  // by the number of the destination
  std::vector<uint64_t> sizes_;       // likewise: bytes sent since all was reported

  bool in_transaction_ = false;
  bool earlier_ = false;  // the open transaction holds messages of earlier deliveries
};

Result<void> KafkaSink::connect() {
  producer_.reset();
  under_way_ = 0;
  in_transaction_ = false;
  SLUICE_ASSIGN(made, Producer::make(options_, *this, !one_by_one_, interrupted_));
  SLUICE_TRY(made->connect());
  producer_ = std::move(made);
  if (!transactional()) return {};
  auto recovered = recover();
  if (!recovered) producer_.reset();
  return recovered;
}

// Takes the transactional_id over and learns how far the target has come.
Result<void> KafkaSink::recover() {
  SLUICE_TRY(producer_->init_transactions());
  SLUICE_TRY(producer_->checkpoint_topic());
  SLUICE_ASSIGN(stored, kafka::read_checkpoint(options_, interrupted_));
  stored_ = std::move(stored);
  position_.reset();
  if (stored_.empty()) return {};
  auto parsed = parse_position(stored_);
  if (!parsed) {
    return while_doing(fmt::format("cannot use the checkpoint in the topic '{}'", options_.checkpoint_topic),
                       std::move(parsed).error());
  }
  position_ = std::move(*parsed);
  return {};
}

void KafkaSink::begin(const Delivery& delivery) {
  bool same = again_ && sequence_ == delivery.batch.sequence && states_.size() == delivery.messages.size();
  if (!same) {
    sequence_ = delivery.batch.sequence;
    states_.assign(delivery.messages.size(), State::Waiting);
    refused_.clear();
    one_by_one_ = committed_ = false;
  } else if (transactional()) {
    // The transaction that they were in is gone.
    std::replace(states_.begin(), states_.end(), State::Done, State::Waiting);
    committed_ = committed_ || (delivery.position && stored_ == to_text(*delivery.position));
  }
  again_ = true;
  failure_ = 0;
}

Result<void> KafkaSink::write(const Delivery& delivery) {
  for (;;) {
    Result<void> result = producer_ ? Result<void>() : connect();
    begin(delivery);
    if (result) result = deliver(delivery);
    if (result) break;
    // Ends what still points into the delivery.
    producer_.reset();
    bool learns = refuses(failure_) && (!one_by_one_ || transactional());
    if (!learns || result.error().fault != Fault::Retryable) return result;
    one_by_one_ = true;
  }
  again_ = false;
  earlier_ = in_transaction_;
  // The next one shall let nothing pass a message that fails.
  if (one_by_one_ && !transactional()) producer_.reset();
  one_by_one_ = false;
  return {};
}

Result<void> KafkaSink::deliver(const Delivery& delivery) {
  SLUICE_TRY(find_topics(delivery));
  if (transactional()) return deliver_in_transactions(delivery);
  SLUICE_TRY(send(delivery, 0, delivery.messages.size()));
  return settle(delivery);
}

Result<void> KafkaSink::deliver_in_transactions(const Delivery& delivery) {
  if (earlier_ && !in_transaction_ && !committed_) {
    return fatal(
        "the transaction '{}' at Kafka {} was given up with changes in it that are not at hand any more; "
        "nothing "
        "is lost: a start goes on behind the last transaction that was committed",
        options_.transactional_id, options_.brokers);
  }
  size_t rest = 0;
  if (delivery.whole != Delivery::kInside) {
    rest = delivery.whole;
    if (!committed_) {
      SLUICE_TRY(send(delivery, 0, rest));
      SLUICE_TRY(commit(delivery));
    }
    committed_ = true;
    earlier_ = false;
  }
  SLUICE_TRY(send(delivery, rest, delivery.messages.size()));
  return settle(delivery);
}

Result<void> KafkaSink::find_topics(const Delivery& delivery) {
  topics_.clear();
  if (delivery.messages.empty()) return {};
  if (producer_->topics() > kMostTopics) producer_->forget_topics();
  for (uint32_t i = 0; i < delivery.destinations(); ++i) {
    SLUICE_ASSIGN(topic, producer_->topic(delivery.destination(i)));
    topics_.push_back(topic);
  }
  sizes_.assign(topics_.size(), 0);
  return {};
}

Result<int32_t> KafkaSink::partition_of(const Delivery& delivery, size_t number, const Topic& topic) const {
  const Address& address = delivery.address(number);
  if (address.partition >= topic.partitions) {
    return fatal(
        "the topic '{}' at Kafka {} has {} partitions, and number {} is asked for (they count from 0)",
        delivery.destination(address.destination), options_.brokers, topic.partitions, address.partition);
  }
  if (address.partition >= 0) return address.partition;
  if (address.hashed) return static_cast<int32_t>(std::llabs(address.hash) % topic.partitions);
  return Record::kChoose;
}

Result<void> KafkaSink::send(const Delivery& delivery, size_t first, size_t last) {
  for (size_t i = first; i < last; ++i) {
    if (states_[i] != State::Waiting) continue;
    if (transactional() && !in_transaction_) {
      SLUICE_TRY(producer_->begin_transaction());
      in_transaction_ = true;
    }
    SLUICE_TRY(make_room(delivery, i));
    SLUICE_TRY(send_one(delivery, i));
    if (one_by_one_) SLUICE_TRY(settle(delivery));
    if (i % kServeEvery == 0) producer_->poll(milliseconds(0));
    if (failure_) return failure(delivery);
  }
  return {};
}

// Of each topic about as much is under way as its partitions take in a request each: what waits behind that
// is sent no sooner, and keeps a processor busy with waiting.
Result<void> KafkaSink::make_room(const Delivery& delivery, size_t number) {
  const Message& message = delivery.messages[number];
  const Address& address = delivery.address(number);
  uint64_t size = message.end - message.begin + address.key_size + address.headers_size + kRecordBytes;
  uint64_t most =
      producer_->request_bytes() * static_cast<uint64_t>(topics_[address.destination]->partitions);
  if (sizes_[address.destination] + size > most) SLUICE_TRY(settle(delivery));
  sizes_[address.destination] += size;
  return {};
}

Result<void> KafkaSink::send_one(const Delivery& delivery, size_t number) {
  const Message& message = delivery.messages[number];
  const Address& address = delivery.address(number);
  const Topic* topic = topics_[address.destination];
  SLUICE_ASSIGN(partition, partition_of(delivery, number, *topic));
  Record record{.topic = topic, .partition = partition, .tag = &states_[number]};
  if (!message.no_value) record.value = delivery.value(number);
  if (address.keyed) record.key = delivery.key(number);
  return produce(delivery, record, number);
}

// `message`: whose headers it has, if it stands for one.
Result<void> KafkaSink::produce(const Delivery& delivery, Record record, size_t message) {
  for (;;) {
    if (message != kCheckpoint) record.headers = headers_of(delivery, message);
    int code = producer_->produce(record);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
      ++under_way_;
      return {};
    }
    if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
      SLUICE_TRY(settle(delivery));
      continue;
    }
    // Librdkafka did not take it, which disturbs neither the others nor a transaction.
    if (refuses(code) && message != kCheckpoint) {
      refuse(message, code);
      return {};
    }
    failure_ = code;
    failed_ = message;
    return failure(delivery);
  }
}

// Waits until all that was sent is reported.
Result<void> KafkaSink::settle(const Delivery& delivery) {
  SteadyTime since = steady_now(), told = since;
  while (under_way_ > 0) {
    size_t before = under_way_;
    producer_->flush(kSlice);
    // A report of what was refused explains the others.
    if (failure_ && !refuses(failure_)) producer_->flush(kSlice);
    if (failure_) return failure(delivery);
    if (interrupted_) return stopped();
    SteadyTime now = steady_now();
    if (under_way_ != before) {
      since = told = now;
    } else if (now - since >= patience()) {
      return producer_->fault(RD_KAFKA_RESP_ERR__TIMED_OUT, "have messages acknowledged");
    } else if (now - told >= options_.timeout) {
      told = now;
      log::warning("no acknowledgement from Kafka {} for {} s: {}", options_.brokers,
                   std::chrono::duration_cast<std::chrono::seconds>(now - since).count(),
                   producer_->trouble());
    }
  }
  if (failure_) return failure(delivery);
  std::fill(sizes_.begin(), sizes_.end(), 0);
  return {};
}

Result<void> KafkaSink::commit(const Delivery& delivery) {
  if (!in_transaction_) return {};
  CHECK(delivery.position);
  if (!refused_.empty() && delivery.judge) SLUICE_TRY(delivery.judge->judge(delivery, refused_));
  std::string text = to_text(*delivery.position);
  SLUICE_ASSIGN(topic, producer_->topic(options_.checkpoint_topic));
  Record record{.topic = topic, .partition = 0, .key = options_.transactional_id, .value = text};
  SLUICE_TRY(produce(delivery, record, kCheckpoint));
  if (auto settled = settle(delivery); !settled) {
    producer_.reset();  // it points at `text`
    return settled;
  }
  SLUICE_TRY(producer_->commit_transaction(patience()));
  in_transaction_ = false;
  stored_ = std::move(text);
  return {};
}

Failure KafkaSink::failure(const Delivery& delivery) {
  std::string_view topic = failed_ == kCheckpoint
                               ? options_.checkpoint_topic
                               : delivery.destination(delivery.address(failed_).destination);
  return producer_->fault(failure_, fmt::format("deliver to the topic '{}'", topic));
}

void KafkaSink::refuse(size_t message, int code) {
  states_[message] = State::Refused;
  refused_.push_back({message, rd_kafka_err2str(static_cast<rd_kafka_resp_err_t>(code))});
}

void KafkaSink::reported(void* tag, int code) noexcept {
  --under_way_;
  size_t message = tag ? static_cast<size_t>(static_cast<State*>(tag) - states_.data()) : kCheckpoint;
  if (code && refuses(code) && one_by_one_ && message != kCheckpoint) {
    refuse(message, code);
    // A transaction that a message failed in is to be begun anew.
    if (!transactional()) return;
  }
  if (code) {
    if (failure_ && !(refuses(code) && !refuses(failure_))) return;
    failure_ = code;
    failed_ = message;
  } else if (message != kCheckpoint) {
    states_[message] = State::Done;
  }
}

Result<void> KafkaSink::tick() {
  if (producer_) producer_->poll(milliseconds(0));
  return {};
}

Result<std::unique_ptr<Sink>> make(const Settings& settings) {
  SLUICE_ASSIGN(options, kafka::parse_options(settings));
  return std::make_unique<KafkaSink>(std::move(options));
}

constexpr Addressing kAddressing = {.option = "topic", .escape = kafka::escape_topic, .partitions = true};

}  // namespace

const SinkType kafka_sink = {
    .name = "kafka",
    .summary = "topics of Kafka",
    .options = kafka::option_table(),
    .make = make,
    .addressing = &kAddressing,
    // Of two that have one name, each is fenced off by the other's transactions.
    .possession =
        [](const Settings& settings) {
          return Possession{"transactional_id", settings.text("transactional_id")};
        },
};

}  // namespace sluice
