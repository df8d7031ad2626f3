#include "transform/mask/statement.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice::mask {
namespace {

std::string blanked(std::string_view sql, StatementKind kind, bool members = true) {
  std::string out(sql.size(), '\0');
  out.resize(blank_statement(sql, kind, members, out.data()).size);
  return out;
}

struct Case {
  std::string_view plain, expected;
};

TEST(BlankStatement, TakesTheValuesOutOfRows) {
  const Case cases[] = {
      {"", ""},
      {"INSERT INTO t VALUES (1, 'a', \"b\", 0x41, x'41', _utf8'c', 1.5e10, -2, .5)",
       "INSERT INTO t VALUES (?, ?, ?, ?, x?, _utf8?, ?, -?, ?)"},
      {"UPDATE `a 1`.t2 SET c3 = 'it''s' WHERE d='x'", "UPDATE `a 1`.t2 SET c3 = ? WHERE d=?"},
      {"DELETE FROM t -- secret\nWHERE a=/* secret */1 # secret", "DELETE FROM t  WHERE a= ?"},
      {"SET a = 'x\\' secret ', b = 'secret'", "SET a ="},
      {"SELECT 'open secret", "SELECT"},
      {"SELECT $$secret$$", "SELECT"},
      {"SELECT 1--1", "SELECT ?--?"},
      {"x = `open secret", "x ="},
      {"/*!40101 SET a=5 */ INSERT", "/*!40101 SET a=? */ INSERT"},
      // What is a comment for one server and none for another.
      {"/*!99999 don't */ INSERT INTO t VALUES ('secret')", "/*!99999 don"},
      {"/*M! ` */ UPDATE t SET a = 'secret', `b` = 1", "/*M!"},
      {"/*!40101 a=1 /* it's */ */ SET b='secret'", "/*!40101 a=?"},
      {"/*!40101 a=1 -- */ 'secret'\n*/ SET b='secret'", "/*!40101 a=?"},
      {"/*!40101 SET a='secret'", ""},
      {"/*/ it's */ SET a='secret'", "  SET a=?"},
      {"SET a=1 --\x7f it's\n, b='secret'", "SET a=?  , b=?"},
      // Of sjis, whose characters may end in a byte that looks like a backtick.
      {"UPDATE t SET \x83\x60 = 'secret', `b` = 1", "UPDATE t SET"},
      {"UPDATE t SET a = '\x83\x60\x83', b = 'secret'", "UPDATE t SET a ="},
      {"UPDATE t SET `a\xc3\xbc` = '\xe6\x97\xa5'", "UPDATE t SET `a\xc3\xbc` = ?"},
  };
  for (const Case& each : cases)
    EXPECT_EQ(blanked(each.plain, StatementKind::Rows), each.expected) << each.plain;
}

TEST(BlankStatement, LeavesOfASchemaChangeWhatBelongsToTypes) {
  const Case cases[] = {
      {"CREATE TABLE t (a varchar(20) DEFAULT 'secret' COMMENT 'secret', b decimal(10,2) DEFAULT -4.5 NOT "
       "NULL)",
       "CREATE TABLE t (a varchar(20)  , b decimal(10,2)  NOT NULL)"},
      {"CREATE TABLE t (e enum('x','y') DEFAULT 'x', s SET('x') ) COMMENT='secret' AUTO_INCREMENT=4711",
       "CREATE TABLE t (e enum('x','y') , s SET('x') )  AUTO_INCREMENT=0"},
      {"ALTER TABLE t ADD KEY k (`a`(10)), ADD c timestamp(6) DEFAULT CURRENT_TIMESTAMP(6)",
       "ALTER TABLE t ADD KEY k (`a`(10)), ADD c timestamp(6) DEFAULT CURRENT_TIMESTAMP(6)"},
      {"ALTER TABLE t ADD c int DEFAULT (4711), ADD d blob DEFAULT x'41', ADD e date DEFAULT DATE "
       "'2020-01-01'",
       "ALTER TABLE t ADD c int DEFAULT (0), ADD d blob , ADD e date"},
      {"ALTER TABLE t ADD CHECK (card <> 4111 and `f`(4111) and name in ('secret'))",
       "ALTER TABLE t ADD CHECK (card <> 0 and `f`(4111) and name in (''))"},
      {"ALTER TABLE t PARTITION BY RANGE (a) (PARTITION p VALUES LESS THAN (4711))",
       "ALTER TABLE t PARTITION BY RANGE (a) (PARTITION p VALUES LESS THAN (0))"},
  };
  for (const Case& each : cases)
    EXPECT_EQ(blanked(each.plain, StatementKind::Ddl), each.expected) << each.plain;
  EXPECT_EQ(blanked("ALTER TABLE t ADD e enum('x','y')", StatementKind::Ddl, false),
            "ALTER TABLE t ADD e enum('','')");
}

TEST(BlankStatement, IsNeverLonger) {
  constexpr std::string_view kAlphabet = "'\"`\\#-/*!(),;=.x1_ \nDEFAULT ENUM SELECT$";
  uint64_t dice = 3;
  for (int i = 0; i < 20'000; ++i) {
    std::string sql;
    for (int n = 0; n < 40; ++n) {
      dice = dice * 6364136223846793005 + 1442695040888963407;
      sql += kAlphabet[(dice >> 33) % kAlphabet.size()];
    }
    for (StatementKind kind : {StatementKind::Rows, StatementKind::Ddl}) {
      std::string out(sql.size() + 8, '~');
      size_t size = blank_statement(sql, kind, true, out.data()).size;
      ASSERT_LE(size, sql.size()) << sql;
      ASSERT_EQ(out.substr(sql.size()), "~~~~~~~~") << sql;
    }
  }
}

}  // namespace
}  // namespace sluice::mask
