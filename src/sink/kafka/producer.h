// Producer: librdkafka's producer, the topics it knows, and what it says of its troubles. One thread's own
// but for the flag that ends its waits.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "base/result.h"
#include "sink/kafka/options.h"

struct rd_kafka_s;
struct rd_kafka_topic_s;
struct rd_kafka_message_s;
struct rd_kafka_headers_s;

namespace sluice::kafka {

// Is told once of every message that was taken, while somebody polls. `code` is librdkafka's, 0:
// acknowledged.
class Receiver {
 public:
  virtual ~Receiver() = default;
  virtual void reported(void* tag, int code) noexcept = 0;
};

struct Topic {
  rd_kafka_topic_s* handle = nullptr;
  int32_t partitions = 0;
  SteadyTime counted;  // when `partitions` was asked for
};

// A message as Kafka has it. A null pointer is a null key or value; what they point at stays until the
// report.
struct Record {
  static constexpr int32_t kChoose = -1;  // by the key as Java's clients do it, or any

  const Topic* topic;
  int32_t partition = kChoose;
  std::string_view key, value;
  rd_kafka_headers_s* headers = nullptr;  // taken over, whatever comes of it
  void* tag = nullptr;                    // for the receiver
};

class Producer {
 public:
  // `gapless`: no message of a partition is taken behind one that failed. Not for transactions, which fail as
  // a whole. Faults are of Usage where the settings do not go together.
  static Result<std::unique_ptr<Producer>> make(const KafkaOptions& options, Receiver& receiver, bool gapless,
                                                const std::atomic<bool>& interrupted);
  // Afterwards nothing points at what was given to produce().
  ~Producer();
  Producer(const Producer&) = delete;

  // Returns once the cluster answers.
  Result<void> connect();
  // The topic of that name, which is created if that was asked for. Valid until forget_topics().
  Result<const Topic*> topic(std::string_view name);
  // Topics that are known; forgetting them is allowed while no message is under way.
  size_t topics() const { return topics_.size(); }
  void forget_topics() { topics_.clear(); }

  // What a request takes of one partition's messages. Librdkafka 2.0.2 has one such request under way (it
  // counts messages where it means requests), and polls without pause while more waits behind it.
  uint64_t request_bytes() const { return request_bytes_; }
  // Librdkafka's code; 0: taken, and a report will come.
  int produce(const Record& record);
  // Serves reports, for at most `patience`; with flush() messages need not linger for others.
  void poll(std::chrono::milliseconds patience);
  void flush(std::chrono::milliseconds patience);
  // What has ended this producer for good, or 0.
  int fatal_code() const;

  // Of the transactional_id. Fences off whoever used it before, and aborts what they left open.
  Result<void> init_transactions();
  // Makes sure that the topic of checkpoints is there.
  Result<void> checkpoint_topic();
  Result<void> begin_transaction();
  // After a Retryable failure nobody knows whether it was committed.
  Result<void> commit_transaction(std::chrono::milliseconds patience);

  // `attempt` failed with this code; with what is known of the reason, and what to do about it.
  Failure fault(int code, std::string_view attempt) const;
  // The last trouble with connections, in words; empty: none since the last acknowledgement.
  const std::string& trouble() const { return trouble_; }

 private:
  struct TopicFree {
    void operator()(Topic* topic) const;
  };
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  using Topics = std::unordered_map<std::string, std::unique_ptr<Topic, TopicFree>, Hash, std::equal_to<>>;

  Producer(const KafkaOptions& options, Receiver& receiver, const std::atomic<bool>& interrupted)
      : options_(options), receiver_(receiver), interrupted_(interrupted) {}
  static void on_report(rd_kafka_s* handle, const rd_kafka_message_s* message, void* self);
  static void on_error(rd_kafka_s* handle, int code, const char* reason, void* self);
  static int on_certificate(rd_kafka_s* handle, const char* broker, int32_t number, int* fault, int depth,
                            const char* bytes, size_t size, char* words, size_t room, void* self);
  std::optional<std::string> certificate_trouble(std::string_view reason);

  bool transactional() const { return !options_.transactional_id.empty(); }
  struct Plan {
    int partitions, replication;
    const KafkaOptions::Properties& settings;
  };
  Result<void> create(const std::string& name, const Plan& plan);
  // Asks the cluster for the topic's partitions; 0: it has no such topic yet.
  Result<int32_t> count_partitions(const std::string& name, rd_kafka_topic_s* handle);
  Result<int32_t> await_partitions(const std::string& name, rd_kafka_topic_s* handle);
  template <class Attempt>
  Result<void> transact(std::string_view doing, std::chrono::milliseconds patience, Attempt attempt);

  const KafkaOptions& options_;
  Receiver& receiver_;
  const std::atomic<bool>& interrupted_;
  rd_kafka_s* handle_ = nullptr;
  uint64_t request_bytes_ = 0;
  Topics topics_;
  std::string trouble_;
  bool refused_login_ = false;
  bool refused_tls_ = false;

  // Of the broker's certificate that was refused last; told by threads of librdkafka.
  std::mutex verdict_mutex_;
  std::string verdict_broker_;  // HOST:PORT; empty: of none
  std::string_view verdict_;
};

}  // namespace sluice::kafka
