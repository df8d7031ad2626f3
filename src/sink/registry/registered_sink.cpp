#include "sink/registry/registered_sink.h"

#include <algorithm>

#include "sink/registry/registry_client.h"

namespace sluice {
namespace {

using namespace registry;
using Strategy = RegistryOptions::Subject;

constexpr size_t kKeepBytes = 8u << 20;  // from one delivery to the next

class RegisteredSink final : public Sink, Judge {
 public:
  RegisteredSink(std::unique_ptr<Sink> target, RegistryOptions options)
      : target_(std::move(target)), subject_(options.subject), client_(std::move(options)) {}

  Result<void> open(std::string_view saved) override {
    SLUICE_TRY(client_.open());
    return target_->open(saved);
  }
  Result<void> reopen() override { return target_->reopen(); }
  Result<void> write(const Delivery& delivery) override;
  std::chrono::microseconds pause() const override {
    return std::max<std::chrono::microseconds>(client_.pause(), target_->pause());
  }
  std::span<const Refusal> refused() const override { return refused_; }
  std::optional<Position> position() const override { return target_->position(); }
  std::string note() const override { return target_->note(); }
  Result<void> tick() override { return target_->tick(); }
  void close() override { target_->close(); }
  std::vector<SinkCount> counts() const override { return target_->counts(); }
  void interrupt() noexcept override {
    client_.interrupt();
    target_->interrupt();
  }

 private:
  // What a schema is under a destination, in the delivery in hand.
  struct Known {
    uint32_t number, destination;
    bool is_key;
    Verdict verdict;
  };
  Result<const Verdict*> verdict_of(const Delivery& delivery, uint32_t number, uint32_t destination,
                                    bool is_key);
  std::string subject_of(const Delivery& delivery, uint32_t number, uint32_t destination, bool is_key) const;
  // Of a message and its key, each with an id or none; null: no refusal.
  Result<const std::string*> take(const Delivery& delivery, size_t i);
  Result<void> translate(const Delivery& delivery);
  Result<void> judge(const Delivery& delivery, std::span<const Refusal> refused) override;

  const std::unique_ptr<Sink> target_;
  const std::optional<Strategy> subject_;
  RegistryClient client_;
  // Of the delivery in hand.
  const Delivery* given_ = nullptr;
  std::vector<Known> known_;
  Outbox out_{true, true};
  size_t whole_ = 0;
  std::vector<size_t> origins_;  // of each message that goes on
  std::vector<Refusal> refused_;
};

std::string RegisteredSink::subject_of(const Delivery& delivery, uint32_t number, uint32_t destination,
                                       bool is_key) const {
  const std::string& record = find_schema(number)->name;
  bool topics = delivery.outbox && delivery.outbox->addressed();
  Strategy strategy = subject_.value_or(topics ? Strategy::TopicName : Strategy::RecordName);
  if (strategy == Strategy::RecordName) return record;
  std::string topic(delivery.destination(destination));
  if (strategy == Strategy::TopicRecordName) return topic + "-" + record;
  return topic + (is_key ? "-key" : "-value");
}

Result<const Verdict*> RegisteredSink::verdict_of(const Delivery& delivery, uint32_t number,
                                                  uint32_t destination, bool is_key) {
  auto same = [&](const Known& known) {
    return known.number == number && known.destination == destination && known.is_key == is_key;
  };
  auto found = std::find_if(known_.begin(), known_.end(), same);
  if (found == known_.end()) {
    SLUICE_ASSIGN(verdict, client_.id_of(subject_of(delivery, number, destination, is_key), number));
    known_.push_back({number, destination, is_key, std::move(verdict)});
    found = known_.end() - 1;
  }
  // Most messages are of the tables of those before.
  if (found - known_.begin() > 1) {
    std::rotate(known_.begin(), found, found + 1);
    found = known_.begin();
  }
  return &found->verdict;
}

Result<const std::string*> RegisteredSink::take(const Delivery& delivery, size_t i) {
  Message message = delivery.messages[i];
  Address address = delivery.outbox ? delivery.address(i) : Address();
  size_t begin = out_.bytes.size();
  out_.bytes.append(delivery.value(i));
  message.begin = begin;
  message.end = out_.bytes.size();
  if (std::exchange(message.numbered, false)) {
    char* head = out_.bytes.data() + begin;
    SLUICE_ASSIGN(verdict, verdict_of(delivery, head_number(head), address.destination, false));
    if (!verdict->refusal.empty()) return &verdict->refusal;
    set_head_number(head, verdict->id);
  }
  if (std::exchange(address.numbered, false)) {
    char* head = out_.words.data() + address.key;
    SLUICE_ASSIGN(verdict, verdict_of(delivery, head_number(head), address.destination, true));
    if (!verdict->refusal.empty()) return &verdict->refusal;
    set_head_number(head, verdict->id);
  }
  out_.messages.push_back(message);
  if (delivery.outbox) out_.addresses.push_back(address);
  return nullptr;
}

Result<void> RegisteredSink::translate(const Delivery& delivery) {
  known_.clear();
  origins_.clear();
  refused_.clear();
  out_.clear();
  out_.bytes.shrink(kKeepBytes);
  out_.words.shrink(kKeepBytes);
  out_.bytes.reserve(delivery.bytes.size());
  if (delivery.outbox) {
    out_.words.append(delivery.outbox->words.view());
    out_.destinations = delivery.outbox->destinations;
  }
  whole_ = delivery.whole;
  for (size_t i = 0; i < delivery.messages.size(); ++i) {
    size_t size = out_.bytes.size();
    SLUICE_ASSIGN(refusal, take(delivery, i));
    if (!refusal) {
      origins_.push_back(i);
      continue;
    }
    out_.bytes.truncate(size);
    refused_.push_back({i, *refusal});
    if (delivery.whole != Delivery::kInside && i < delivery.whole) --whole_;
  }
  return {};
}

Result<void> RegisteredSink::write(const Delivery& delivery) {
  SLUICE_TRY(translate(delivery));
  // A target that keeps the position must not move it past what nobody has decided on.
  if (!refused_.empty() && delivery.judge && target_->position()) {
    SLUICE_TRY(delivery.judge->judge(delivery, refused_));
  }
  Delivery translated = delivery;
  translated.messages = out_.messages;
  translated.bytes = out_.bytes.view();
  translated.whole = whole_;
  if (delivery.outbox) translated.outbox = &out_;
  translated.words = out_.words.view();
  given_ = &delivery;
  if (delivery.judge) translated.judge = this;
  SLUICE_TRY(target_->write(translated));
  for (const Refusal& each : target_->refused()) refused_.push_back({origins_[each.message], each.why});
  std::sort(refused_.begin(), refused_.end(),
            [](const Refusal& a, const Refusal& b) { return a.message < b.message; });
  return {};
}

// What is kept of a refused message is what the encoder made.
Result<void> RegisteredSink::judge(const Delivery&, std::span<const Refusal> refused) {
  std::vector<Refusal> given;
  for (const Refusal& each : refused) given.push_back({origins_[each.message], each.why});
  return given_->judge->judge(*given_, given);
}

}  // namespace

std::unique_ptr<Sink> make_registered_sink(std::unique_ptr<Sink> target, RegistryOptions options) {
  return std::make_unique<RegisteredSink>(std::move(target), std::move(options));
}

}  // namespace sluice
