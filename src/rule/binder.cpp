#include "rule/binder.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "base/ascii.h"
#include "base/option.h"
#include "rule/fault.h"
#include "rule/lexer.h"
#include "rule/moment.h"
#include "rule/steps.h"

namespace sluice::rule {
namespace {

bool is_number(Type type) { return type == Type::Exact || type == Type::Real; }
bool is_text(Type type) { return type == Type::Text || type == Type::Bytes; }
bool is_moment(Type type) { return type == Type::Date || type == Type::Moment; }

std::string_view name_of(Type type) {
  static constexpr std::string_view kNames[] = {"NULL",
                                                "a number",
                                                "a number",
                                                "text",
                                                "bytes",
                                                "a date",
                                                "a date with time",
                                                "a time of day",
                                                "a JSON document",
                                                "a value out of a document"};
  return kNames[static_cast<size_t>(type)];
}

Type type_of(const Column& column) {
  switch (column.type) {
    case ColumnType::Unknown: return Type::Any;
    case ColumnType::TinyInt:
    case ColumnType::SmallInt:
    case ColumnType::MediumInt:
    case ColumnType::Int:
    case ColumnType::BigInt:
    case ColumnType::Decimal:
    case ColumnType::Bit:
    case ColumnType::Year: return Type::Exact;
    case ColumnType::Float:
    case ColumnType::Double: return Type::Real;
    case ColumnType::Date: return Type::Date;
    case ColumnType::Time: return Type::Time;
    case ColumnType::DateTime:
    case ColumnType::Timestamp: return Type::Moment;
    case ColumnType::Binary:
    case ColumnType::VarBinary:
    case ColumnType::TinyBlob:
    case ColumnType::Blob:
    case ColumnType::MediumBlob:
    case ColumnType::LongBlob:
    case ColumnType::Geometry:
    case ColumnType::Vector: return Type::Bytes;
    case ColumnType::Json: return Type::Document;
    default: return Type::Text;
  }
}

uint8_t scale_of(const Column& column) {
  return column.type == ColumnType::Decimal ? column.scale : column.fraction_digits;
}

}  // namespace

Binder::Binder(const Expression& expression, const Table& table)
    : expression_(expression), table_(table), program_(new Program) {
  program_->table_ = share(table);
}

bool Binder::Bound::constant() const { return step->run == run_constant; }

Failure Binder::fault(uint32_t at, const std::string& words) const {
  return fault_at(expression_.source, at, words);
}

Result<std::unique_ptr<Program>> Binder::bind(bool condition) {
  SLUICE_ASSIGN(root, bind(expression_.root));
  if (condition) {
    SLUICE_TRY(want_condition(root));
  } else {
    SLUICE_TRY(want_value(root));
  }
  program_->root_ = root.step;
  program_->type_ = root.type;
  program_->scale_ = root.scale;
  return std::move(program_);
}

Binder::Made Binder::bind(uint32_t number) { return bind_node(expression_.nodes[number]); }

Result<Binder::Parts> Binder::bind_all(std::span<const uint32_t> nodes) {
  Parts parts;
  for (uint32_t node : nodes) {
    SLUICE_ASSIGN(part, bind(node));
    parts.push_back(part);
  }
  return parts;
}

Binder::Made Binder::bind_node(const Node& node) {
  switch (node.verb) {
    case Verb::Null: return constant({}, Type::Null, node.at);
    case Verb::Number: return number(node);
    case Verb::String: {
      Bound bound = constant(kept(Value::of_text(node.text)), Type::Text, node.at);
      bound.text = true;
      return bound;
    }
    case Verb::Column: return column(node);
    case Verb::Fact: return fact(node);
    case Verb::Or:
    case Verb::And: return junction(node);
    case Verb::Not: {
      SLUICE_ASSIGN(part, bind(expression_.children_of(node)[0]));
      SLUICE_TRY(want_condition(part));
      return made(node, step(run_not, {part}), Type::Exact);
    }
    case Verb::Compare: return compare(node);
    case Verb::Arithmetic: return arithmetic(node);
    case Verb::Negate: return negate(node);
    case Verb::In: return in(node);
    case Verb::Like: return like(node);
    case Verb::Regexp: return regexp(node);
    case Verb::Between: return between(node);
    case Verb::IsNull: {
      SLUICE_ASSIGN(part, bind(expression_.children_of(node)[0]));
      return negated(node, made(node, step(run_is_null, {part}), Type::Exact));
    }
    case Verb::Case: return choice(node);
    case Verb::Call: return call(node);
  }
  return fault(node.at, "expected a value");
}

Step& Binder::step(Step::Run run, const Parts& parts) {
  std::vector<const Step*>& steps = program_->parts_.emplace_back();
  for (const Bound& part : parts) steps.push_back(part.step);
  Step& made = program_->steps_.emplace_back();
  made.run = run;
  made.parts = steps;
  made.slot = program_->slots_++;
  return made;
}

Binder::Bound Binder::made(const Node& node, Step& step, Type type, uint8_t scale) {
  bool fixed = std::all_of(step.parts.begin(), step.parts.end(),
                           [](const Step* part) { return part->run == run_constant; });
  if (!fixed || step.parts.empty()) return {.step = &step, .type = type, .scale = scale, .at = node.at};
  if (frame_.decimals.size() < program_->slots_) frame_.decimals.resize(program_->slots_);
  Bound bound = constant(kept(step(frame_)), type, node.at, scale);
  frame_.texts.reset();
  return bound;
}

Binder::Bound Binder::constant(Value value, Type type, uint32_t at, uint8_t scale) {
  Step& made = program_->steps_.emplace_back();  // without parts and slot: lists may have very many
  made.run = run_constant;
  made.constant = value;
  return {.step = &made, .type = type, .scale = scale, .at = at};
}

Value Binder::kept(const Value& value) {
  if (value.kind == Value::Kind::Wide) return Value::of_wide(program_->decimals_.emplace_back(*value.wide));
  if (value.kind == Value::Kind::Text) return Value::of_text(program_->texts_.emplace_back(value.text()));
  return value;
}

Binder::Bound Binder::negated(const Node& node, Bound bound) {
  return node.negated ? made(node, step(run_not, {bound}), Type::Exact) : bound;
}

Failure Binder::unknown_column(const Node& node) const {
  std::vector<std::string> names;
  for (const Column& column : table_.columns) names.push_back(column.name);
  std::string near = nearest(node.text, names);
  return fault(node.at, fmt::format("{} has no column '{}'{}", full_name(table_), node.text,
                                    near.empty() ? "" : fmt::format("; did you mean '{}'?", near)));
}

Binder::Made Binder::column(const Node& node) {
  auto found = std::find_if(table_.columns.begin(), table_.columns.end(),
                            [&](const Column& column) { return same_word(column.name, node.text); });
  if (found == table_.columns.end()) return unknown_column(node);
  constexpr Step::Run kRuns[] = {run_current, run_old, run_new};  // by Image
  Step& load = step(kRuns[static_cast<size_t>(node.image)], {});
  load.column = static_cast<uint32_t>(found - table_.columns.begin());
  load.shape = &*found;
  return Bound{.step = &load, .type = type_of(*found), .scale = scale_of(*found), .at = node.at};
}

Binder::Made Binder::fact(const Node& node) {
  switch (node.fact) {
    case Fact::Database: return constant(kept(Value::of_text(table_.database)), Type::Text, node.at);
    case Fact::Table: return constant(kept(Value::of_text(table_.name)), Type::Text, node.at);
    case Fact::Operation: return Bound{.step = &step(run_operation, {}), .type = Type::Text, .at = node.at};
    case Fact::Time: break;
  }
  return Bound{.step = &step(run_ts, {}), .type = Type::Moment, .scale = 6, .at = node.at};
}

Binder::Made Binder::number(const Node& node) {
  Bound literal = constant(kept(Value::of_text(node.text)), Type::Text, node.at);
  SLUICE_TRY(become(literal, Type::Exact));
  return literal;
}

Result<void> Binder::become(Bound& literal, Type type) {
  std::string_view text = literal.step->constant.text();
  uint32_t at = literal.at;
  Value value = Value::of_int(0);
  unsigned digits = 0;
  if (is_number(type)) {
    Decimal exact;
    if (Decimal::parse(text, exact)) {
      size_t point = std::min(text.find('.'), text.size() - 1);
      digits = static_cast<unsigned>(std::min<size_t>(text.size() - 1 - point, Decimal::kFraction));
      if (!exact.to_int(value.i)) value = kept(Value::of_wide(exact));
      literal = constant(value, Type::Exact, at, static_cast<uint8_t>(digits));
      return {};
    }
    std::string copy(text);
    char* end = nullptr;
    double real = std::strtod(copy.c_str(), &end);
    bool plain = text.find_first_not_of("0123456789.eE+-") == text.npos;
    if (plain && !copy.empty() && *end == '\0' && std::isfinite(real) &&
        text.find_first_of("eE") != text.npos) {
      literal = constant(Value::of_real(real), Type::Real, at);
      return {};
    }
    return fault(at, plain && !copy.empty() && *end == '\0'
                         ? "numbers have at most 65 digits before the point and 30 behind it"
                         : fmt::format("'{}' is compared with a number, and is none", text));
  }
  if (is_moment(type)) {
    value = Value::of_moment(0);
    if (!parse_moment(text, value.u, digits)) {
      return fault(at, fmt::format("'{}' is no date: expected 'YYYY-MM-DD' or 'YYYY-MM-DD HH:MM:SS'", text));
    }
    literal = constant(value, text.size() > 10 ? Type::Moment : Type::Date, at, static_cast<uint8_t>(digits));
    return {};
  }
  value = Value::of_time(0);
  if (!parse_time(text, value.i, digits)) {
    return fault(at, fmt::format("'{}' is no time of day: expected 'HH:MM:SS'", text));
  }
  literal = constant(value, Type::Time, at, static_cast<uint8_t>(digits));
  return {};
}

Result<void> Binder::want_condition(const Bound& bound) const {
  if (is_number(bound.type) || bound.type == Type::Any || bound.type == Type::Null) return {};
  return fault(bound.at, fmt::format("expected a condition, got {}", name_of(bound.type)));
}

Result<void> Binder::want_number(Bound& bound) {
  if (bound.text) return become(bound, Type::Exact);
  if (is_number(bound.type) || bound.type == Type::Any || bound.type == Type::Null) return {};
  return fault(bound.at, fmt::format("expected a number, got {}", name_of(bound.type)));
}

Result<void> Binder::want_text(const Bound& bound) const {
  if (is_text(bound.type) || bound.type == Type::Any || bound.type == Type::Null) return {};
  return fault(bound.at,
               fmt::format("expected text, got {}; concat() makes text of it", name_of(bound.type)));
}

Result<void> Binder::want_value(const Bound& bound) const {
  if (bound.type != Type::Document) return {};
  return fault(bound.at, "a JSON document is no single value; json(column, '$.path') takes one out of it");
}

Result<Step::Order> Binder::order_of(Bound& a, Bound& b) {
  SLUICE_TRY(want_value(a));
  SLUICE_TRY(want_value(b));
  for (auto [literal, other] : {std::pair(&a, &b), {&b, &a}}) {
    if (!literal->text || other->text) continue;
    if (is_number(other->type) || is_moment(other->type) || other->type == Type::Time) {
      SLUICE_TRY(become(*literal, other->type));
    }
  }
  if (a.type == Type::Any || b.type == Type::Any) return order_any;
  Type type = a.type == Type::Null ? b.type : a.type, other = b.type == Type::Null ? type : b.type;
  if (is_number(type) && is_number(other)) return order_numbers;
  if (is_text(type) && is_text(other)) return order_texts;
  if (is_moment(type) && is_moment(other)) return order_moments;
  if (type == Type::Time && other == Type::Time) return order_times;
  if (type == Type::Null) return order_numbers;
  return fault(b.at, fmt::format("{} cannot be compared with {}", name_of(a.type), name_of(b.type)));
}

// Twice, since a literal behind may tell what those before it are.
Result<Step::Order> Binder::order_of_all(Parts& parts) {
  Step::Order order = nullptr;
  for (int pass = 0; pass < 2; ++pass) {
    order = nullptr;
    for (size_t i = 1; i < parts.size(); ++i) {
      SLUICE_ASSIGN(each, order_of(parts[0], parts[i]));
      if (parts[i].type != Type::Null) order = order && each != order ? order_any : each;
    }
  }
  return order ? order : order_any;
}

Result<Binder::Bound> Binder::unify(Parts& parts) {
  Bound all;
  const Bound* first = nullptr;  // that says more than NULL
  for (Bound& part : parts) {
    SLUICE_TRY(want_value(part));
    if (!part.text && part.type != Type::Null && !first) first = &part;
  }
  for (Bound& part : parts) {
    if (part.text && first && !is_text(first->type) && first->type != Type::Any) {
      SLUICE_TRY(become(part, first->type));
    }
    all.scale = std::max(all.scale, part.scale);
    Type a = all.type, b = part.type;
    if (a == b || b == Type::Null) continue;
    bool alike =
        (is_number(a) && is_number(b)) || (is_text(a) && is_text(b)) || (is_moment(a) && is_moment(b));
    if (a == Type::Null) {
      all.type = b;
    } else if (a == Type::Any || b == Type::Any) {
      all.type = Type::Any;
    } else if (alike) {
      all.type = std::max(a, b);  // of each kind the wider one comes later
    } else {
      return fault(part.at, fmt::format("{} cannot stand beside {}", name_of(b), name_of(a)));
    }
  }
  return all;
}

Result<std::unique_ptr<Program>> Program::condition(const Expression& expression, const Table& table) {
  return Binder(expression, table).bind(true);
}

Result<std::unique_ptr<Program>> Program::value(const Expression& expression, const Table& table) {
  return Binder(expression, table).bind(false);
}

}  // namespace sluice::rule
