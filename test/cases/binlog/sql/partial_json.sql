-- Updates that carry only what changed within a JSON document.
create database shop;
use shop;
create table a (id int primary key, j json);
insert into a values (1, '{"a": "a text that is long enough to be worth it", "b": 1}');
update a set j = json_set(j, '$.b', 2);
