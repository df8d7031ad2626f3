-- Shapes of tables learnt from the log's own statements, where row events do not name columns.
create database shop;
use shop;
set names utf8mb4;
create table a (id int unsigned not null, name varchar(20), note text, raw blob, e enum('ä','x'), s set('p','q'), b binary(3),
  d decimal(10,2), u varchar(10) character set utf8mb4, y year, t timestamp(3) null, k bigint unsigned, primary key (id));
insert into a values (4294967295, 'é', 'ü', 0xfcfd, 'ä', 'p,q', 0x01, 1.5, '😀', 2026, '2026-01-15 10:30:00.123', 18446744073709551615);
alter table a add column first varchar(5) first, add column last tinyint unsigned default 200, modify note mediumtext character set utf8mb4;
insert into a (first, id, name, note) values ('ß', 1, 'ñ', '日本');
alter table a change name title varchar(30) character set utf8mb4, drop column raw, drop primary key, add primary key (title, id);
insert into a (id, title, k) values (2, '€', 9223372036854775808);
create table b like a;
insert into b (id, title) values (3, 'like');
rename table a to c, b to a;
update c set last = 255, title = 'renamed' where id = 2;
update a set s = 'q';
alter table c default character set utf8mb4, add column more varchar(5);
insert into c (id, title, note, more) values (5, 'converted', 'é', 'ä');
create table d as select id, title, note from c;
insert into d values (6, 't', 'n');
-- only: mysql-9 mariadb
alter table c rename column last to final;
create database other character set utf8mb4;
create table other.f (v varchar(5), w varchar(5) character set latin1);
insert into other.f values ('é', 'é');
drop table a;
create table a (x int);
insert into a values (1);
delete from c where id = 1;
drop database other;
