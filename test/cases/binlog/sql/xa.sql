-- XA transactions: a part of the log that tells nothing of its outcome.
create database shop;
use shop;
create table a (id int primary key);
insert into a values (1);
xa start 'one';
insert into a values (2);
xa end 'one';
xa prepare 'one';
xa commit 'one';
insert into a values (3);
