-- A session that logs its statements in place of its rows.
create database shop;
use shop;
create table a (id int primary key, n int);
insert into a values (1, 1);
set session binlog_format = statement;
/* a comment */ update a set n = 2;
