create database shop character set latin1;
use shop;
create table words (id int primary key, l1 varchar(20), l1t text, g varchar(20) character set gbk, u16 varchar(20) character set utf16,
  u16c char(10) character set utf16, u32 varchar(10) character set utf32, u2 varchar(10) character set ucs2,
  le varchar(10) character set utf16le, cy varchar(20) character set cp1251, ko text character set koi8r,
  jp varchar(20) character set sjis, eu varchar(20) character set ujis, b5 varchar(20) character set big5,
  u3 varchar(20) character set utf8, a varchar(20) character set ascii, bin varchar(20) character set binary,
  lt longtext character set utf16, e1 enum('grün','rot') character set latin1, e2 enum('绿','红') character set gbk,
  s1 set('ä','ö') character set utf16, e3 enum('зелёный','x') character set cp1251, e4 enum('😀','x') character set utf8mb4);
