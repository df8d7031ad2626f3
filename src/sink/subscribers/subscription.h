// Subscription: which changes a client wants.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/change.h"
#include "model/selection.h"

namespace sluice::subscribers {

class RowRule;

// A bit for each Op.
using Operations = uint8_t;
constexpr Operations kAllOperations = 15;
// Of insert, update, delete and ddl; none: all.
Result<Operations> parse_operations(const std::vector<std::string>& names);

class Subscription {
 public:
  static constexpr size_t kMostPatterns = 100;
  static constexpr size_t kMostPatternBytes = 1000;

  // Patterns over topics, as model/selection.h has them, instead of those before; none: every topic. On a
  // failure all stays as it is.
  Result<void> set_topics(std::vector<std::string> patterns);
  // As wing-binlog-go's clients have it: a regular expression more, of which any part of the topic may be a
  // match; empty: every topic.
  Result<void> add_topic(std::string_view regex);
  void set_operations(Operations operations) { operations_ = operations; }
  // Null: every row.
  void set_rule(std::shared_ptr<RowRule> rule) { rule_ = std::move(rule); }

  bool wants(std::string_view topic) const;
  bool wants(Op op) const { return operations_ >> static_cast<int>(op) & 1; }
  RowRule* rule() const { return rule_.get(); }
  bool everything() const { return patterns_.empty() && operations_ == kAllOperations && !rule_; }
  // Grows with each change of the topics.
  uint64_t version() const { return version_; }

 private:
  std::vector<std::string> patterns_;
  std::shared_ptr<const Selection> selection_;  // null: every topic
  Operations operations_ = kAllOperations;
  std::shared_ptr<RowRule> rule_;
  uint64_t version_ = 1;
};

}  // namespace sluice::subscribers
