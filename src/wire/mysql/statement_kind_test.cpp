#include <gtest/gtest.h>

#include "wire/mysql/ddl.h"

namespace sluice::mysql {
namespace {

struct Case {
  StatementKind kind;
  std::vector<const char*> statements;
};

const Case kCases[] = {
    {StatementKind::Begin,
     {"BEGIN", "begin", " /* x */ BEGIN", "START TRANSACTION", "start transaction with consistent snapshot"}},
    {StatementKind::Commit, {"COMMIT", "commit work", "-- x\nCommit;"}},
    {StatementKind::Rollback, {"ROLLBACK", "rollback work"}},
    {StatementKind::RollbackTo, {"ROLLBACK TO `a`", "rollback to savepoint a", "rollback work to a"}},
    {StatementKind::Savepoint, {"SAVEPOINT `a`", "release savepoint a"}},
    {StatementKind::XaStart, {"XA START X'61',X'',1", "xa begin 'a'"}},
    {StatementKind::XaEnd, {"XA END X'61',X'',1"}},
    {StatementKind::XaPrepare, {"XA PREPARE X'61',X'',1"}},
    {StatementKind::XaCommit, {"XA COMMIT X'61',X'',1", "xa commit 'a' one phase"}},
    {StatementKind::XaRollback, {"XA ROLLBACK X'61',X'',1"}},
    {StatementKind::RowChange,
     {"insert into t values (1)", "INSERT", "/*!50000 insert */ into t select 1", "update t set a = 1",
      "delete from t", "replace t values (1)", "load data infile 'x' into table t",
      "LOAD XML LOCAL INFILE 'x'", "select `f`()", "do f()", "call p()", "with x as (select 1) delete from t",
      "(select f())", "set statement a=(1,2), b='for' for insert into t values (1)"}},
    {StatementKind::Ddl,
     {"create table t (a int)",
      "CREATE TEMPORARY TABLE t (a int)",
      "create or replace table t (a int)",
      "create or replace temporary table t (a int)",
      "create database d",
      "create schema d",
      "create or replace database d",
      "create sequence s",
      "alter table t add a int",
      "alter online ignore table t add a int",
      "alter database d charset latin1",
      "drop table t",
      "drop tables t",
      "drop temporary table t",
      "drop database d",
      "drop sequence s",
      "drop index `PRIMARY` on t",
      "drop index if exists primary on t",
      "drop index i on t",
      "create unique index i on t (a)",
      "create online unique index i on t (a)",
      "create or replace index i on t (a)",
      "rename table a to b",
      "rename tables a to b",
      "truncate t",
      "TRUNCATE TABLE t",
      "# x\n/*!40000 alter table t disable keys */",
      "/*M!100000 create */ table t (a int)",
      "set statement max_statement_time = 1 for alter table t add a int"}},
    {StatementKind::OtherDdl,
     {"create user x",
      "create or replace view v as select 1",
      "create view v as select 1",
      "create index i on t (a)",
      "create fulltext index i on t (a)",
      "create definer=x@y procedure p() begin end",
      "create algorithm=merge view v as select 1",
      "create function f returns string soname 'x'",
      "create event e on schedule every 1 day do drop table t",
      "create role r",
      "create trigger g before insert on t for each row set @a = 1",
      "create tablespace s",
      "alter user x",
      "alter view v as select 1",
      "alter sequence s restart",
      "alter event e disable",
      "drop view v",
      "drop user x",
      "drop function f",
      "rename user a to b",
      "grant all on *.* to x",
      "revoke all on *.* from x",
      "analyze table t",
      "optimize table t",
      "repair table t",
      "flush tables",
      "set password = 'x'",
      "set default role r to x",
      "install plugin x soname 'y'"}},
    {StatementKind::Other,
     {"", " ", "-- x", "/* create table t (a int)", "set @a = 1", "use d", "load index into cache t",
      "show tables", "1", ";", "`create` table t", "start slave", "xa recover",
      "/*!999999 create table t (a int) */", "'create'", "\x01\xff"}},
};

TEST(Classify, KnowsStatementsByTheirFirstWords) {
  for (const Case& test : kCases) {
    for (const char* statement : test.statements) {
      EXPECT_EQ(static_cast<int>(classify(statement)), static_cast<int>(test.kind)) << statement;
    }
  }
}

}  // namespace
}  // namespace sluice::mysql
