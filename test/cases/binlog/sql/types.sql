-- Every ordinary type with its boundary values and NULLs.
create database shop character set utf8mb4;
use shop;
set sql_mode = '', time_zone = '+03:00';
create table ints (id int primary key, t tinyint, tu tinyint unsigned, s smallint, su smallint unsigned, m mediumint,
  mu mediumint unsigned, i int, iu int unsigned, b bigint, bu bigint unsigned, y year, z int(5) unsigned zerofill, f bool not null);
create table reals (id int primary key, f float, d double, du double unsigned, fs float(7,3));
create table decimals (id int primary key, a decimal(1,0), b decimal(9,9), c decimal(10,2), d decimal(18,9), e decimal(65,30),
  f decimal(65,0), g decimal(38,0) unsigned, h decimal(30,30), n decimal(20,1) not null);
create table times (id int primary key, d date, t time, t1 time(1), t2 time(2), t3 time(3), t4 time(4), t5 time(5), t6 time(6));
create table moments (id int primary key, dt datetime, dt1 datetime(1), dt2 datetime(2), dt3 datetime(3), dt4 datetime(4),
  dt5 datetime(5), dt6 datetime(6), ts timestamp null, ts1 timestamp(1) null, ts2 timestamp(2) null, ts3 timestamp(3) null,
  ts4 timestamp(4) null, ts5 timestamp(5) null, ts6 timestamp(6) null);
create table texts (id int primary key, c char(10), cw char(90), v varchar(10), v255 varchar(255), vw varchar(300), tt tinytext,
  t text, mt mediumtext, lt longtext, n varchar(5) not null) character set utf8mb4;
create table bytes (id int primary key, b binary(4), bw binary(255), v varbinary(10), vw varbinary(300), tb tinyblob, b2 blob,
  mb mediumblob, lb longblob);
create table choices (id int primary key, e enum('small','medium','large'), q enum('it''s','','comma,','grüße😀'),
  s set('a','b','c','ü'), w set('s01','s02','s03','s04','s05','s06','s07','s08','s09','s10','s11','s12','s13','s14','s15','s16',
  's17','s18','s19','s20','s21','s22','s23','s24','s25','s26','s27','s28','s29','s30','s31','s32','s33','s34','s35','s36','s37',
  's38','s39','s40','s41','s42','s43','s44','s45','s46','s47','s48','s49','s50','s51','s52','s53','s54','s55','s56','s57','s58',
  's59','s60','s61','s62','s63','s64'));
create table bits (id int primary key, b1 bit(1), b7 bit(7), b8 bit(8), b9 bit(9), b15 bit(15), b16 bit(16), b17 bit(17),
  b24 bit(24), b25 bit(25), b32 bit(32), b33 bit(33), b40 bit(40), b48 bit(48), b56 bit(56), b63 bit(63), b64 bit(64));
create table signs (id int primary key, y year, b bit(9), e enum('x','y'), d date, u int unsigned, s set('x','y'), dt datetime(3),
  n decimal(5,2) unsigned, j int, ts timestamp null, f float unsigned, k tinyint unsigned, t time, l smallint unsigned, v varchar(5),
  m mediumint unsigned, i int, bl blob, bu bigint unsigned);
-- the log begins here
insert into signs values (-1, 2026, 511, 'y', '2026-01-15', 4294967295, 'x,y', '2026-01-15', 999.99, -1, '2026-01-15', 1.5, 255,
  '01:02:03', 65535, 'v', 16777215, -2, 'b', 18446744073709551615);
insert into ints values (1, -128, 255, -32768, 65535, -8388608, 16777215, -2147483648, 4294967295, -9223372036854775808,
  18446744073709551615, 1901, 7, 1);
insert into ints values (2, 127, 0, 32767, 0, 8388607, 0, 2147483647, 0, 9223372036854775807, 0, 2155, 0, 0),
  (3, -1, 128, -1, 32768, -1, 8388608, -1, 2147483648, -1, 9223372036854775808, 0, 12345, -1),
  (4, null, null, null, null, null, null, null, null, null, null, null, null, 127), (-5, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 2026, 99999, 5);
