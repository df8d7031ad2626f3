"""Writes the dumps beside it anew, as the dump programs of real servers do:

    python3 test/cases/schema_file/record.py

The .expected files are what sluice makes of them; look through their differences before they are kept.
"""

import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[2] / "tools"))

from server import Server  # noqa: E402

STATEMENTS = """
create database shop character set utf8mb4;
create database `other "one"` character set latin1;
use shop;
create table item (id int unsigned not null auto_increment primary key, name varchar(40) not null comment 'it''s; a "name"',
  price decimal(10,2), kind enum('a','b''c;'), flags set('x','y') default 'x', made timestamp(3) null, note text,
  bin varbinary(16), doc json, pence decimal(12,0) as (price * 100) virtual, key by_name (name), key made (made))
  comment='one; ''item''' partition by hash (id) partitions 3;
create table line (item int unsigned, no smallint, primary key (no, item), place point not null, spatial index (place),
  constraint of_item check (no > 0)) engine=InnoDB default charset=latin1;
create view cheap as select * from item where price < 1;
create trigger t before insert on line for each row set new.no = new.no + 1;
create procedure p() select 'create table x (a int);';
insert into item (name, note) values ('quote '' and ; and \\\\', 'create table y (a int);');
use `other "one"`;
create table `t;``x` (`column` int, `ä` char(3) binary);
"""

for kind, program in [("mysql-9.7", "mysqldump"), ("mariadb-10.11", "mariadb-dump"), ("mariadb-11.8", "mariadb-dump")]:
    with Server(kind, full=True) as server:
        server.sql(STATEMENTS)
        tool = [part.replace("mysqlbinlog", program).replace("mariadb-binlog", program) for part in server.mysqlbinlog]
        dump = subprocess.run([*tool, f"--socket={server.socket}", "--user=root", "--routines", "--databases", "shop",
                               'other "one"'], stdout=subprocess.PIPE, check=True).stdout
        (HERE / f"{kind}.sql").write_bytes(dump)
