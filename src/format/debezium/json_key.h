// Keys as JSON, which headers hold: of the other half of a change of key.
#pragma once

#include <string>
#include <vector>

#include "format/debezium/value.h"
#include "format/plan_cache.h"
#include "model/change.h"

namespace sluice::debezium {

// Whether an update changed the value of one of these columns.
bool key_changed(const std::vector<uint32_t>& key, const Change& change);

// One thread's own.
class JsonKey {
 public:
  explicit JsonKey(const Options& options) : options_(options), values_(options_) {}

  // Of the columns `key`, each from `row` or, where that lacks it, from the change's other image.
  void set(const Table& table, const std::vector<uint32_t>& key, const Change& change, const Row& row);
  std::string_view view() const { return text_.view(); }

 private:
  Options options_;
  ValueSpeller values_;
  PlanCache<Plan> plans_;
  Bytes text_;
};

}  // namespace sluice::debezium
