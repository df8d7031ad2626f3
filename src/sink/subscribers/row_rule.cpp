#include "sink/subscribers/row_rule.h"

#include "base/utf8.h"

namespace sluice::subscribers {
namespace {

// Clients that keep up are in the newest part or the one before it, and few others read at once.
constexpr size_t kMostSegments = 4;
// Bytes looked at that take about as long as to be asked at all and more.
constexpr uint64_t kWorkOfOne = 16 << 10;

}  // namespace

Result<std::shared_ptr<RowRule>> RowRule::parse(std::string_view text) {
  if (text.size() > kMostBytes) {
    return usage("where: a condition of {} bytes is longer than the {} that a client may have", text.size(),
                 kMostBytes);
  }
  // A query of a URL may hold any bytes, and what is wrong is told in JSON.
  if (!is_utf8(text)) return usage("where: the condition is not UTF-8");
  SLUICE_ASSIGN(rule, rule::Rule::parse(text, "where", {kMostRegexes, kMostRegexBytes}));
  const rule::Expression& expression = rule->expression;
  if (uint32_t depth = expression.nodes[expression.root].depth; depth > kMostDepth) {
    return usage("where: a condition {} deep is nested deeper than the {} that a client may have", depth,
                 kMostDepth);
  }
  return std::shared_ptr<RowRule>(new RowRule(rule));
}

Result<void> RowRule::fits(const Table& table) const {
  SLUICE_TRY(rule_->condition(table));
  return {};
}

Result<bool> RowRule::passes(uint64_t segment, size_t entry, const Rows& rows, uint32_t row, size_t& asked) {
  auto found = verdicts_.find(segment);
  if (found == verdicts_.end()) {
    if (verdicts_.size() == kMostSegments) verdicts_.erase(verdicts_.begin());
    found = verdicts_.try_emplace(segment).first;
  }
  std::vector<Verdict>& verdicts = found->second;
  if (entry >= verdicts.size()) verdicts.resize(entry + 1);
  Verdict& verdict = verdicts[entry];
  if (verdict == Verdict::Unknown) {
    SLUICE_ASSIGN(passes, filter_.passes(rows.batch(), rows.change(row)));
    asked += 1 + filter_.work() / kWorkOfOne;
    verdict = passes ? Verdict::Passes : Verdict::Fails;
  }
  return verdict == Verdict::Passes;
}

Result<std::shared_ptr<RowRule>> RowRules::find(const std::string& text) {
  if (auto found = rules_.find(text); found != rules_.end()) {
    if (auto rule = found->second.lock()) return rule;
  }
  if (rules_.size() >= kMost) std::erase_if(rules_, [](const auto& each) { return each.second.expired(); });
  if (rules_.size() >= kMost) {
    return usage("where: the clients have {} different conditions already, and there may be no more",
                 rules_.size());
  }
  SLUICE_ASSIGN(rule, RowRule::parse(text));
  rules_[text] = rule;
  return rule;
}

}  // namespace sluice::subscribers