update ints set b = b + 1, bu = bu - 1 where id in (1, 3);
update ints set id = 6, t = null where id = 4;
delete from ints where id = 2;
insert into reals values (1, 0, 0, 0, 0), (2, 1.5, -1.5, 1e308, 1234.567), (3, 3.4028234e38, 1.7976931348623157e308, 5e-324, -9999.999),
  (4, 1.17549435e-38, 2.2250738585072014e-308, 0.1, 0.001), (5, -3.4028234e38, -1.7976931348623157e308, null, null),
  (6, 0.1, 0.30000000000000004, 123456789012345678, 0.5), (7, 16777216, 9007199254740993, 1e15, 1), (8, 1e-45, 1e-5, 1e16, 2),
  (9, null, null, null, null), (10, 12345.678, 1e21, 1e-7, 3), (11, 1e10, -0e0, 100, -0.001);
update reals set d = d / 3, f = f / 3;
delete from reals where id < 4;
insert into decimals values (1, 0, 0, 0, 0, 0, 0, 0, 0, 0),
  (2, 9, 0.999999999, 99999999.99, 999999999.999999999, 99999999999999999999999999999999999.999999999999999999999999999999,
   99999999999999999999999999999999999999999999999999999999999999999, 99999999999999999999999999999999999999,
   0.999999999999999999999999999999, 1.5),
  (3, -9, -0.999999999, -99999999.99, -999999999.999999999,
   -99999999999999999999999999999999999.999999999999999999999999999999,
   -99999999999999999999999999999999999999999999999999999999999999999, 0, -0.999999999999999999999999999999, -1.5),
  (4, 1, 0.000000001, 0.01, 0.000000001, 0.000000000000000000000000000001, 1, 1, 0.000000000000000000000000000001, 0.1),
  (5, -1, -0.000000001, -0.01, -1.000000001, -0.000000000000000000000000000001, -1, 1000000000, -0.5, -0.1),
  (6, null, null, null, null, null, null, null, null, 1000000000000000000.9),
  (7, 5, 0.123456789, 12345678.91, 123456789.123456789, 12345678901234567890.123456789, 1000000000000000000000000000, 10, 0.25, 7);
update decimals set c = -c, d = d + 1 where id <> 2 and id <> 3;
delete from decimals where n < 0;
insert into times values (1, '1000-01-01', '00:00:00', 0, 0, 0, 0, 0, 0), (2, '9999-12-31', '838:59:59', '838:59:59.0',
   '838:59:58.99', '838:59:58.999', '838:59:58.9999', '838:59:58.99999', '838:59:58.999999'),
  (3, '0000-00-00', '-838:59:59', '-838:59:58.9', '-838:59:58.99', '-838:59:58.999', '-838:59:58.9999', '-838:59:58.99999',
   '-838:59:58.999999'), (4, '2026-02-00', '-00:00:01', '-00:00:00.1', '-00:00:00.01', '-00:00:00.001', '-00:00:00.0001',
   '-00:00:00.00001', '-00:00:00.000001'),
  (5, '0000-01-15', '23:59:59', '00:00:00.1', '00:00:00.01', '00:00:00.001', '00:00:00.0001', '00:00:00.00001', '00:00:00.000001'),
  (6, '2024-02-29', '100:00:00', '-01:00:00.0', '-01:00:00.00', '-01:00:00.000', '-01:00:00.0000', '-01:00:00.00000', '-01:00:00.000000'),
  (7, null, null, null, null, null, null, null, null),
  (8, '0001-01-01', '-10:11:12', '-10:11:12.5', '-10:11:12.56', '-10:11:12.567', '-10:11:12.5678', '-10:11:12.56789', '-10:11:12.567891');
