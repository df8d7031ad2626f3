-- Columns that MariaDB keeps compressed: the log has their values as they are stored.
create database shop;
use shop;
create table packed (id int primary key, v varchar(200) compressed character set utf8mb4, g varchar(100) compressed character set gbk,
  b varbinary(300) compressed, t text compressed character set latin1, lb longblob compressed, n int);
insert into packed values (1, repeat('é', 150), repeat('中', 90), repeat(x'00ff', 140), repeat('ÿ', 3000), repeat(x'c3', 3000), 1),
  (2, 'short', '中', x'0001', 'ÿ', x'80', 2), (3, '', '', '', '', '', 3), (4, null, null, null, null, null, 4);
set column_compression_zlib_wrap = on, column_compression_threshold = 2;
insert into packed values (5, repeat('é', 150), repeat('中', 90), repeat(x'00ff', 140), repeat('ÿ', 3000), repeat(x'c3', 3000), 5);
update packed set v = repeat('x', 120), lb = null where id in (1, 4);
delete from packed where id = 3;
