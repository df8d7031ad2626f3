#include "pipeline/route.h"

#include <algorithm>
#include <cstdlib>

#include "base/check.h"
#include "base/hash.h"

namespace sluice {
namespace {

// Beyond so many all are forgotten and made again.
constexpr size_t kMostPlans = 50'000;
constexpr size_t kMostNames = 50'000;

}  // namespace

std::optional<std::string> Originals::other(const std::string& spelt, const std::string& name) {
  std::lock_guard lock(mutex_);
  if (names_.size() >= kMostNames) names_.clear();
  auto [found, fresh] = names_.emplace(spelt, name);
  if (fresh || found->second == name) return std::nullopt;
  return found->second;
}

Result<Route::Plans> Route::make_plans(const Table& table) const {
  Plans plans;
  for (const RouteRule& rule : setup_->rules) {
    auto fits = [&](const auto& tables) { return !tables || tables->wants(table.database, table.name); };
    if (!fits(rule.tables) || !fits(rule.among)) continue;
    std::unique_ptr<rule::Program> when;
    if (rule.when) {
      SLUICE_ASSIGN(program, rule.when->condition(table));
      when = std::move(program);
    }
    SLUICE_ASSIGN(plan, make_plan(table, rule));
    bool last = !when;
    plan->when = std::move(when);
    plans.push_back(std::move(plan));
    if (last) break;
  }
  return plans;
}

Result<void> Route::check(const Table& table) const {
  if (!setup_) return {};
  auto plans = make_plans(table);
  if (!plans) return tl::unexpected(std::move(plans).error());
  return {};
}

Result<std::unique_ptr<Route::Plan>> Route::make_plan(const Table& table, const RouteRule& rule) {
  auto plan = std::make_unique<Plan>();
  plan->table = share(table);
  plan->rule = &rule;
  SLUICE_ASSIGN(destination, rule.destination.bind(table));
  plan->destination = std::move(destination);
  if (rule.key) {
    SLUICE_ASSIGN(key, rule.key->bind(table));
    plan->key = std::move(key);
  }
  if (rule.spread.text) {
    SLUICE_ASSIGN(spread, rule.spread.text->bind(table));
    plan->spread = std::move(spread);
  }
  for (const Template& column : rule.spread.columns) {
    SLUICE_ASSIGN(bound, column.bind(table));
    plan->spread_columns.push_back(std::move(bound));
  }
  return plan;
}

Result<Route::Plan*> Route::plan_of(const Batch& batch, const Change& change) {
  uint64_t serial = change.table ? change.table->serial : 0;
  auto found = plans_.find(serial);
  if (found == plans_.end()) {
    if (plans_.size() >= kMostPlans) plans_.clear();
    Plans plans;
    if (change.table) {
      SLUICE_ASSIGN(made, make_plans(*change.table));
      plans = std::move(made);
    } else {
      plans.push_back(std::make_unique<Plan>());
      plans.back()->rule = &setup_->rules.back();
    }
    found = plans_.emplace(serial, std::move(plans)).first;
  }
  for (const std::unique_ptr<Plan>& plan : found->second) {
    if (!plan->when) return plan.get();
    if (change.op == Op::Ddl) continue;  // of which no condition is judged
    bool fits = rule::is_true(plan->when->run(batch, change, frame_));
    if (frame_.absent) return rule::absent_column(*plan->rule->when, batch, change, *frame_.absent);
    if (fits) return plan.get();
  }
  CHECK(false);  // the last rule has no condition
}

Result<std::string> Route::escaped(const std::string& name) {
  if (!setup_->escape) return name;
  if (auto known = escaped_.find(name); known != escaped_.end()) return known->second;
  std::string spelt;
  setup_->escape(name, spelt);
  if (auto other = setup_->originals->other(spelt, name)) {
    return fatal(
        "the destinations '{}' and '{}' would both become '{}', which is all that the target takes of their "
        "names; give one of them a name of its own with a rule under routes",
        *other, name, spelt);
  }
  if (escaped_.size() >= kMostNames) escaped_.clear();
  escaped_.emplace(name, spelt);
  return spelt;
}

Result<uint32_t> Route::destination(const Batch& batch, const Change& change, const Row& row, Plan& plan,
                                    Outbox& out) {
  if (plan.fixed) {
    if (plan.round != round_) {
      plan.number = out.find_destination(*plan.fixed);
      plan.round = round_;
    }
    return plan.number;
  }
  const Template& text = plan.rule->destination;
  scratch_.clear();
  text.render(batch, change, row, plan.destination, scratch_, setup_->escape_place);
  SLUICE_ASSIGN(name, escaped(std::string(scratch_.view())));
  uint32_t number = out.find_destination(name);
  if (plan.table && text.fixed_by_table()) {
    plan.fixed = std::move(name);
    plan.number = number;
    plan.round = round_;
  }
  return number;
}

int32_t Route::hash(const Batch& batch, const Change& change, const Row& row, const Plan& plan) {
  const Spread& spread = plan.rule->spread;
  if (spread.by == Spread::By::Text) {
    scratch_.clear();
    spread.text->render(batch, change, row, plan.spread, scratch_);
    return spread.hash == Spread::Hash::Java ? java_hash(scratch_.view()) : murmur2(scratch_.view());
  }
  int32_t sum = spread.with_database ? java_hash(change.table->database) : 0;
  auto mix = [&](auto append) {
    scratch_.clear();
    append();
    sum ^= java_hash(scratch_.view());
  };
  if (spread.primary_key) {
    for (uint32_t column : change.table->key) {
      mix([&] { append_value(scratch_, change, row, column); });
    }
  } else if (spread.columns.empty()) {
    sum ^= java_hash(change.table->name);
  }
  for (size_t i = 0; i < spread.columns.size(); ++i) {
    mix([&] { spread.columns[i].render(batch, change, row, plan.spread_columns[i], scratch_); });
  }
  return sum;
}

Result<void> Route::complete(const Batch& batch, const Change& change, const Row& row, Address& address,
                             Outbox& out) {
  if (address.destination != Address::kNone) {
    const Outbox::Name& chosen = out.destinations[address.destination];
    SLUICE_ASSIGN(name, escaped(std::string(out.word(chosen.begin, chosen.size))));
    address.destination = out.find_destination(name);
    return {};
  }
  SLUICE_ASSIGN(plan, plan_of(batch, change));
  SLUICE_ASSIGN(number, destination(batch, change, row, *plan, out));
  address.destination = number;
  if (const auto& key = plan->rule->key) {
    address.keyed = !key->text().empty();
    address.numbered = false;
    address.key = out.words.size();
    key->render(batch, change, row, plan->key, out.words);
    address.key_size = static_cast<uint32_t>(out.words.size() - address.key);
  }
  const Spread& spread = plan->rule->spread;
  if (spread.by == Spread::By::Fixed) address.partition = spread.partition;
  bool row_change = change.op != Op::Ddl;
  if (spread.by == Spread::By::Canal && !row_change) address.partition = 0;
  if (spread.by == Spread::By::Text || (spread.by == Spread::By::Canal && row_change)) {
    int32_t sum = hash(batch, change, row, *plan);
    if (spread.partitions > 0) {  // rows of one partition can then share a message
      address.partition = static_cast<int32_t>(std::llabs(sum) % spread.partitions);
    } else {
      address.hashed = true;
      address.hash = sum;
    }
  }
  return {};
}

}  // namespace sluice
