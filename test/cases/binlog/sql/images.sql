-- Row images: what a change carries of the columns that it does not touch.
create database shop;
use shop;
set sql_mode = '';
create table keyed (id int auto_increment primary key, a int, b varchar(20), t text, bl blob, n int not null default 7);
create table uniq (u int not null unique, a int, t text);
create table none (a int, b varchar(10), t text);
create table defaults (a int default 5, b varchar(5) default 'x');
create table wide (c1 int, c2 int, c3 int, c4 int, c5 int, c6 int, c7 int, c8 int, id int primary key, c10 int, c11 int, c12 int,
  c13 int, c14 int, c15 int, c16 int, c17 int, t18 text);
insert into keyed values (1, 10, 'one', 'text one', 'blob one', 1), (2, 20, 'two', null, null, 2), (3, null, null, '', '', 3);
insert into keyed (a) values (40), (50);
insert into keyed () values ();
update keyed set a = 11 where id = 1;
update keyed set t = 'new text' where id = 2;
update keyed set b = null, bl = 'b' where id = 3;
update keyed set id = 30 where id = 3;
update keyed set a = a;
delete from keyed where id = 2;
-- MariaDB logs this as an update, whose partial image leaves out the columns that go back to their default.
-- only: mysql
replace into keyed (id, a) values (1, 100);
insert into keyed (id, a) values (1, 5) on duplicate key update a = 101;
insert into uniq values (1, 2, 'x'), (2, null, null);
update uniq set a = 3 where u = 1;
delete from uniq where u = 2;
insert into none values (1, 'x', 'y'), (1, 'x', 'y'), (null, null, null);
update none set b = 'z' where a = 1;
delete from none where a is null;
insert into defaults values ();
-- MySQL cannot log this one in a MINIMAL image, and says so to the client.
-- only: mariadb
insert into defaults () values (), ();
insert into defaults (b) values ('y');
update defaults set a = 6 where b = 'y';
insert into wide (id, c1, c17) values (1, 1, 17);
insert into wide values (1, 2, 3, 4, 5, 6, 7, 8, 2, 10, 11, 12, 13, 14, 15, 16, 17, 'eighteen');
update wide set c10 = null, c17 = 0 where id = 2;
update wide set t18 = 'x';
delete from wide where id = 1;
