-- Several files; table ids that mean something else in the next one.
create database shop;
use shop;
create table a (id int primary key, n int);
create table b (id int primary key, t text);
insert into a values (1, 1);
flush logs;
insert into a values (2, 2);
flush logs;
flush logs;
flush tables;
insert into b values (1, 'one');
alter table a add column m int first;
flush logs;
insert into a values (5, 3, 3);
begin;
insert into b values (2, 'two');
insert into a values (6, 4, 4);
commit;
