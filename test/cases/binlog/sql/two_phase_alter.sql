-- An ALTER that stands in the log twice: when it begins, and when it is done.
create database shop;
use shop;
create table a (id int primary key);
insert into a values (1);
set binlog_alter_two_phase = 1;
alter table a add column x int;
insert into a values (2, 2);
insert into a values (7, 2);
/* fails */ alter table a add column y int, add unique (x);
insert into a (id, x) values (3, 3);
alter table a drop column x, add column z varchar(5);
insert into a (id, z) values (4, 'four');
