-- Fractional seconds as MariaDB stored them before 10.1.
create database shop;
use shop;
create table fine (id int primary key, t time);
create table old (id int primary key, t time(3), n int);
insert into fine values (1, '01:02:03');
insert into old values (1, '01:02:03.456', 7);
