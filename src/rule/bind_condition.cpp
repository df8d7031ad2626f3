#include <algorithm>

#include "base/check.h"
#include "base/regex.h"
#include "rule/binder.h"
#include "rule/fault.h"
#include "rule/steps.h"

namespace sluice::rule {
namespace {

uint8_t mask_of(Sign sign) {
  constexpr uint8_t kLess = 1, kEqual = 2, kGreater = 4;
  switch (sign) {
    case Sign::Unequal: return kLess | kGreater;
    case Sign::Less: return kLess;
    case Sign::LessOrEqual: return kLess | kEqual;
    case Sign::Greater: return kGreater;
    case Sign::GreaterOrEqual: return kGreater | kEqual;
    default: return kEqual;
  }
}

}  // namespace

// A part that decides for the whole table ends it; one that cannot decide is left out.
Binder::Made Binder::junction(const Node& node) {
  bool decides = node.verb == Verb::Or;
  Parts parts;
  for (uint32_t child : expression_.children_of(node)) {
    SLUICE_ASSIGN(part, bind(child));
    SLUICE_TRY(want_condition(part));
    bool known = part.constant() && !part.step->constant.null();
    if (known && is_true(part.step->constant) == decides) {
      return constant(Value::of_int(decides), Type::Exact, node.at);
    }
    if (!known) parts.push_back(part);
  }
  if (parts.empty()) return constant(Value::of_int(!decides), Type::Exact, node.at);
  return made(node, step(decides ? run_or : run_and, parts), Type::Exact);
}

Binder::Made Binder::compare(const Node& node) {
  SLUICE_ASSIGN(parts, bind_all(expression_.children_of(node)));
  SLUICE_ASSIGN(order, order_of(parts[0], parts[1]));
  Step& compare = step(run_compare, parts);
  compare.order = order;
  compare.mask = mask_of(node.sign);
  compare.null_safe = node.sign == Sign::Same;
  return made(node, compare, Type::Exact);
}

Binder::Made Binder::between(const Node& node) {
  SLUICE_ASSIGN(parts, bind_all(expression_.children_of(node)));
  SLUICE_ASSIGN(order, order_of_all(parts));
  Step& between = step(run_between, parts);
  between.order = order;
  return negated(node, made(node, between, Type::Exact));
}

Binder::Made Binder::in(const Node& node) {
  SLUICE_ASSIGN(parts, bind_all(expression_.children_of(node)));
  SLUICE_ASSIGN(order, order_of_all(parts));
  // Floating-point numbers are equal to several exact ones, beside which they have no one place in an order.
  auto reals = std::count_if(parts.begin() + 1, parts.end(),
                             [](const Bound& part) { return part.type == Type::Real; });
  bool mixed = reals > 0 && static_cast<size_t>(reals) + 1 < parts.size();
  bool fixed = order != order_any && !mixed &&
               std::all_of(parts.begin() + 1, parts.end(), [](const Bound& part) { return part.constant(); });
  Step& in = step(fixed ? run_in_sorted : run_in, parts);
  in.order = order;
  if (fixed) {
    std::vector<Value>& values = program_->values_.emplace_back();
    for (size_t i = 1; i < parts.size(); ++i) {
      const Value& value = parts[i].step->constant;
      in.flag |= value.null();
      if (!value.null()) values.push_back(value);
    }
    std::sort(values.begin(), values.end(), [&](const Value& a, const Value& b) { return order(a, b) < 0; });
    in.values = values;
  }
  return negated(node, made(node, in, Type::Exact));
}

Binder::Made Binder::like(const Node& node) {
  SLUICE_ASSIGN(parts, bind_all(expression_.children_of(node)));
  for (const Bound& part : parts) SLUICE_TRY(want_text(part));
  Step& like = step(run_like, parts);
  if (!node.text.empty()) like.escape = node.text[0];
  like.flag = parts[0].type == Type::Bytes || parts[1].type == Type::Bytes;
  return negated(node, made(node, like, Type::Exact));
}

Binder::Made Binder::regexp(const Node& node) {
  SLUICE_ASSIGN(parts, bind_all(expression_.children_of(node)));
  SLUICE_TRY(want_text(parts[0]));
  auto pattern = std::make_unique<Regex>(node.text, expression_.regexes.bytes);
  CHECK(pattern->ok());  // the parser has tried it
  Step& regexp = step(run_regexp, parts);
  regexp.pattern = pattern.get();
  program_->patterns_.push_back(std::move(pattern));
  return negated(node, made(node, regexp, Type::Exact));
}

// Branches that cannot be taken for this table are left out.
Binder::Made Binder::choice(const Node& node) {
  auto children = expression_.children_of(node);
  Parts operand, whens, thens;
  size_t i = 0;
  if (node.has_operand) {
    SLUICE_ASSIGN(bound, bind(children[i++]));
    operand.push_back(bound);
  }
  Step::Order order = nullptr;
  bool ended = false;  // a branch is always taken
  for (; !ended && i + 1 < children.size(); i += 2) {
    SLUICE_ASSIGN(when, bind(children[i]));
    bool taken = false, passed = false;
    if (node.has_operand) {
      SLUICE_ASSIGN(each, order_of(operand[0], when));
      order = order && each != order ? order_any : each;
      if (operand[0].constant() && when.constant()) {
        const Value &a = operand[0].step->constant, &b = when.step->constant;
        taken = !a.null() && !b.null() && order(a, b) == 0;
        passed = !taken;
      }
    } else {
      SLUICE_TRY(want_condition(when));
      taken = when.constant() && is_true(when.step->constant);
      passed = when.constant() && !taken;
    }
    if (passed) continue;
    SLUICE_ASSIGN(then, bind(children[i + 1]));
    ended = taken;
    if (!taken) whens.push_back(when);
    thens.push_back(then);
  }
  if (!ended && node.has_else) {
    SLUICE_ASSIGN(otherwise, bind(children.back()));
    thens.push_back(otherwise);
  }
  if (thens.empty()) return constant({}, Type::Null, node.at);
  SLUICE_ASSIGN(all, unify(thens));
  if (whens.empty()) {
    Bound only = thens[0];
    only.type = all.type;
    return only;
  }
  Parts parts = operand;
  for (size_t branch = 0; branch < whens.size(); ++branch) {
    parts.push_back(whens[branch]);
    parts.push_back(thens[branch]);
  }
  bool otherwise = thens.size() > whens.size();
  if (otherwise) parts.push_back(thens.back());
  Step& choice = step(node.has_operand ? run_case_of : run_case, parts);
  choice.order = order;
  choice.flag = otherwise;
  return made(node, choice, all.type, all.scale);
}

}  // namespace sluice::rule
