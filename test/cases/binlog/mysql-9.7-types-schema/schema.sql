create database shop character set utf8mb4;
use shop;
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
