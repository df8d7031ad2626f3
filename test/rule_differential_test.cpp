// Random rules over random rows, beside SQLite evaluating the same. Where the two differ by design
// (docs/rules.md) nothing is made: `/`, numbers beyond 64 bits, negative places of substr, text beside
// numbers.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <random>
#include <string>

#include "rule/program.h"
#include "support/sample.h"
#include "support/sanitized.h"

namespace sluice {
namespace {

using namespace sample;

constexpr uint64_t kSeed = 20261121;
constexpr int kRows = 25;
constexpr int kExpressions = test::kSanitized ? 1000 : 6000;

// One expression, as each of the two spells it.
struct Pair {
  std::string ours, theirs;
};
Pair same(const std::string& text) { return {text, text}; }

class Dice {
 public:
  explicit Dice(uint64_t seed) : random_(seed) {}
  int below(int n) { return static_cast<int>(random_() % static_cast<uint64_t>(n)); }
  template <size_t N>
  const char* one_of(const char* const (&all)[N]) {
    return all[below(N)];
  }

 private:
  std::mt19937_64 random_;
};

class Writer {
 public:
  explicit Writer(Dice& dice) : dice_(dice) {}

  Pair condition(int depth) {
    if (depth <= 0) return compare(0);
    switch (dice_.below(9)) {
      case 0: return join(condition(depth - 1), "AND", condition(depth - 1));
      case 1: return join(condition(depth - 1), "OR", condition(depth - 1));
      case 2: return wrap("(NOT ", condition(depth - 1), ")");
      case 3: return wrap("(", any(depth - 1), maybe_not("IS", " NULL)"));
      case 4: return in(depth - 1);
      case 5: return between(depth - 1);
      case 6: return like(depth - 1);
      case 7: return choice(depth - 1, &Writer::condition);
      default: return compare(depth - 1);
    }
  }

 private:
  static Pair wrap(const std::string& before, const Pair& inner, const std::string& after) {
    return {before + inner.ours + after, before + inner.theirs + after};
  }
  static Pair put(const Pair& a, const Pair& b) { return {a.ours + b.ours, a.theirs + b.theirs}; }
  static Pair join(const Pair& a, const std::string& op, const Pair& b) {
    return put(wrap("(", a, " " + op + " "), wrap("", b, ")"));
  }
  std::string maybe_not(const std::string& word, const std::string& after) {
    return " " + word + (dice_.below(2) ? " NOT" : "") + after;
  }

  Pair column(std::initializer_list<const char*> names) {
    std::string name = names.begin()[dice_.below(static_cast<int>(names.size()))];
    if (dice_.below(3) > 0) return same(name);
    return {"OLD." + name, "old_" + name};
  }

  Pair compare(int depth) {
    static constexpr const char* kSigns[] = {"=", "<>", "<", "<=", ">", ">="};
    bool texts = dice_.below(3) == 0;
    Pair a = texts ? text(depth) : number(depth), b = texts ? text(depth) : number(depth);
    if (dice_.below(5) > 0) return join(a, dice_.one_of(kSigns), b);
    return {"(" + a.ours + " <=> " + b.ours + ")", "(" + a.theirs + " IS " + b.theirs + ")"};
  }

  Pair any(int depth) { return dice_.below(2) ? number(depth) : text(depth); }

  Pair number(int depth) {
    switch (depth <= 0 ? dice_.below(2) : dice_.below(8)) {
      case 0: return dice_.below(12) ? same(std::to_string(dice_.below(15))) : same("NULL");
      case 1: return column({"a", "b", "c"});
      case 2: {
        static constexpr const char* kSigns[] = {"+", "-", "*", "%"};
        return join(number(depth - 1), dice_.one_of(kSigns), number(depth - 1));
      }
      case 3: return wrap("(-", number(depth - 1), ")");
      case 4: return wrap("abs(", number(depth - 1), ")");
      case 5: {
        Pair inner = text(depth - 1);
        return {"char_length(" + inner.ours + ")", "length(" + inner.theirs + ")"};
      }
      case 6:
        return dice_.below(2) ? several("coalesce(", depth - 1, &Writer::number)
                              : choice(depth - 1, &Writer::number);
      default: return condition(depth - 1);
    }
  }

  Pair text(int depth) {
    static constexpr const char* kTexts[] = {"''", "'a'", "'ab'", "'Ab'", "'it''s'", "'zoë'", "'ß'", "NULL"};
    switch (depth <= 0 ? dice_.below(2) : dice_.below(7)) {
      case 0: return same(dice_.one_of(kTexts));
      case 1: return column({"s", "u"});
      case 2: return wrap(dice_.below(2) ? "lower(" : "upper(", text(depth - 1), ")");
      case 3: {
        std::string places = ", " + std::to_string(1 + dice_.below(4));
        if (dice_.below(2)) places += ", " + std::to_string(dice_.below(4));
        return wrap("substr(", text(depth - 1), places + ")");
      }
      case 4: {
        Pair a = any(depth - 1), b = text(depth - 1);
        return {"concat(" + a.ours + ", " + b.ours + ")", "(" + a.theirs + " || " + b.theirs + ")"};
      }
      case 5: return several("coalesce(", depth - 1, &Writer::text);
      default: return choice(depth - 1, &Writer::text);
    }
  }

  using Make = Pair (Writer::*)(int);
  Pair several(const std::string& before, int depth, Make make) {
    Pair all = wrap(before, (this->*make)(depth), "");
    for (int i = 1 + dice_.below(3); i > 0; --i) all = put(all, wrap(", ", (this->*make)(depth), ""));
    return wrap("", all, ")");
  }

