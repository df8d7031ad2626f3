// Binder: makes the steps of an expression for one table version: finds its columns, gives every part a type,
// and reckons beforehand what is always the same.
#pragma once

#include "rule/program.h"

namespace sluice::rule {

class Binder {
 public:
  Binder(const Expression& expression, const Table& table);

  // `condition`: what it yields is to be true, false or NULL.
  Result<std::unique_ptr<Program>> bind(bool condition);

 private:
  struct Bound {
    const Step* step = nullptr;
    Type type = Type::Null;
    uint8_t scale = 0;  // digits behind the point, or behind the second
    uint32_t at = 0;    // in the source
    bool text = false;  // as written in quotes: becomes what it is compared with
    bool constant() const;
  };
  using Made = Result<Bound>;
  using Parts = std::vector<Bound>;

  Made bind(uint32_t number);
  Made bind_node(const Node& node);
  Made column(const Node& node);
  Made fact(const Node& node);
  Made number(const Node& node);
  Made junction(const Node& node);  // AND, OR
  Made compare(const Node& node);
  Made between(const Node& node);
  Made in(const Node& node);
  Made like(const Node& node);
  Made regexp(const Node& node);
  Made choice(const Node& node);
  Made arithmetic(const Node& node);
  Made negate(const Node& node);

  Made call(const Node& node);
  Made changed(const Node& node);
  Made json(const Node& node);
  Made hash(const Node& node);
  Made text_call(const Node& node);
  Made number_call(const Node& node);
  Made temporal_call(const Node& node);
  Made coalesce(const Node& node);
  Made concat(const Node& node);

  Result<Parts> bind_all(std::span<const uint32_t> nodes);
  // What must be said of operands; literals in quotes are turned into what is wanted of them.
  Result<void> want_condition(const Bound& bound) const;
  Result<void> want_number(Bound& bound);
  Result<void> want_text(const Bound& bound) const;
  Result<void> want_value(const Bound& bound) const;  // no whole document
  Result<void> become(Bound& literal, Type type);
  // How two operands are compared; literals in quotes follow the other one.
  Result<Step::Order> order_of(Bound& a, Bound& b);
  // How the first is compared with each of the others.
  Result<Step::Order> order_of_all(Parts& parts);
  // One type for all of them.
  Result<Bound> unify(Parts& parts);
  Bound spelt(const Bound& bound);

  Step& step(Step::Run run, const Parts& parts);
  // A finished step; one whose parts are all constant is run at once.
  Bound made(const Node& node, Step& step, Type type, uint8_t scale = 0);
  Bound negated(const Node& node, Bound bound);
  Bound constant(Value value, Type type, uint32_t at, uint8_t scale = 0);
  Value kept(const Value& value);
  Failure fault(uint32_t at, const std::string& words) const;
  Failure unknown_column(const Node& node) const;

  const Expression& expression_;
  const Table& table_;
  std::unique_ptr<Program> program_;
  Frame frame_;
};

}  // namespace sluice::rule
