-- Generated and invisible columns, and columns that only the server sees.
create database shop;
use shop;
create table g (id int primary key, a int, v int generated always as (a * 2) virtual, s varchar(20) generated always as (concat('s', a)) stored, z int);
insert into g (id, a, z) values (1, 10, 1), (2, null, 2);
update g set a = 11 where id = 1;
delete from g where id = 2;
create table h (id int primary key, hidden int invisible default 5, u int unsigned, e enum('x','y'));
insert into h (id, u, e) values (1, 4294967295, 'y');
insert into h (id, hidden, u) values (2, null, 0);
update h set hidden = 6 where id = 1;
-- only: mysql
create table nokey (a int, b varchar(5));
-- only: mysql
insert into nokey values (1, 'x');
-- only: mariadb
create table versioned (id int primary key, a int) with system versioning;
-- only: mariadb
insert into versioned values (1, 1), (2, 2);
-- only: mariadb
update versioned set a = 3 where id = 1;
-- only: mariadb
delete from versioned where id = 2;
-- only: mariadb
create table long_unique (id int primary key, t text unique, b blob);
-- only: mariadb
insert into long_unique values (1, 'some text', 0x0102), (2, null, null);
-- only: mariadb
update long_unique set t = 'other' where id = 1;
-- only: mariadb
create table squeezed (id int primary key, t varchar(100) not null default '', n int default (1 + 1));
-- only: mariadb
insert into squeezed (id) values (1);
-- only: mariadb
create sequence seq start with 5 cache 3;
-- only: mariadb
select nextval(seq);
-- only: mariadb
alter table g drop column v, add column w int as (a + 1) virtual after id;
-- only: mariadb
insert into g (id, a, z) values (9, 9, 9);
