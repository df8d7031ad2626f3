#include "rule/filter.h"

namespace sluice::rule {

Result<std::shared_ptr<const Rule>> Rule::parse(std::string_view source, std::string name, Regexes regexes) {
  auto parsed = Expression::parse(source, regexes);
  if (!parsed) return while_doing(name, std::move(parsed).error());
  return std::make_shared<const Rule>(Rule{std::move(*parsed), std::move(name)});
}

Result<std::unique_ptr<Program>> Rule::condition(const Table& table) const {
  auto program = Program::condition(expression, table);
  if (!program) return while_doing(name, std::move(program).error());
  return program;
}

Failure absent_column(const Rule& rule, const Batch& batch, const Change& change, const Column& column) {
  const Event& event = batch.events[change.event];
  return fatal(
      "{}: the change of {} at {}:{} does not carry all of the column '{}', and what the log does not tell "
      "cannot be judged; set binlog_row_image = FULL and binlog_row_value_options = '' at the server, or "
      "take another column",
      rule.name, full_name(*change.table), event.file, event.offset, column.name);
}

Result<bool> Filter::passes(const Batch& batch, const Change& change) {
  using Compiled = Result<std::unique_ptr<Program>>;
  Compiled& program = programs_.of(
      *change.table, [&] { return std::make_unique<Compiled>(rule_->condition(*change.table)); });
  if (!program) return tl::unexpected(program.error());
  bool passes = is_true((*program)->run(batch, change, frame_));
  if (frame_.absent) return absent_column(*rule_, batch, change, *frame_.absent);
  if (frame_.work > frame_.most_work) {
    return usage(
        "{}: to judge a change of {} takes more work than is allowed, which is to look at {} bytes; "
        "ask less of long values",
        rule_->name, full_name(*change.table), frame_.most_work);
  }
  return passes;
}

}  // namespace sluice::rule
