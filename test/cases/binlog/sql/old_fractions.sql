-- Fractional seconds as MariaDB stored them before 10.1.
create database shop;
use shop;
set sql_mode = '', time_zone = '+03:00';
create table old (id int primary key, t1 time(1), t3 time(3), t6 time(6), d2 datetime(2), d4 datetime(4), d6 datetime(6),
  s1 timestamp(1) null, s3 timestamp(3) null, s5 timestamp(5) null, n int);
insert into old values (1, '01:02:03.4', '-01:02:03.456', '838:59:59.999999', '2026-01-15 10:30:00.12', '9999-12-31 23:59:59.9999',
  '0000-00-00 00:00:00.000001', '2026-01-15 10:30:00.1', '1970-01-01 03:00:01.001', '2038-01-19 06:14:07.99999', 7),
  (2, '-838:59:59.9', '00:00:00.001', '-00:00:00.000001', 0, '2026-02-31 00:00:00.0001', '1000-01-01', 0, 0, 0, 8),
  (3, null, null, null, null, null, null, null, null, null, 9);
update old set t3 = '00:00:00', s3 = '2026-03-29 02:30:00.5' where id < 3;
delete from old where id = 3;
