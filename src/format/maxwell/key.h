// Keys of messages as Maxwell's producers make them (kafka_key_format).
#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "format/maxwell/options.h"
#include "format/maxwell/plan.h"
#include "format/maxwell/value.h"
#include "model/batch.h"

namespace sluice::maxwell {

// Of one table version.
class KeyPlan {
 public:
  KeyPlan(const Table& table, KeyFormat format);

  // Of the row behind the change, else of the one before it. Of a table without a primary key Maxwell makes a
  // name up for each message; here it is the change's id, which is the same on every reading.
  void append(Bytes& out, const Batch& batch, const Change& change, const Plan& plan, DayMemo& memo) const;

 private:
  struct Part {
    uint32_t column;
    std::string name;  // with what stands before the value
  };
  KeyFormat format_;
  std::string head_;
  std::vector<Part> parts_;
};

}  // namespace sluice::maxwell
