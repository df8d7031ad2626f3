#include <algorithm>
#include <initializer_list>

#include "base/ascii.h"
#include "base/option.h"
#include "base/regex.h"
#include "rule/fault.h"
#include "rule/json_path.h"
#include "rule/lexer.h"
#include "rule/syntax.h"

namespace sluice::rule {
namespace {

constexpr uint32_t kAny = UINT32_MAX;

struct Signature {
  std::string_view name;
  Function function;
  uint32_t least, most;  // arguments
};
constexpr Signature kFunctions[] = {
    {"lower", Function::Lower, 1, 1},
    {"upper", Function::Upper, 1, 1},
    {"substr", Function::Substr, 2, 3},
    {"length", Function::Length, 1, 1},
    {"char_length", Function::CharLength, 1, 1},
    {"coalesce", Function::Coalesce, 1, kAny},
    {"concat", Function::Concat, 1, kAny},
    {"abs", Function::Abs, 1, 1},
    {"round", Function::Round, 1, 2},
    {"changed", Function::Changed, 1, 1},
    {"year", Function::Year, 1, 1},
    {"month", Function::Month, 1, 1},
    {"day", Function::Day, 1, 1},
    {"hour", Function::Hour, 1, 1},
    {"minute", Function::Minute, 1, 1},
    {"second", Function::Second, 1, 1},
    {"date", Function::Date, 1, 1},
    {"json", Function::Json, 2, 2},
    {"hash", Function::Hash, 1, 1},
};

// What binds tighter has the higher number.
enum Power : int { kOr = 1, kAnd, kNot, kCompare, kSum, kProduct, kSigned };

struct Operator {
  std::string_view text;
  Sign sign;
  Power power;
};
constexpr Operator kOperators[] = {
    {"=", Sign::Equal, kCompare},
    {"<>", Sign::Unequal, kCompare},
    {"!=", Sign::Unequal, kCompare},
    {"<", Sign::Less, kCompare},
    {"<=", Sign::LessOrEqual, kCompare},
    {">", Sign::Greater, kCompare},
    {">=", Sign::GreaterOrEqual, kCompare},
    {"<=>", Sign::Same, kCompare},
    {"+", Sign::Plus, kSum},
    {"-", Sign::Minus, kSum},
    {"*", Sign::Times, kProduct},
    {"/", Sign::Over, kProduct},
    {"%", Sign::Rest, kProduct},
};

// Words that are no columns unless they stand in `…` or behind NEW. or OLD.
constexpr std::string_view kReserved[] = {"AND",    "OR",      "NOT", "IN",   "LIKE", "ESCAPE",
                                          "REGEXP", "BETWEEN", "IS",  "NULL", "CASE", "WHEN",
                                          "THEN",   "ELSE",    "END", "TRUE", "FALSE"};

class Parser {
 public:
  Parser(std::string_view source, Regexes regexes) : lexer_(source) {
    made_.source = source;
    made_.regexes = regexes;
  }

  Result<Expression> parse() {
    SLUICE_TRY(step());
    SLUICE_ASSIGN(root, expression(kOr));
    if (token_.kind != Token::Kind::End) return expected("an operator or the end");
    made_.root = root;
    return std::move(made_);
  }

 private:
  using Child = Result<uint32_t>;

  Result<void> step() {
    SLUICE_ASSIGN(next, lexer_.next());
    token_ = std::move(next);
    return {};
  }
  bool at_word(std::string_view word) const {
    return token_.kind == Token::Kind::Name && same_word(token_.text, word);
  }
  bool at_sign(std::string_view sign) const {
    return token_.kind == Token::Kind::Sign && token_.text == sign;
  }
  Failure expected(std::string_view what) const {
    return fault_at(made_.source, token_.at, fmt::format("expected {}, got {}", what, shown(token_)));
  }
  Result<void> take_word(std::string_view word) { return at_word(word) ? step() : expected(word); }
  Result<void> take_sign(std::string_view sign) {
    return at_sign(sign) ? step() : expected(fmt::format("'{}'", sign));
  }

