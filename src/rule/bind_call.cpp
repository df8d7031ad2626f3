#include <algorithm>

#include "rule/binder.h"
#include "rule/decimal.h"
#include "rule/fault.h"
#include "rule/steps.h"

namespace sluice::rule {
namespace {

uint8_t least_scale(unsigned scale) { return static_cast<uint8_t>(std::min(scale, Decimal::kFraction)); }

// The type of what is reckoned of numbers.
Type reckoned(Type a, Type b) {
  if (a == Type::Null || b == Type::Null) return Type::Exact;
  return std::max(a, b);
}

}  // namespace

Binder::Made Binder::arithmetic(const Node& node) {
  SLUICE_ASSIGN(parts, bind_all(expression_.children_of(node)));
  for (Bound& part : parts) SLUICE_TRY(want_number(part));
  unsigned a = parts[0].scale, b = parts[1].scale;
  Type type = reckoned(parts[0].type, parts[1].type);
  switch (node.sign) {
    case Sign::Plus: return made(node, step(run_plus, parts), type, least_scale(std::max(a, b)));
    case Sign::Minus: return made(node, step(run_minus, parts), type, least_scale(std::max(a, b)));
    case Sign::Times: return made(node, step(run_times, parts), type, least_scale(a + b));
    case Sign::Over: return made(node, step(run_over, parts), type, Decimal::kFraction);
    default: return made(node, step(run_rest, parts), type, least_scale(std::max(a, b)));
  }
}

Binder::Made Binder::negate(const Node& node) {
  SLUICE_ASSIGN(parts, bind_all(expression_.children_of(node)));
  SLUICE_TRY(want_number(parts[0]));
  return made(node, step(run_negate, parts), reckoned(parts[0].type, parts[0].type), parts[0].scale);
}

Binder::Made Binder::call(const Node& node) {
  switch (node.function) {
    case Function::Lower:
    case Function::Upper:
    case Function::Substr:
    case Function::Length:
    case Function::CharLength: return text_call(node);
    case Function::Coalesce: return coalesce(node);
    case Function::Concat: return concat(node);
    case Function::Abs:
    case Function::Round: return number_call(node);
    case Function::Changed: return changed(node);
    case Function::Json: return json(node);
    case Function::Hash: return hash(node);
    default: return temporal_call(node);
  }
}

Binder::Made Binder::text_call(const Node& node) {
  SLUICE_ASSIGN(parts, bind_all(expression_.children_of(node)));
  SLUICE_TRY(want_text(parts[0]));
  bool bytes = parts[0].type == Type::Bytes;
  Type type = bytes ? Type::Bytes : Type::Text;
  auto finish = [&](Step::Run run, Type makes) {
    Step& made_of = step(run, parts);
    made_of.flag = bytes;
    return made(node, made_of, makes);
  };
  switch (node.function) {
    case Function::Lower: return finish(run_lower, type);
    case Function::Upper: return finish(run_upper, type);
    case Function::Length: return finish(run_length, Type::Exact);
    case Function::CharLength: return finish(run_char_length, Type::Exact);
    default: break;
  }
  for (size_t i = 1; i < parts.size(); ++i) SLUICE_TRY(want_number(parts[i]));
  return finish(run_substr, type);
}

Binder::Made Binder::number_call(const Node& node) {
  SLUICE_ASSIGN(parts, bind_all(expression_.children_of(node)));
  for (Bound& part : parts) SLUICE_TRY(want_number(part));
  Type type = reckoned(parts[0].type, parts[0].type);
  if (node.function == Function::Abs) return made(node, step(run_abs, parts), type, parts[0].scale);
  uint8_t scale = parts.size() > 1 ? parts[0].scale : 0;
  if (parts.size() > 1 && parts[1].constant() && parts[1].step->constant.kind == Value::Kind::Int) {
    scale = static_cast<uint8_t>(std::clamp<int64_t>(parts[1].step->constant.i, 0, scale));
  }
  return made(node, step(run_round, parts), type, scale);
}

Binder::Made Binder::temporal_call(const Node& node) {
  SLUICE_ASSIGN(parts, bind_all(expression_.children_of(node)));
  Bound& value = parts[0];
  bool of_day = node.function == Function::Year || node.function == Function::Month ||
                node.function == Function::Day || node.function == Function::Date;
  if (value.text) SLUICE_TRY(become(value, Type::Moment));
  bool fits = value.type == Type::Date || value.type == Type::Moment || value.type == Type::Null ||
              (value.type == Type::Time && !of_day);
  if (!fits)
    return fault(value.at, fmt::format("{}() takes a date{}", rule::name_of(node.function),
                                       of_day ? "" : " or a time of day"));
  switch (node.function) {
    case Function::Year: return made(node, step(run_year, parts), Type::Exact);
    case Function::Month: return made(node, step(run_month, parts), Type::Exact);
    case Function::Day: return made(node, step(run_day, parts), Type::Exact);
    case Function::Hour: return made(node, step(run_hour, parts), Type::Exact);
    case Function::Minute: return made(node, step(run_minute, parts), Type::Exact);
    case Function::Second: return made(node, step(run_second, parts), Type::Exact);
    default: return made(node, step(run_date, parts), Type::Date);
  }
}

Binder::Made Binder::coalesce(const Node& node) {
  SLUICE_ASSIGN(parts, bind_all(expression_.children_of(node)));
  SLUICE_ASSIGN(all, unify(parts));
  return made(node, step(run_coalesce, parts), all.type, all.scale);
}

Binder::Made Binder::concat(const Node& node) {
  SLUICE_ASSIGN(parts, bind_all(expression_.children_of(node)));
  Type type = Type::Text;
  for (Bound& part : parts) {
    SLUICE_TRY(want_value(part));
    if (part.type == Type::Bytes) type = Type::Bytes;
    part = spelt(part);
  }
  return made(node, step(run_concat, parts), type);
}

Binder::Bound Binder::spelt(const Bound& bound) {
  Step& spell = step(run_spell, {bound});
  spell.scale = bound.scale;
  spell.flag = bound.type == Type::Date;
  return made(Node{.at = bound.at}, spell, Type::Text);
}

// Of a column the number that a template's {hash:…} is cut from.
Binder::Made Binder::hash(const Node& node) {
  SLUICE_ASSIGN(parts, bind_all(expression_.children_of(node)));
  SLUICE_TRY(want_value(parts[0]));
  return made(node, step(run_hash, {spelt(parts[0])}), Type::Exact);
}

Binder::Made Binder::json(const Node& node) {
  SLUICE_ASSIGN(parts, bind_all(expression_.children_of(node)));
  Bound path = parts[1];
  if (parts[0].type != Type::Document) SLUICE_TRY(want_text(parts[0]));
  SLUICE_ASSIGN(parsed, JsonPath::parse(path.step->constant.text(), path.at, expression_.source));
  parts.pop_back();
  Step& json = step(run_json, parts);
  json.flag = parts[0].type == Type::Document;
  json.path = &program_->paths_.emplace_back(std::move(parsed));
  return made(node, json, Type::Any);
}

Binder::Made Binder::changed(const Node& node) {
  const Node& argument = expression_.nodes[expression_.children_of(node)[0]];
  if (argument.verb != Verb::Column || argument.image != Image::Current) {
    return fault(argument.at, "changed() takes the name of a column");
  }
  SLUICE_ASSIGN(bound, column(argument));
  Step& changed = step(run_changed, {});
  changed.column = bound.step->column;
  changed.shape = bound.step->shape;
  return Bound{.step = &changed, .type = Type::Exact, .at = node.at};
}

}  // namespace sluice::rule
