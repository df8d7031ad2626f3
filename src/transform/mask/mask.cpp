#include "transform/mask/mask.h"

#include <algorithm>

#include "base/ascii.h"
#include "crypto/hmac.h"
#include "format/plan_cache.h"
#include "transform/mask/kinds.h"
#include "transform/mask/plan.h"
#include "transform/mask/statement.h"

namespace sluice::mask {
namespace {

std::string lowered(std::string_view name) {
  std::string made(name);
  for (char& c : made) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return made;
}

class MaskTransform : public Transform {
 public:
  explicit MaskTransform(std::shared_ptr<const MaskSetup> setup) : setup_(std::move(setup)) {}

  Result<void> apply(Batch& batch) override {
    last_plain_ = {};
    told_.clear();
    for (Change& change : batch.changes) {
      auto done = change.op == Op::Ddl ? schema(batch, change) : row(batch, change);
      if (done) continue;
      const Event& event = batch.events[change.event];
      return while_doing(fmt::format("{}:{}", event.file, event.offset), std::move(done).error());
    }
    auto told = told_.begin();
    for (uint32_t i = 0; i < batch.events.size(); ++i) {
      if (told != told_.end() && *told == i) {
        ++told;
      } else if (!batch.events[i].query.empty()) {
        blank_rows(batch, batch.events[i].query);
      }
    }
    return {};
  }

 private:
  const Plan& plan_of(const Table& table) {
    return plans_.of(table, [&] { return Plan::make(*setup_, table); });
  }

  Result<void> row(Batch& batch, Change& change) {
    const Plan& plan = plan_of(*change.table);
    if (plan.error) return Failure(*plan.error);
    if (!plan.shaped) return {};
    SLUICE_ASSIGN(before, plan.masked({change.before, change.after, batch.arena}));
    SLUICE_ASSIGN(after, plan.masked({change.after, change.before, batch.arena}));
    change.before = before;
    change.after = after;
    change.table = batch.hold(plan.shaped);
    return {};
  }

  // Of one table none of whose columns is masked the statement stays, unless it brings values from elsewhere.
  Result<void> schema(Batch& batch, Change& change) {
    Event& event = batch.events[change.event];
    if (told_.empty() || told_.back() != change.event) told_.push_back(change.event);
    bool known = false, masked = false, members = true;
    for (const Table** table : {&change.table, &event.ddl_before}) {
      if (!*table) continue;
      const Plan& plan = plan_of(**table);
      if (plan.error) return Failure(*plan.error);
      known = true;
      members &= plan.members;
      if (!plan.shaped) continue;
      masked = true;
      *table = batch.hold(plan.shaped);
    }
    char* out = batch.arena.allocate(event.query.size());
    Blanked blanked = blank_statement(event.query, StatementKind::Ddl, known && members, out);
    if (!known || masked || blanked.has_query) event.query = {out, blanked.size};
    return {};
  }

  // The events of one statement share its text.
  void blank_rows(Batch& batch, std::string_view& query) {
    if (query.data() != last_plain_.data() || query.size() != last_plain_.size()) {
      last_plain_ = query;
      char* out = batch.arena.allocate(query.size());
      last_blanked_ = {out, blank_statement(query, StatementKind::Rows, false, out).size};
    }
    query = last_blanked_;
  }

  std::shared_ptr<const MaskSetup> setup_;
  PlanCache<Plan> plans_;
  std::vector<uint32_t> told_;  // the events of this batch's schema changes
  std::string_view last_plain_, last_blanked_;
};

}  // namespace

bool fits(const Selection& columns, const Table& table, const Column& column) {
  return columns.wants(lowered(table.database), lowered(table.name + "." + column.name));
}

Result<Selection> parse_columns(const std::vector<std::string>& patterns) {
  constexpr std::string_view kAnyCase = "(?i)";
  std::vector<std::string> folded;
  for (const std::string& pattern : patterns) {
    size_t slash = pattern.find_first_not_of(" !");
    if (slash == pattern.npos || pattern[slash] != '/') {
      folded.push_back(lowered(pattern));
      continue;
    }
    folded.push_back(pattern);
    folded.back().insert(slash + 1, kAnyCase);
    size_t between = folded.back().find("/./");
    if (between != pattern.npos) folded.back().insert(between + 3, kAnyCase);
  }
  return Selection::parse(folded);
}

ColumnRules MaskSetup::rules_of(const Table& table, const Column& column) const {
  ColumnRules found;
  for (const MaskRule& rule : rules) {
    if (!fits(rule.columns, table, column)) continue;
    if (rule.paths.empty()) {
      found.whole = &rule;
      break;
    }
    found.parts.push_back(&rule);
  }
  return found;
}

Result<TablePtr> MaskSetup::masked(const Table& table) const {
  auto plan = Plan::make(*this, table);
  if (plan->error) return Failure(*plan->error);
  return plan->shaped;
}

Result<void> MaskSetup::stay_masked(const Table& before, const Table& after,
                                    std::span<const uint32_t> origins) const {
  for (size_t i = 0; i < origins.size() && i < after.columns.size(); ++i) {
    if (origins[i] >= before.columns.size()) continue;
    const Column &was = before.columns[origins[i]], &is = after.columns[i];
    if (same_word(was.name, is.name)) continue;
    // By the name that the table has now: that a table leaves its masks by a new one is said in the manual.
    ColumnRules old = rules_of(after, was), now = rules_of(after, is);
    const MaskRule* rule = old.parts.empty() ? old.whole : old.parts.front();
    if (!rule || rule->kind == &keep_kind || now.whole || !now.parts.empty()) continue;
    return fatal(
        "{}.{}, which {} masks, is called {} from here on, and no rule names that; let one name it, with "
        "'keep' if it is to be seen",
        full_name(after), was.name, rule->where, is.name);
  }
  return {};
}

Secret MaskSetup::derived(std::string_view purpose) const {
  HmacSha256 hmac(key);
  hmac.add(std::string_view("\0", 1));
  hmac.add(purpose);
  Bytes code;
  hmac.append_hex(code);
  return Secret(std::string(code.view()));
}

std::unique_ptr<Transform> make_mask(std::shared_ptr<const MaskSetup> setup) {
  return std::make_unique<MaskTransform>(std::move(setup));
}

}  // namespace sluice::mask
