-- Names with everything that quoting must survive.
create database `d"b\n'it''s`;
use `d"b\n'it''s`;
create table `t"a,b
c	d\e` (`id"` int primary key, `new
line` varchar(20), `back\slash` int, `a'b` enum('q"uo','new
line','back\\slash','tab	'), `x``y` set('"','''','\\'), `#` int, `ünïcödé日本` int, `key` int, `@1` int);
insert into `t"a,b
c	d\e` values (1, 'v"', 2, 'q"uo', '",''', 3, 4, 5, 6), (2, null, null, 'new
line', '\\', null, null, null, null);
update `t"a,b
c	d\e` set `back\slash` = 7, `a'b` = 'tab	' where `id"` = 1;
create table abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz01 (
  abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz01 int primary key,
  `日本語日本語日本語日本語日本語日本語日本語日本語日本語日本語日本語日本語日本語日本語日本語日本語日本語日本語日本語日本語日本語x` int);
insert into abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz01 values (1, 2);
create table `Mixed` (a int);
insert into `Mixed` values (1), (1);
delete from `Mixed` limit 1;
create table `two keys` (b int, a varchar(5), c int, primary key (a, b), unique (c));
insert into `two keys` values (1, 'x', 3);
update `two keys` set a = 'y', c = null;
create table prefix_key (t text not null, n int, primary key (t(3)));
insert into prefix_key values ('abcdef', 1);
delete from prefix_key;
