// Filter: which changes a condition is true of. It is compiled for each version of a table when the first
// change of that comes.
#pragma once

#include <memory>
#include <string>

#include "format/plan_cache.h"
#include "rule/program.h"

namespace sluice::rule {

// A parsed expression and what messages call it. Shared by threads.
struct Rule {
  Expression expression;
  std::string name;  // sluice.yaml:12:5: where

  // A Usage fault bears the name.
  static Result<std::shared_ptr<const Rule>> parse(std::string_view source, std::string name,
                                                   Regexes regexes = {});
  // A Usage fault: the condition does not fit the table.
  Result<std::unique_ptr<Program>> condition(const Table& table) const;
};

// A Fatal fault: what `rule` asks for is not in the log.
Failure absent_column(const Rule& rule, const Batch& batch, const Change& change, const Column& column);

// One thread's own.
class Filter {
 public:
  explicit Filter(std::shared_ptr<const Rule> rule) : rule_(std::move(rule)) {}
  // `most_texts`: bytes of text that it may make of one change; what needs more is NULL. `most_work`: bytes
  // that it may look at; a change that asks for more is a fault.
  Filter(std::shared_ptr<const Rule> rule, size_t most_texts, uint64_t most_work) : rule_(std::move(rule)) {
    frame_.most_texts = most_texts;
    frame_.most_work = most_work;
  }

  // Whether the condition is true of a change of a row; NULL is not. Faults where it does not fit the table,
  // or where a column that decides is not in the log.
  Result<bool> passes(const Batch& batch, const Change& change);
  // Bytes that the last change made it look at, about.
  uint64_t work() const { return frame_.work; }

 private:
  std::shared_ptr<const Rule> rule_;
  PlanCache<Result<std::unique_ptr<Program>>> programs_;
  Frame frame_;
};

}  // namespace sluice::rule
