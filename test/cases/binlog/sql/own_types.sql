-- Types that only some servers have.
create database shop;
use shop;
-- only: mariadb
create table addresses (id int primary key, u uuid, i4 inet4, i6 inet6, n int unsigned, t text, u2 uuid not null);
-- only: mariadb
create table vectors (id int primary key, v vector(3) not null, e enum('x','y'));
-- only: mysql
create table vectors (id int primary key, v vector(3), e enum('x','y'), w vector(2000));
create table shapes (id int primary key, g geometry, p point, l linestring, c geometrycollection, e enum('a','b'), t text);
-- only: mariadb
create table documents (id int primary key, j json);
-- the log begins here
-- only: mariadb
insert into addresses values (1, '123e4567-e89b-12d3-a456-426655440000', '192.168.0.1', '2001:db8::ff00:42:8329', 4294967295, 'x', uuid()),
  (2, '00000000-0000-0000-0000-000000000000', '0.0.0.0', '::', 0, 'y', '00000000-0000-0000-0000-000000000001'),
  (3, 'ffffffff-ffff-ffff-ffff-ffffffffffff', '255.255.255.255', '::ffff:192.0.2.128', 1, 'z', 'ffffffff-0000-0000-0000-00000000ff00'),
  (4, null, null, null, null, null, '01020304-0506-0708-090a-0b0c0d0e0f10'),
  (5, '20202020-2020-2020-2020-202020202020', '32.32.32.32', '2020:2020:2020:2020:2020:2020:2020:2020', 5, '', '01020304-0506-1708-890a-0b0c0d0e0f10'),
  (6, '12345678-1234-1234-8234-000000000000', '10.0.0.0', 'fe80::', 6, '', '018f0000-0000-7000-8000-000000000000');
-- only: mariadb
update addresses set i4 = '10.0.0.1', u = '0191a2b3-c4d5-7e6f-8a9b-0c1d2e3f4a5b' where id < 4;
-- only: mariadb
delete from addresses where id = 2;
-- only: mariadb
insert into vectors values (1, vec_fromtext('[1,-2.5,3.25e10]'), 'x'), (2, x'000000000000000000000000', 'y');
-- only: mysql
insert into vectors values (1, to_vector('[1,-2.5,3.25e10]'), 'x', null), (2, null, 'y', to_vector('[0.1]'));
update vectors set e = 'y' where id = 1;
delete from vectors where id = 2;
insert into shapes values (1, st_geomfromtext('point(1 2)'), st_geomfromtext('point(-1.5 2e10)'),
  st_geomfromtext('linestring(0 0, 1 1, 2 0)'), st_geomfromtext('geometrycollection(point(1 1), linestring(0 0, 1 1))'), 'b', 'x'),
  (2, st_geomfromtext('polygon((0 0, 4 0, 4 4, 0 0))'), null, null, null, 'a', 'y'), (3, null, null, null, null, null, null),
  (4, st_geomfromtext('multipoint(1 1, 2 2)', 4326), null, null, null, 'a', 'z');
update shapes set p = st_geomfromtext('point(0 0)') where id > 1;
delete from shapes where id = 3;
-- only: mariadb
insert into documents values (1, '{"a": 1, "ü": [1, 2.50, null]}'), (2, null), (3, '[]');
-- only: mariadb
update documents set j = json_set(j, '$.a', 2) where id = 1;
