-- A file's content, logged as a statement with the file behind it.
create database shop;
use shop;
create table a (line varchar(200));
load data infile '/etc/hostname' into table a;
