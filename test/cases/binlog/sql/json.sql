-- MySQL's own JSON.
create database shop;
use shop;
create table docs (id int primary key, j json, k json);
insert into docs values (1, '{"a": 1, "b": [1, 2.5, null, true], "ü": "grüße😀\\n\\"", "": {}}', 'null'),
  (2, '[]', null), (3, '18446744073709551615', '-9223372036854775808'), (4, '"text"', '1e100'), (5, 'true', '[[[[[[]]]]]]');
insert into docs values (6, json_object('d', cast(1.50 as decimal(10,2)), 't', timestamp'2026-01-15 10:30:00', 'x', x'00ff'),
  json_array(0.1, 1e-5, 1.0, 100, -0.0, 70000, 5000000000));
insert into docs select 7, concat('[', repeat('{"k": "0123456789"},', 60), '0]'), j from docs where id = 1;
update docs set j = json_set(j, '$.a', 'a longer text than before', '$.z', json_array(1, 2)) where id = 1;
update docs set j = json_remove(j, '$.b') where id = 1;
delete from docs where id = 2;