update times set d = '1969-12-31', t6 = '12:34:56.789' where id > 6;
delete from times where id = 1;
insert into moments values (1, '1000-01-01', '1000-01-01', '1000-01-01', '1000-01-01', '1000-01-01', '1000-01-01', '1000-01-01',
   '1970-01-01 03:00:01', '1970-01-01 03:00:01', '1970-01-01 03:00:01', '1970-01-01 03:00:01', '1970-01-01 03:00:01',
   '1970-01-01 03:00:01', '1970-01-01 03:00:01'),
  (2, '9999-12-31 23:59:59', '9999-12-31 23:59:59.9', '9999-12-31 23:59:59.99', '9999-12-31 23:59:59.999',
   '9999-12-31 23:59:59.9999', '9999-12-31 23:59:59.99999', '9999-12-31 23:59:59.999999', '2038-01-19 06:14:07',
   '2038-01-19 06:14:06.9', '2038-01-19 06:14:06.99', '2038-01-19 06:14:06.999', '2038-01-19 06:14:06.9999',
   '2038-01-19 06:14:06.99999', '2038-01-19 06:14:06.999999'),
  (3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
  (4, null, null, null, null, null, null, null, null, null, null, null, null, null, null),
  (5, '2026-00-00', '2026-01-00', '0000-00-01', '0001-01-01', '2024-02-29 12:30:00.1234', '1969-12-31 23:59:59.5',
   '2026-01-15 10:30:00.000001', '2026-01-15 10:30:00', '2026-01-15 10:30:00.1', '2026-01-15 10:30:00.01', '2026-01-15 10:30:00.001',
   '2026-01-15 10:30:00.0001', '2026-01-15 10:30:00.00001', '2026-01-15 10:30:00.000001');
update moments set ts6 = '2026-03-29 02:30:00.654321', dt6 = null where id in (1, 4);
delete from moments where id = 3;
-- only: mariadb-11.8
insert into moments (id, ts, ts6) values (6, '2106-02-07 09:28:15', '2106-02-07 09:28:15.999999');
insert into texts values (1, '', '', '', '', '', '', '', '', '', ''),
  (2, 'abcdefghij', repeat('y', 90), 'a b  ', repeat('x', 255), repeat('z', 300), repeat('t', 255), 'text', 'medium', 'long', 'n'),
  (3, 'Grüße €😀', '日本語', 'é', '\0\b\t\n\f\r"\\''', '\Z\u007f/', 'tab\there', repeat('ß', 300), '😀😀', '\\u0000', 'ÿ'),
  (4, null, null, null, null, null, null, null, null, null, 'five5'),
  (5, 'trail    ', '  lead', 'trail  ', concat(char(0), char(1), char(31), char(127)), '', ' ', ' ', ' ', ' ', ' ');
update texts set c = 'changed', t = concat(t, 'é') where id > 1;
delete from texts where id = 2;
insert into bytes values (1, '', '', '', '', '', '', '', ''), (2, 0x00000000, 0x00, 0x00, 0x0000, 0x00, 0x00, 0x00, 0x00),
  (3, 0xff00, 0x0102, 0xff00, repeat(0xfe, 260), repeat(0xfd, 255), 0x80818283, 0x22275c0a, 0xed9fbf),
  (4, 0x01020304, repeat(0xaa, 255), 0x01020300, 0x01, null, null, null, null), (5, null, null, null, null, null, null, null, null),
  (6, 0x20202020, 0x2020, 0x2000, 0x20, 0x20, 0x00ff, repeat(0xc3a9, 200), 0xf09f9880);
update bytes set v = concat(v, 0x00) where id in (1, 3);
delete from bytes where id = 4;
insert into choices values (1, 'small', 'it''s', '', ''), (2, 'large', '', 'a,c,ü', 's01,s64'), (3, 'bad value', 'comma,', 'b,zzz', 's32,s33'),
  (4, null, null, null, null), (5, 2, 'grüße😀', 15, 18446744073709551615), (6, '', 4, 'ü', 's08,s09,s16,s17,s24,s25,s40,s41,s48,s56');
update choices set e = 'medium', s = 'a,b,c' where id <> 5;
delete from choices where id = 1;
insert into bits values (1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
  (2, b'1', 127, 255, 511, 32767, 65535, 131071, 16777215, 33554431, 4294967295, 8589934591, 1099511627775, 281474976710655,
   72057594037927935, 9223372036854775807, 18446744073709551615),
  (3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1), (4, 1, 64, 128, 256, 16384, 32768, 65536, 8388608, 16777216, 2147483648,
   4294967296, 549755813888, 140737488355328, 36028797018963968, 4611686018427387904, 9223372036854775808),
  (5, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null);
update bits set b1 = 0, b9 = 0x155 where id > 1;
delete from bits where id = 3;
