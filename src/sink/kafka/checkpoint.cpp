#include "sink/kafka/checkpoint.h"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>

#include "base/clock.h"
#include "base/log.h"

namespace sluice::kafka {
namespace {

constexpr int kPatienceMs = 200;  // of one call
// How far from the end the search begins; each commit leaves its record and a marker.
constexpr int64_t kFirstLook = 64;

struct ConsumerFree {
  void operator()(rd_kafka_t* handle) const { rd_kafka_destroy(handle); }
};
using ConsumerPtr = std::unique_ptr<rd_kafka_t, ConsumerFree>;

void on_log(const rd_kafka_t*, int, const char* facility, const char* text) {
  log::debug("librdkafka: {}: {}", facility, text);
}

Result<ConsumerPtr> make_consumer(const KafkaOptions& options) {
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  char reason[512];
  bool good = true;
  auto set = [&](const std::string& name, const std::string& value) {
    good = good &&
           rd_kafka_conf_set(conf, name.c_str(), value.c_str(), reason, sizeof reason) == RD_KAFKA_CONF_OK;
  };
  for (const auto& [name, value] : options.properties) set(name, value);
  set("group.id", options.transactional_id);
  set("enable.auto.commit", "false");
  set("isolation.level", "read_committed");
  set("enable.partition.eof", "true");
  rd_kafka_conf_set_log_cb(conf, on_log);
  rd_kafka_t* handle = good ? rd_kafka_new(RD_KAFKA_CONSUMER, conf, reason, sizeof reason) : nullptr;
  if (!handle) {
    rd_kafka_conf_destroy(conf);
    return usage("cannot set up the Kafka client that reads the checkpoint: {}", reason);
  }
  return ConsumerPtr(handle);
}

class Search {
 public:
  Search(const KafkaOptions& options, rd_kafka_t* consumer, const std::atomic<bool>& interrupted)
      : options_(options), consumer_(consumer), interrupted_(interrupted) {}

  Result<std::string> run() {
    int64_t low = 0, high = 0;
    SLUICE_TRY(find_bounds(low, high));
    for (int64_t look = kFirstLook; low < high; look *= 16) {
      int64_t from = std::max(low, high - look);
      SLUICE_ASSIGN(found, last_from(from));
      if (found) return *found;
      if (from == low) break;
    }
    return std::string();
  }

 private:
  Failure failure(rd_kafka_resp_err_t code) const {
    return retryable("cannot read the checkpoint in the topic '{}' at Kafka {}: {}",
                     options_.checkpoint_topic, options_.brokers, rd_kafka_err2str(code));
  }

  Result<void> find_bounds(int64_t& low, int64_t& high) {
    for (SteadyTime end = steady_now() + options_.timeout;;) {
      rd_kafka_resp_err_t code = rd_kafka_query_watermark_offsets(
          consumer_, options_.checkpoint_topic.c_str(), 0, &low, &high, kPatienceMs);
      if (!code) return {};
      if (interrupted_) return stopped();
      if (steady_now() >= end) return failure(code);
    }
  }

  // Reads from `offset` to the end.
  Result<std::optional<std::string>> last_from(int64_t offset) {
    std::unique_ptr<rd_kafka_topic_partition_list_t, void (*)(rd_kafka_topic_partition_list_t*)> places(
        rd_kafka_topic_partition_list_new(1), rd_kafka_topic_partition_list_destroy);
    rd_kafka_topic_partition_list_add(places.get(), options_.checkpoint_topic.c_str(), 0)->offset = offset;
    if (auto code = rd_kafka_assign(consumer_, places.get())) return failure(code);
    std::optional<std::string> last;
    for (SteadyTime end = steady_now() + options_.timeout;;) {
      std::unique_ptr<rd_kafka_message_t, void (*)(rd_kafka_message_t*)> message(
          rd_kafka_consumer_poll(consumer_, kPatienceMs), rd_kafka_message_destroy);
      if (interrupted_) return stopped();
      if (message && message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) return last;
      if (message && !message->err) {
        std::string_view key(static_cast<const char*>(message->key), message->key_len);
        if (key == options_.transactional_id)
          last.emplace(static_cast<const char*>(message->payload), message->len);
        end = steady_now() + options_.timeout;
      } else if (steady_now() >= end) {
        return failure(message ? message->err : RD_KAFKA_RESP_ERR__TIMED_OUT);
      }
    }
  }

  const KafkaOptions& options_;
  rd_kafka_t* consumer_;
  const std::atomic<bool>& interrupted_;
};

}  // namespace

Result<std::string> read_checkpoint(const KafkaOptions& options, const std::atomic<bool>& interrupted) {
  SLUICE_ASSIGN(consumer, make_consumer(options));
  return Search(options, consumer.get(), interrupted).run();
}

}  // namespace sluice::kafka
