-- A table whose first rows come from a SELECT that the log has only as text.
create database shop;
use shop;
create table a (id int primary key, n int);
insert into a values (1, 1);
set session binlog_format = statement;
create temporary table t as select * from a;
create table b as select * from a;
