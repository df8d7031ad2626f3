// Values as Debezium's connector and Kafka Connect's JsonConverter show them.
#pragma once

#include "base/bytes.h"
#include "format/debezium/plan.h"
#include "model/cell.h"

namespace sluice::debezium {

// Spells values of one message after the other; one thread's own.
class ValueSpeller {
 public:
  explicit ValueSpeller(const Options& options) : options_(options) {}

  // Appends `,"name":value` of a present cell.
  void append(Bytes& out, const Cell& cell, const ColumnPlan& column);

 private:
  char* scalar(char* out, const Cell& cell, const ColumnPlan& column);
  char* date(char* out, const Cell& cell, const Column& column) const;
  char* time(char* out, const Cell& cell) const;
  char* datetime(char* out, const Cell& cell, const Column& column) const;
  char* zoned(char* out, const Cell& cell);
  char* decimal(char* out, const Cell& cell);
  void append_long(Bytes& out, const Cell& cell, const ColumnPlan& column);
  void append_labels(Bytes& out, const Cell& cell, const ColumnPlan& column) const;
  void append_geometry(Bytes& out, std::string_view bytes, bool point) const;

  const Options& options_;
  DayMemo day_;
  Bytes scratch_;  // a JSON document before it is escaped
};

}  // namespace sluice::debezium
