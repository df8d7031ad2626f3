-- Temporal columns as servers before MySQL 5.6.4 stored them, which MariaDB still can.
create database shop;
use shop;
set sql_mode = '', time_zone = '+03:00';
create table old (id int primary key, d date, t time, dt datetime, ts timestamp null);
insert into old values (1, '1000-01-01', '-838:59:59', '1000-01-01', '1970-01-01 03:00:01'),
  (2, '9999-12-31', '838:59:59', '9999-12-31 23:59:59', '2038-01-19 06:14:07'), (3, 0, 0, 0, 0), (4, null, null, null, null),
  (5, '2026-02-00', '-00:00:01', '2026-00-00', '2026-01-15 10:30:00');
update old set t = '12:34:56', dt = '2026-01-15 10:30:59';
delete from old where id = 3;
