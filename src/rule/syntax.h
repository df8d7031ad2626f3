// Expression: a parsed rule, before any table is known. docs/rules.md has the grammar.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sluice::rule {

enum class Verb : uint8_t {
  Null,
  Number,  // `text`
  String,  // `text`
  Column,  // `image` and `text`
  Fact,    // `fact` of the change
  Or,      // of two or more
  And,     // of two or more
  Not,
  Compare,     // `sign`
  Arithmetic,  // `sign`: + - * / %
  Negate,
  In,       // the value, then the list
  Like,     // the value, the pattern, perhaps the escape
  Regexp,   // the value; `text` is the expression
  Between,  // the value, the least, the most
  IsNull,
  Case,  // the operand where there is one, pairs of when and then, else where there is one
  Call,  // `function`
};

enum class Image : uint8_t { Current, Old, New };
enum class Fact : uint8_t { Operation, Database, Table, Time };
enum class Sign : uint8_t {
  Equal,
  Unequal,
  Less,
  LessOrEqual,
  Greater,
  GreaterOrEqual,
  Same,
  Plus,
  Minus,
  Times,
  Over,
  Rest
};

enum class Function : uint8_t {
  Lower,
  Upper,
  Substr,
  Length,
  CharLength,
  Coalesce,
  Concat,
  Abs,
  Round,
  Changed,
  Year,
  Month,
  Day,
  Hour,
  Minute,
  Second,
  Date,
  Json,
  Hash,
};

struct Node {
  Verb verb = Verb::Null;
  Image image = Image::Current;
  Fact fact = Fact::Operation;
  Sign sign = Sign::Equal;
  Function function = Function::Lower;
  bool negated = false;           // of In, Like, Regexp, Between, IsNull
  bool has_operand = false;       // of Case
  bool has_else = false;          // of Case
  uint32_t at = 0;                // where it begins in the source; of what has an operator, the operator
  uint32_t depth = 1;             // of the tree below and with it
  uint32_t first = 0, count = 0;  // its children in Expression::children
  std::string text = {};
};

// What the regular expressions of an expression may take.
struct Regexes {
  size_t most = SIZE_MAX;
  size_t bytes = 8u << 20;  // that each may be made into
};

struct Expression {
  // Beyond these an expression is refused.
  static constexpr size_t kMostBytes = 1u << 20;
  static constexpr uint32_t kMostDepth = 200;

  std::string source;
  Regexes regexes = {};
  std::vector<Node> nodes = {};
  std::vector<uint32_t> children = {};
  uint32_t root = 0;

  std::span<const uint32_t> children_of(const Node& node) const {
    return std::span(children).subspan(node.first, node.count);
  }

  // A Usage fault shows the place with a caret and says what was expected there.
  static Result<Expression> parse(std::string_view source, Regexes regexes = {});
};

// How a message calls the function.
std::string_view name_of(Function function);

}  // namespace sluice::rule