  Child add(Node node, std::span<const uint32_t> children) {
    node.first = static_cast<uint32_t>(made_.children.size());
    node.count = static_cast<uint32_t>(children.size());
    for (uint32_t child : children) node.depth = std::max(node.depth, made_.nodes[child].depth + 1);
    if (node.depth > Expression::kMostDepth) return too_deep(node.at);
    made_.children.insert(made_.children.end(), children.begin(), children.end());
    made_.nodes.push_back(std::move(node));
    return static_cast<uint32_t>(made_.nodes.size() - 1);
  }
  Child add(Node node, std::initializer_list<uint32_t> children = {}) {
    return add(std::move(node), std::span(children.begin(), children.size()));
  }
  Failure too_deep(uint32_t at) const {
    return fault_at(
        made_.source, at,
        fmt::format("nested more than {} deep; AND, OR and IN take any number of parts side by side",
                    Expression::kMostDepth));
  }

  // What binds at least as tightly as `least`.
  Child expression(int least) {
    if (++depth_ > Expression::kMostDepth) return too_deep(token_.at);
    SLUICE_ASSIGN(left, operand(least));
    bool compared = false;
    for (;;) {
      SLUICE_ASSIGN(more, extend(left, least, compared));
      if (more == left) break;
      left = more;
    }
    --depth_;
    return left;
  }

  // `left` with the operator behind it, or just `left`.
  Child extend(uint32_t left, int least, bool& compared) {
    if (at_word("OR")) return least <= kOr ? chain(Verb::Or, "OR", kAnd, left) : Child(left);
    if (at_word("AND")) return least <= kAnd ? chain(Verb::And, "AND", kNot, left) : Child(left);
    bool predicate = std::any_of(std::begin(kPredicates), std::end(kPredicates),
                                 [&](std::string_view word) { return at_word(word); });
    const Operator* op = nullptr;
    for (const Operator& each : kOperators) {
      if (at_sign(each.text)) op = &each;
    }
    int power = predicate ? kCompare : op ? op->power : 0;
    if (power == 0 || power < least) return left;
    if (power == kCompare && std::exchange(compared, true)) {
      return fault_at(made_.source, token_.at,
                      "comparisons do not chain; join them with AND, or put brackets around the first");
    }
    if (predicate) return this->predicate(left);
    Node node{
        .verb = power == kCompare ? Verb::Compare : Verb::Arithmetic, .sign = op->sign, .at = token_.at};
    SLUICE_TRY(step());
    SLUICE_ASSIGN(right, expression(power + 1));
    return add(std::move(node), {left, right});
  }

  Child chain(Verb verb, std::string_view word, int power, uint32_t left) {
    Node node{.verb = verb, .at = token_.at};
    std::vector<uint32_t> parts = {left};
    while (at_word(word)) {
      SLUICE_TRY(step());
      SLUICE_ASSIGN(part, expression(power));
      parts.push_back(part);
    }
    return add(std::move(node), parts);
  }

  static constexpr std::string_view kPredicates[] = {"NOT", "IN", "LIKE", "REGEXP", "BETWEEN", "IS"};

  Child predicate(uint32_t left) {
    Node node{.at = token_.at};
    if (at_word("IS")) {
      SLUICE_TRY(step());
      SLUICE_TRY(read_not(node));
      node.verb = Verb::IsNull;
      SLUICE_TRY(at_word("NULL") ? step()
                                 : Result<void>(expected(node.negated ? "NULL" : "NULL or NOT NULL")));
      return add(std::move(node), {left});
    }
    SLUICE_TRY(read_not(node));
    if (at_word("IN")) return in(std::move(node), left);
    if (at_word("LIKE")) return like(std::move(node), left);
    if (at_word("REGEXP")) return regexp(std::move(node), left);
    if (!at_word("BETWEEN")) return expected("IN, LIKE, REGEXP or BETWEEN");
    SLUICE_TRY(step());
    node.verb = Verb::Between;
    SLUICE_ASSIGN(least, expression(kSum));
    SLUICE_TRY(take_word("AND"));
    SLUICE_ASSIGN(most, expression(kSum));
    return add(std::move(node), {left, least, most});
  }

  Result<void> read_not(Node& node) {
    node.negated = at_word("NOT");
    return node.negated ? step() : Result<void>();
  }

  Child in(Node node, uint32_t left) {
    SLUICE_TRY(step());
    node.verb = Verb::In;
    std::vector<uint32_t> parts = {left};
    SLUICE_TRY(list(parts));
    return add(std::move(node), parts);
  }

