-- Text in character sets that are not UTF-8, in columns, labels, and statements.
create database shop character set latin1;
use shop;
set names utf8mb4;
create table words (id int primary key, l1 varchar(20), l1t text, g varchar(20) character set gbk, u16 varchar(20) character set utf16,
  u16c char(10) character set utf16, u32 varchar(10) character set utf32, u2 varchar(10) character set ucs2,
  le varchar(10) character set utf16le, cy varchar(20) character set cp1251, ko text character set koi8r,
  jp varchar(20) character set sjis, eu varchar(20) character set ujis, b5 varchar(20) character set big5,
  u3 varchar(20) character set utf8, a varchar(20) character set ascii, bin varchar(20) character set binary,
  lt longtext character set utf16, e1 enum('grün','rot') character set latin1, e2 enum('绿','红') character set gbk,
  s1 set('ä','ö') character set utf16, e3 enum('зелёный','x') character set cp1251, e4 enum('😀','x') character set utf8mb4);
-- the log begins here
insert into words values (1, 'Grüße €', 'ÿ“”', '中文 gbk', 'utf16 😀', 'pad', '😀32', 'ucs2 é', 'le 😀', 'Привет', 'мир', 'カタカナ表', '日本語', '中文',
  'drei é', 'plain', 0x00ff80, '長い', 'grün', '绿', 'ä,ö', 'зелёный', '😀'),
  (2, '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', 'rot', '红', '', 'x', 'x'),
  (3, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null);
insert into words (id, l1, l1t) values (4, 0x818d8f909d80ff, 0x0001097f), (5, ' trail ', ' ');
-- only: mysql-9 mariadb
insert into words (id, jp, eu, b5) values (6, _sjis 0x815f5c, _ujis 0x8fb0a1, _big5 0xa145);
update words set l1 = concat(l1, 'é'), u16 = 'neu' where id < 5;
set names latin1;
create table latin (id int primary key, name varchar(10) default 'x');
insert into latin values (1, 0xe9);
set names utf8mb4;
create table `größe` (`schlüssel` int primary key, `日本` varchar(10));
insert into `größe` values (1, 'ä');
delete from words where id = 2;
