// RowRule: a condition over changes, as clients give it, with what was found of the ring's newest changes:
// each is asked once, however many clients gave the same. The server's thread owns it.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "rule/filter.h"
#include "sink/subscribers/rows.h"

namespace sluice::subscribers {

class RowRule {
 public:
  // A client's rule may cost the others little.
  static constexpr size_t kMostBytes = 4096;
  static constexpr uint32_t kMostDepth = 32;
  // Each is made anew for every table, while the other clients wait.
  static constexpr size_t kMostRegexes = 10;
  static constexpr size_t kMostRegexBytes = 1 << 20;
  static constexpr size_t kMostTexts = 16 << 20;    // bytes of text made of one change
  static constexpr uint64_t kMostWork = 256 << 20;  // bytes looked at of one change

  // A Usage fault shows the place.
  static Result<std::shared_ptr<RowRule>> parse(std::string_view text);

  // A Usage fault: it does not fit the table.
  Result<void> fits(const Table& table) const;
  // Whether a row passes, which is that of the message `entry` of the ring's part `segment`. A fault: that
  // cannot be told. Where it was not known yet, `asked` grows: by one, and by more where that took longer.
  Result<bool> passes(uint64_t segment, size_t entry, const Rows& rows, uint32_t row, size_t& asked);

 private:
  enum class Verdict : int8_t { Unknown, Passes, Fails };
  explicit RowRule(const std::shared_ptr<const rule::Rule>& rule)
      : rule_(rule), filter_(rule, kMostTexts, kMostWork) {}

  std::shared_ptr<const rule::Rule> rule_;
  rule::Filter filter_;
  std::map<uint64_t, std::vector<Verdict>> verdicts_;  // by segment
};

// The rules that clients have at present.
class RowRules {
 public:
  static constexpr size_t kMost = 1000;

  // The one of this text, which is made where nobody has it. A Usage fault: it is none, or there are too
  // many.
  Result<std::shared_ptr<RowRule>> find(const std::string& text);

 private:
  std::unordered_map<std::string, std::weak_ptr<RowRule>> rules_;
};

}  // namespace sluice::subscribers
