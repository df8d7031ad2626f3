// StringRow: rows as JSON objects in which every value is a string.
#pragma once

#include <utility>

#include "base/bytes.h"
#include "format/envelope/style.h"
#include "format/json_row.h"

namespace sluice::envelope {

// One thread's own.
class StringRow {
 public:
  // `rows` has begun the message.
  char* object(char* out, const JsonRowPlan& plan, const Row& row, JsonRow& rows, bool canal);
  // Whether a row since the last call was said to be changed within documents.
  bool take_patch() { return std::exchange(has_patch_, false); }

 private:
  char* value(char* out, const Cell& cell, const Column& column, JsonRow& rows, bool canal);

  Bytes scratch_;
  DayMemo day_;
  bool has_patch_ = false;
};

}  // namespace sluice::envelope
