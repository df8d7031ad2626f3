// Program: an expression compiled for one version of a table.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "model/table.h"
#include "rule/json_path.h"
#include "rule/step.h"
#include "rule/syntax.h"

namespace sluice::rule {

// What is known of a value before there is one.
enum class Type : uint8_t {
  Null,   // of NULL, which is of every type
  Exact,  // whole and decimal numbers; conditions are 0 and 1
  Real,
  Text,
  Bytes,
  Date,
  Moment,
  Time,
  Document,  // a JSON column, which json() takes
  Any,       // out of a document: a number or text
};

class Program {
 public:
  ~Program();
  Program(const Program&) = delete;

  // Usage faults show the place, as a column that the table lacks, or operands that do not go together. A
  // part that cannot matter for this table is not looked at: behind `table = 'orders' AND` may stand columns
  // that only that one has.
  static Result<std::unique_ptr<Program>> condition(const Expression& expression, const Table& table);
  static Result<std::unique_ptr<Program>> value(const Expression& expression, const Table& table);

  // Of a change of this table version; valid until the frame's next run, and as long as batch and program.
  // NULL where `frame.absent` is set: a column that decides is not in the log.
  Value run(const Batch& batch, const Change& change, Frame& frame) const;

  Type type() const { return type_; }
  // Digits behind the point, or behind the second.
  uint8_t scale() const { return scale_; }
  // Whether it is the same for all changes of the table.
  bool constant() const;

 private:
  friend class Binder;
  Program();

  const Step* root_ = nullptr;
  Type type_ = Type::Null;
  uint8_t scale_ = 0;
  uint32_t slots_ = 0;  // of decimals
  TablePtr table_;      // of columns' names and members
  std::deque<Step> steps_;
  std::deque<std::vector<const Step*>> parts_;
  std::deque<std::vector<Value>> values_;
  std::deque<Decimal> decimals_;  // of constants
  std::deque<std::string> texts_;
  std::deque<JsonPath> paths_;
  std::vector<std::unique_ptr<Regex>> patterns_;
};

}  // namespace sluice::rule
