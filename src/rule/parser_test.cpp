#include <gtest/gtest.h>

#include <string>

#include "rule/syntax.h"

namespace sluice::rule {
namespace {

constexpr const char* kSigns[] = {"=", "<>", "<", "<=", ">", ">=", "<=>", "+", "-", "*", "/", "%"};
constexpr const char* kVerbs[] = {"null", "",  "",   "",     "",       "or",      "and",    "not",  "",
                                  "",     "-", "in", "like", "regexp", "between", "isnull", "case", ""};
constexpr const char* kFacts[] = {"operation", "db", "table", "ts"};

// The tree with brackets around every node that has children.
std::string printed(const Expression& expression, uint32_t at) {
  const Node& node = expression.nodes[at];
  switch (node.verb) {
    case Verb::Null: return "null";
    case Verb::Number: return node.text;
    case Verb::String: return "'" + node.text + "'";
    case Verb::Column: {
      static constexpr const char* kImages[] = {"", "OLD.", "NEW."};
      return kImages[static_cast<int>(node.image)] + node.text;
    }
    case Verb::Fact: return std::string("@") + kFacts[static_cast<int>(node.fact)];
    default: break;
  }
  std::string text = node.negated ? "(not-" : "(";
  bool signs = node.verb == Verb::Compare || node.verb == Verb::Arithmetic;
  text += signs                     ? kSigns[static_cast<int>(node.sign)]
          : node.verb == Verb::Call ? std::string(name_of(node.function))
                                    : kVerbs[static_cast<int>(node.verb)];
  if (node.has_operand) text += " of";
  if (node.has_else) text += " else";
  for (uint32_t child : expression.children_of(node)) text += " " + printed(expression, child);
  if (!node.text.empty()) text += " '" + node.text + "'";
  return text + ")";
}

TEST(RuleParser, BuildsTheTree) {
  struct Case {
    const char *source, *tree;
  };
  const Case cases[] = {
      {"1 + 2 * 3 - 4", "(- (+ 1 (* 2 3)) 4)"},
      {"(1 + 2) * -x % 4", "(% (* (+ 1 2) (- x)) 4)"},
      {"- -1", "(- (- 1))"},
      {"a = 1 OR b = 2 AND NOT c <=> 3 OR d", "(or (= a 1) (and (= b 2) (not (<=> c 3))) d)"},
      {"not not a != b", "(not (not (<> a b)))"},
      {"OLD.a <> new.`a b` AND `table` = table", "(and (<> OLD.a NEW.a b) (= table @table))"},
      {"operation in ('update') and ts > '2026-01-15' and db = 'shop'",
       "(and (in @operation 'update') (> @ts '2026-01-15') (= @db 'shop'))"},
      {"a NOT IN (1, 2 + 3, NULL)", "(not-in a 1 (+ 2 3) null)"},
      {"a BETWEEN 1 AND 2 AND b NOT BETWEEN -1 AND x+1",
       "(and (between a 1 2) (not-between b (- 1) (+ x 1)))"},
      {"a LIKE 'x%' ESCAPE '!' OR a NOT LIKE b", "(or (like a 'x%' '!') (not-like a b))"},
      {"name REGEXP '^it''s\\.'", "(regexp name '^it's\\.')"},
      {"a IS NULL = TRUE", nullptr},
      {"(a IS NOT NULL) = TRUE", "(= (not-isnull a) 1)"},
      {"CASE WHEN a THEN 1 ELSE 2 END", "(case else a 1 2)"},
      {"case a when 1 then 'x' when 2 then 'y' end", "(case of a 1 'x' 2 'y')"},
      {"changed(price) AND Round(price, 2) >= .5e1", "(and (changed price) (>= (round price 2) .5e1))"},
      {"json(doc, '$.a[0]') = 1.", "(= (json doc '$.a[0]') 1.)"},
      {"größe > 1", "(> größe 1)"},
  };
  for (const Case& c : cases) {
    auto parsed = Expression::parse(c.source);
    if (!c.tree) {
      EXPECT_FALSE(parsed) << c.source;
      continue;
    }
    ASSERT_TRUE(parsed) << c.source << "\n" << parsed.error().what;
    EXPECT_EQ(printed(*parsed, parsed->root), c.tree) << c.source;
  }
}

TEST(RuleParser, FaultsPointAtThePlace) {
  struct Case {
    const char *source, *what;
  };
  const Case cases[] = {
      {"", "column 1: expected a value, got the end\n    \n    ^"},
      {"a = 1 AND ", "column 11: expected a value, got the end\n    a = 1 AND \n              ^"},
      {"a = = 1", "column 5: expected a value, got '='\n    a = = 1\n        ^"},
      {"a b", "column 3: expected an operator or the end, got 'b'\n    a b\n      ^"},
      {"(a", "column 3: expected an operator or ')', got the end\n    (a\n      ^"},
      {"a = 'x", "column 5: the ' that closes this is missing\n    a = 'x\n        ^"},
      {"a = \"x\"", "column 5: text stands in '…' and a name in `…`, not in \"…\"\n    a = \"x\"\n        ^"},
      {"ä = 1 ; b",
       "column 7: no name, number, text or operator begins with this character\n"
       "    ä = 1 ; b\n          ^"},
      {"1 < a < 3",
       "column 7: comparisons do not chain; join them with AND, or put brackets around the first\n"
       "    1 < a < 3\n          ^"},
      {"lowr(a) = 'x'",
       "column 1: there is no function lowr(); did you mean lower()?\n    lowr(a) = 'x'\n    ^"},
      {"substr(a)", "column 1: substr() takes 2 or 3 arguments, got 1\n    substr(a)\n    ^"},
      {"changed(a, b)", "column 1: changed() takes 1 argument, got 2\n    changed(a, b)\n    ^"},
      {"shop.a = 1",
       "column 1: 'shop.' is not known; a point stands behind OLD and NEW only\n    shop.a = 1\n    ^"},
      {"NEW.1", "column 4: expected an operator or the end, got '.1'\n    NEW.1\n       ^"},
      {"a NOT 1", "column 7: expected IN, LIKE, REGEXP or BETWEEN, got '1'\n    a NOT 1\n          ^"},
      {"a BETWEEN 1 OR 2", "column 13: expected AND, got 'OR'\n    a BETWEEN 1 OR 2\n                ^"},
      {"a IN (1 2)", "column 9: expected ',' or ')', got '2'\n    a IN (1 2)\n            ^"},
      {"a IS 1", "column 6: expected NULL or NOT NULL, got '1'\n    a IS 1\n         ^"},
      {"CASE a END", "column 8: expected WHEN, got 'END'\n    CASE a END\n           ^"},
      {"a = NOT b", "column 5: expected a value, got 'NOT'\n    a = NOT b\n        ^"},
      {"a LIKE 'x' ESCAPE 'ab'",
       "column 19: expected one character in quotes that takes away the meaning of % and _, got the text "
       "'ab'\n"
       "    a LIKE 'x' ESCAPE 'ab'\n                      ^"},
      {"a REGEXP '('",
       "column 10: the regular expression is wrong: missing ): (\n    a REGEXP '('\n             ^"},
      {"json(a, b)",
       "column 9: the path is written in quotes, as '$.address.city'\n    json(a, b)\n            ^"},
      {"json(a, 'b')", "column 9: the path 'b' does not begin with $\n    json(a, 'b')\n            ^"},
      {"json(a, '$.b[x]')",
       "column 9: the path '$.b[x]': expected a number and ']' behind '$.b['\n    json(a, '$.b[x]')\n        "
       "    ^"},
      {"a =\n1 +", "column 8: expected a value, got the end\n    a = 1 +\n           ^"},
  };
  for (const Case& c : cases) {
    auto parsed = Expression::parse(c.source);
    ASSERT_FALSE(parsed) << c.source;
    EXPECT_EQ(parsed.error().what, c.what) << c.source;
    EXPECT_EQ(parsed.error().fault, Fault::Usage);
  }
  auto unknown = Expression::parse("frobnicate(a)");
  ASSERT_FALSE(unknown);
  EXPECT_NE(unknown.error().what.find("there is no function frobnicate(); expected one of lower, upper,"),
            std::string::npos)
      << unknown.error().what;
}

std::string repeated(std::string_view part, size_t times) {
  std::string all;
  for (size_t i = 0; i < times; ++i) all += part;
  return all;
}

TEST(RuleParser, HugeAndDeepExpressionsWorkOrAreRefused) {
  std::string wide = "a = 1" + repeated(" OR a = 1", 100'000);
  ASSERT_LT(wide.size(), Expression::kMostBytes);
  auto parsed = Expression::parse(wide);
  ASSERT_TRUE(parsed) << parsed.error().what;
  EXPECT_EQ(parsed->nodes[parsed->root].count, 100'001u);
  EXPECT_TRUE(Expression::parse("a IN (1" + repeated(",1", 400'000) + ")"));
  auto long_one = Expression::parse(wide + repeated(" ", Expression::kMostBytes));
  ASSERT_FALSE(long_one);
  EXPECT_NE(long_one.error().what.find("at most 1048576"), std::string::npos) << long_one.error().what;
  const std::string deep[] = {
      repeated("(", 10'000) + "a" + repeated(")", 10'000),
      repeated("NOT ", 10'000) + "a",
      repeated("-", 10'000) + "a",
      "a" + repeated(" + 1", 10'000),
      repeated("lower(", 10'000) + "a" + repeated(")", 10'000),
      repeated("CASE WHEN ", 10'000),
      "a IN " + repeated("(b IN ", 10'000),
      repeated("(", 500'000),
  };
  for (const std::string& source : deep) {
    auto refused = Expression::parse(source);
    ASSERT_FALSE(refused) << source.substr(0, 20);
    EXPECT_NE(refused.error().what.find("nested more than 200 deep"), std::string::npos)
        << refused.error().what;
    EXPECT_LT(refused.error().what.size(), 400u);
  }
  EXPECT_TRUE(Expression::parse(repeated("(", 150) + "a" + repeated(")", 150)));
}

}  // namespace
}  // namespace sluice::rule