  // ( expression, … )
  Result<void> list(std::vector<uint32_t>& parts) {
    SLUICE_TRY(take_sign("("));
    for (;;) {
      SLUICE_ASSIGN(part, expression(kOr));
      parts.push_back(part);
      if (!at_sign(",")) break;
      SLUICE_TRY(step());
    }
    return at_sign(")") ? step() : expected("',' or ')'");
  }

  Child like(Node node, uint32_t left) {
    SLUICE_TRY(step());
    node.verb = Verb::Like;
    SLUICE_ASSIGN(pattern, expression(kSum));
    if (!at_word("ESCAPE")) return add(std::move(node), {left, pattern});
    SLUICE_TRY(step());
    if (token_.kind != Token::Kind::String || token_.text.size() != 1) {
      return expected("one character in quotes that takes away the meaning of % and _");
    }
    node.text = token_.text;
    SLUICE_TRY(step());
    return add(std::move(node), {left, pattern});
  }

  Child regexp(Node node, uint32_t left) {
    SLUICE_TRY(step());
    node.verb = Verb::Regexp;
    node.at = token_.at;
    if (token_.kind != Token::Kind::String) return expected("a regular expression in quotes");
    node.text = token_.text;
    if (++regexes_ > made_.regexes.most) {
      return fault_at(made_.source, node.at,
                      fmt::format("more than {} regular expressions are too many here", made_.regexes.most));
    }
    Regex pattern(node.text, made_.regexes.bytes);
    if (pattern.too_large()) {
      return fault_at(made_.source, node.at, "the regular expression counts too far, or has too many ways");
    }
    if (!pattern.ok()) {
      return fault_at(made_.source, node.at,
                      fmt::format("the regular expression is wrong: {}", pattern.error()));
    }
    SLUICE_TRY(step());
    return add(std::move(node), {left});
  }

  Child operand(int least) {
    Node node{.at = token_.at};
    switch (token_.kind) {
      case Token::Kind::Number:
      case Token::Kind::String:
        node.verb = token_.kind == Token::Kind::Number ? Verb::Number : Verb::String;
        node.text = std::move(token_.text);
        SLUICE_TRY(step());
        return add(std::move(node));
      case Token::Kind::Quoted:
        node.verb = Verb::Column;
        node.text = std::move(token_.text);
        SLUICE_TRY(step());
        return add(std::move(node));
      case Token::Kind::Name: return word(least);
      case Token::Kind::Sign: return sign();
      case Token::Kind::End: break;
    }
    return expected("a value");
  }

  Child sign() {
    Node node{.verb = Verb::Negate, .at = token_.at};
    if (at_sign("(")) {
      SLUICE_TRY(step());
      SLUICE_ASSIGN(inner, expression(kOr));
      SLUICE_TRY(at_sign(")") ? step() : Result<void>(expected("an operator or ')'")));
      return inner;
    }
    if (!at_sign("-")) return expected("a value");
    SLUICE_TRY(step());
    SLUICE_ASSIGN(value, expression(kSigned));
    return add(std::move(node), {value});
  }

  Child word(int least) {
    Node node{.at = token_.at};
    if (at_word("NOT") && least <= kNot) {
      SLUICE_TRY(step());
      SLUICE_ASSIGN(inner, expression(kNot));
      node.verb = Verb::Not;
      return add(std::move(node), {inner});
    }
    if (at_word("CASE")) return choice();
    for (auto [name, text] : {std::pair("NULL", ""), {"TRUE", "1"}, {"FALSE", "0"}}) {
      if (!at_word(name)) continue;
      node.verb = *text ? Verb::Number : Verb::Null;
      node.text = text;
      SLUICE_TRY(step());
      return add(std::move(node));
    }
    for (std::string_view reserved : kReserved) {
      if (at_word(reserved)) return expected("a value");
    }
    std::string name = std::move(token_.text);
    SLUICE_TRY(step());
    if (at_sign("(")) return call(std::move(node), name);
    bool old = same_word(name, "OLD");
    if (at_sign(".")) return of_image(std::move(node), name, old);
    node.verb = Verb::Fact;
    for (auto [word, fact] : {std::pair("operation", Fact::Operation),
                              {"db", Fact::Database},
                              {"table", Fact::Table},
                              {"ts", Fact::Time}}) {
      node.fact = fact;
      if (same_word(name, word)) return add(std::move(node));
    }
    node.verb = Verb::Column;
    node.text = std::move(name);
    return add(std::move(node));
  }

