-- Compressed parts of the log.
create database shop;
use shop;
create table a (id int primary key, t varchar(200));
insert into a values (1, 'short');
insert into a values (2, repeat('long ', 40));