  Pair in(int depth) {
    Make make = dice_.below(2) ? &Writer::number : &Writer::text;
    return put(wrap("(", (this->*make)(depth), dice_.below(2) ? " NOT" : ""),
               wrap("", several(" IN (", dice_.below(2) ? 0 : depth - 1, make), ")"));
  }

  Pair between(int depth) {
    Make make = dice_.below(2) ? &Writer::number : &Writer::text;
    Pair value = wrap("(", (this->*make)(depth), dice_.below(2) ? " NOT BETWEEN " : " BETWEEN ");
    return put(put(value, wrap("", (this->*make)(depth), " AND ")), wrap("", (this->*make)(depth), ")"));
  }

  Pair like(int depth) {
    static constexpr const char* kPatterns[] = {
        "'%'", "'a%'", "'%b'", "'_b'", "'%a%b%'", "'z_ë'", "'__%'", "'!%%' ESCAPE '!'", "'A%'", "''"};
    return wrap("(", text(depth),
                (dice_.below(2) ? " NOT LIKE " : " LIKE ") + std::string(dice_.one_of(kPatterns)) + ")");
  }

  Pair choice(int depth, Make make) {
    Pair all = same("CASE");
    bool operand = dice_.below(2);
    if (operand) all = put(all, wrap(" ", number(depth), ""));
    for (int i = 1 + dice_.below(2); i > 0; --i) {
      all = put(all, wrap(" WHEN ", operand ? number(depth) : condition(depth), " THEN "));
      all = put(all, (this->*make)(depth));
    }
    if (dice_.below(2)) all = put(all, wrap(" ELSE ", (this->*make)(depth), ""));
    return wrap("(", all, " END)");
  }

  Dice& dice_;
};

constexpr const char* kColumns[] = {"a", "b", "c", "s", "u"};

class RuleDifferential : public testing::Test {
 protected:
  RuleDifferential() {
    EXPECT_EQ(sqlite3_open(":memory:", &database_), SQLITE_OK);
    run("PRAGMA case_sensitive_like = ON");
    run("CREATE TABLE t (a INTEGER, b INTEGER, c INTEGER, s TEXT, u TEXT,"
        " old_a INTEGER, old_b INTEGER, old_c INTEGER, old_s TEXT, old_u TEXT)");
    for (int i = 0; i < kRows; ++i) add_row();
  }
  ~RuleDifferential() override { sqlite3_close(database_); }

  void run(const std::string& sql) {
    EXPECT_EQ(sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
        << sql << ": " << sqlite3_errmsg(database_);
  }

  void add_row() {
    static constexpr const char* kTexts[] = {"", "a", "ab", "Ab", "it''s", "zoë", "ß", "abab", "b"};
    std::string values;
    auto image = [&] {
      std::vector<Cell> cells;
      for (size_t i = 0; i < std::size(kColumns); ++i) {
        values += values.empty() ? "" : ", ";
        if (dice_.below(5) == 0) {
          values += "NULL";
          cells.push_back(null());
        } else if (i < 3) {
          int value = dice_.below(25) - 8;
          values += std::to_string(value);
          cells.push_back(integer(value));
        } else {
          std::string text = dice_.one_of(kTexts);
          values += "'" + text + "'";
          if (size_t quote = text.find("''"); quote != text.npos) text.erase(quote, 1);
          cells.push_back(sample_.text(text));
        }
      }
      return cells;
    };
    auto after = image(), before = image();
    changes_.push_back(sample_.add(Op::Update, table_, before, after));
    run("INSERT INTO t VALUES (" + values + ")");
  }

  // SQLite's truth of the condition for each row: '1', '0', or '-' for NULL.
  std::string theirs(const std::string& condition) {
    sqlite3_stmt* statement = nullptr;
    std::string sql =
        "SELECT CASE WHEN x THEN '1' WHEN NOT x THEN '0' ELSE '-' END FROM (SELECT rowid AS r, (" +
        condition + ") AS x FROM t) ORDER BY r";
    if (sqlite3_prepare_v2(database_, sql.c_str(), -1, &statement, nullptr) != SQLITE_OK) {
      return sqlite3_errmsg(database_);
    }
    std::string all;
    while (sqlite3_step(statement) == SQLITE_ROW)
      all += reinterpret_cast<const char*>(sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    return all;
  }

  std::string ours(const std::string& condition) {
    auto parsed = rule::Expression::parse(condition);
    if (!parsed) return parsed.error().what;
    auto program = rule::Program::condition(*parsed, *table_);
    if (!program) return program.error().what;
    std::string all;
    for (const Change& change : changes_) {
      rule::Value value = (*program)->run(sample_.batch, change, frame_);
      all += value.null() ? '-' : rule::is_true(value) ? '1' : '0';
    }
    return all;
  }

  Dice dice_{kSeed};
  Sample sample_;
  TablePtr table_ =
      table("shop", "t",
            {column("a", ColumnType::Int), column("b", ColumnType::Int), column("c", ColumnType::Int),
             column("s", ColumnType::VarChar), column("u", ColumnType::VarChar)});
  std::vector<Change> changes_;
  rule::Frame frame_;
  sqlite3* database_ = nullptr;
};

TEST_F(RuleDifferential, AgreesWithSqlite) {
  Writer writer(dice_);
  size_t truths[3] = {};
  for (int i = 0; i < kExpressions; ++i) {
    Pair condition = writer.condition(1 + dice_.below(4));
    std::string got = ours(condition.ours);
    ASSERT_EQ(got, theirs(condition.theirs)) << condition.ours << "\nseed " << kSeed << ", number " << i;
    for (char c : got) ++truths[c == '1' ? 0 : c == '0' ? 1 : 2];
  }
  for (size_t count : truths)
    EXPECT_GT(count, size_t{kRows} * kExpressions / 20);  // each of the three is tried
}

}  // namespace
}  // namespace sluice
