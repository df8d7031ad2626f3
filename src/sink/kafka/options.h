// What the Kafka sink can be told.
#pragma once

#include <chrono>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/option.h"

namespace sluice::kafka {

struct KafkaOptions {
  using Properties = std::vector<std::pair<std::string, std::string>>;

  std::string brokers;  // host:port,…
  Properties
      properties;  // of librdkafka, for every client; the operator's own stand last. With secrets in it
  bool create_topics = false;
  int partitions = -1;   // of topics that are created; -1: as the cluster has it
  int replication = -1;  // likewise
  Properties topic_settings;
  std::chrono::milliseconds timeout{0};  // without any acknowledgement
  bool scram = false;
  std::string transactional_id;  // empty: at least once
  std::string checkpoint_topic;
};

std::span<const Option> option_table();
// Every property is tried on librdkafka, whose words are those of the fault.
Result<KafkaOptions> parse_options(const Settings& settings);

}  // namespace sluice::kafka
