// The source configuration of binlogbroker (mysql-river), a JSON file: which tables it reads, and the topic
// and the column of the key that some of them have. docs/routing.md tells what it means.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace sluice::app {

struct BrokerSources {
  struct Rule {
    std::string tables;      // a pattern of a Selection
    std::string topic, key;  // templates
  };
  std::vector<std::string> tables;  // patterns of a Selection; empty: all tables
  std::vector<Rule> rules;          // in their order
};

// A Usage fault names every mistake with its place in the file.
Result<BrokerSources> read_broker_sources(const std::string& path);

}  // namespace sluice::app