  Child of_image(Node node, const std::string& name, bool old) {
    if (!old && !same_word(name, "NEW")) {
      return fault_at(made_.source, node.at,
                      fmt::format("'{}.' is not known; a point stands behind OLD and NEW only", name));
    }
    SLUICE_TRY(step());
    if (token_.kind != Token::Kind::Name && token_.kind != Token::Kind::Quoted) {
      return expected("the name of a column");
    }
    node.verb = Verb::Column;
    node.image = old ? Image::Old : Image::New;
    node.text = std::move(token_.text);
    SLUICE_TRY(step());
    return add(std::move(node));
  }

  Child call(Node node, const std::string& name) {
    const Signature* known = std::find_if(std::begin(kFunctions), std::end(kFunctions),
                                          [&](const auto& each) { return same_word(each.name, name); });
    if (known == std::end(kFunctions)) return unknown_function(node, name);
    node.verb = Verb::Call;
    node.function = known->function;
    std::vector<uint32_t> arguments;
    SLUICE_TRY(list(arguments));
    if (arguments.size() < known->least || arguments.size() > known->most) {
      std::string count = known->most == kAny           ? fmt::format("at least {}", known->least)
                          : known->least == known->most ? fmt::format("{}", known->least)
                                                        : fmt::format("{} or {}", known->least, known->most);
      return fault_at(made_.source, node.at,
                      fmt::format("{}() takes {} argument{}, got {}", known->name, count,
                                  count == "1" ? "" : "s", arguments.size()));
    }
    if (node.function == Function::Json) {
      const Node& path = made_.nodes[arguments[1]];
      if (path.verb != Verb::String)
        return fault_at(made_.source, path.at, "the path is written in quotes, as '$.address.city'");
      SLUICE_TRY(JsonPath::parse(path.text, path.at, made_.source));
    }
    return add(std::move(node), arguments);
  }

  Failure unknown_function(const Node& node, const std::string& name) const {
    std::vector<std::string> names;
    std::string all;
    for (const Signature& each : kFunctions) {
      names.emplace_back(each.name);
      all += fmt::format("{}{}", all.empty() ? "" : ", ", each.name);
    }
    std::string near = nearest(name, names);
    return fault_at(made_.source, node.at,
                    near.empty() ? fmt::format("there is no function {}(); expected one of {}", name, all)
                                 : fmt::format("there is no function {}(); did you mean {}()?", name, near));
  }

  Child choice() {
    Node node{.verb = Verb::Case, .at = token_.at};
    SLUICE_TRY(step());
    std::vector<uint32_t> parts;
    auto part = [&]() -> Result<void> {
      SLUICE_ASSIGN(made, expression(kOr));
      parts.push_back(made);
      return {};
    };
    node.has_operand = !at_word("WHEN");
    if (node.has_operand) SLUICE_TRY(part());
    do {
      SLUICE_TRY(take_word("WHEN"));
      SLUICE_TRY(part());
      SLUICE_TRY(take_word("THEN"));
      SLUICE_TRY(part());
    } while (at_word("WHEN"));
    node.has_else = at_word("ELSE");
    if (node.has_else) {
      SLUICE_TRY(step());
      SLUICE_TRY(part());
    }
    SLUICE_TRY(at_word("END") ? step() : Result<void>(expected(node.has_else ? "END" : "WHEN, ELSE or END")));
    return add(std::move(node), parts);
  }

  Lexer lexer_;
  Token token_;
  Expression made_;
  uint32_t depth_ = 0;
  size_t regexes_ = 0;
};

}  // namespace

std::string_view name_of(Function function) {
  return std::find_if(std::begin(kFunctions), std::end(kFunctions),
                      [&](const Signature& each) { return each.function == function; })
      ->name;
}

Result<Expression> Expression::parse(std::string_view source, Regexes regexes) {
  if (source.size() > kMostBytes) {
    return usage("an expression of {} bytes is too long; at most {} are read", source.size(), kMostBytes);
  }
  return Parser(source, regexes).parse();
}

}  // namespace sluice::rule
