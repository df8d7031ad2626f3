"""Records the logs that a release build is compiled by: what an ordinary shop does, on a server of each family. Only the shares of
its values, statements and table kinds matter, not their number.

usage: tools/profile/record.py        writes mariadb.bin and mysql.bin beside itself
"""

import pathlib
import random
import shutil
import sys

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
from server import Server  # noqa: E402

SERVERS = {"mariadb": "mariadb-10.11", "mysql": "mysql-9.7"}
ROWS = 100
TABLES = """create database shop;
create table shop.customers (id bigint unsigned not null auto_increment primary key, email varchar(120) not null,
  name varchar(80) not null, born date, balance decimal(12,2) not null, active tinyint(1) not null,
  created timestamp(3) not null) default charset=utf8mb4;
create table shop.orders (id int unsigned not null primary key, customer bigint unsigned not null, total decimal(10,2) not null,
  status enum('new','paid','shipped','returned') not null, weight double not null, placed datetime(3) not null,
  updated timestamp(6) not null, note text) default charset=utf8mb4;
create table shop.items (order_id int unsigned not null, line smallint not null, sku char(12) not null, quantity int not null,
  price decimal(12,4) not null, tax float, options set('gift','fragile','express') not null, attributes json,
  picture varbinary(64), primary key (order_id, line)) default charset=utf8mb4;
create table shop.visits (at datetime not null, path varchar(200) not null, seconds int, agent varchar(200)) default charset=latin1"""
NAMES = ["Anna Berg", "Jürgen Weiß", "Zoë O'Brien", "李小龍", "Ole Lund", "Maria da Conceição", "John Smith", "Ivan Petrov", 'Ann "Nan" Ray']
NOTES = ["null", "'leave it at the door'", "'ring twice, 2nd floor\\nbehind the house'", "'please hurry 🙂'", "''"]


def moment(chance):
    return f"2026-0{chance.randint(1, 9)}-{chance.randint(10, 28)} {chance.randint(10, 23)}:{chance.randint(10, 59)}:{chance.randint(10, 59)}.{chance.randint(0, 999999):06}"


def statements(chance):
    """A list of transactions, each several statements."""
    for i in range(1, ROWS + 1):
        name = chance.choice(NAMES).replace("'", "''")
        yield [f"insert into shop.customers values ({i}, 'c{i * 7919}@example.com', '{name}', '19{chance.randint(50, 99)}-0{chance.randint(1, 9)}-11',"
               f" {chance.randint(-5000, 900000) / 100}, {i % 2}, '{moment(chance)}')"]
        lines = ", ".join(
            f"({i}, {n}, 'SKU{chance.randint(0, 999999999):09}', {chance.randint(1, 40)}, {chance.randint(1, 9999999) / 10000}, {chance.choice(['null', '0.19', '7.5'])},"
            f" '{chance.choice(['', 'gift', 'gift,express'])}', '{{\"colour\": \"red\", \"sizes\": [{n}, 2.5], \"stock\": {{\"free\": {i}}}}}',"
            f" {chance.choice(['null', f'unhex(sha2({i}, 256))'])})" for n in range(1, chance.randint(2, 5)))
        yield [f"insert into shop.orders values ({i}, {chance.randint(1, i)}, {chance.randint(1, 99999999) / 100}, 1 + {i} % 4, {chance.random() * 100!r},"
               f" '{moment(chance)}', '{moment(chance)}', {chance.choice(NOTES)})", f"insert into shop.items values {lines}"]
        yield [f"insert into shop.visits values ('{moment(chance)}', '/shop/item/{i}?from=search', {chance.choice(['null', 7])}, 'Mozilla/5.0 (X11; Linux x86_64)')"]
        yield [f"update shop.orders set status = 1 + (status % 4), total = total + 1.5, updated = '{moment(chance)}' where id = {chance.randint(1, i)}",
               f"update shop.customers set balance = balance - 1.5 where id <= {i} and id > {i - 3}"]
    yield [f"delete from shop.items where order_id <= {ROWS // 2}", f"delete from shop.orders where id <= {ROWS // 2}"]
    yield ["delete from shop.visits limit 100"]


def main():
    for name, kind in SERVERS.items():
        with Server(kind, full=True, gtid=True) as server:
            chance = random.Random(1)
            server.sql(TABLES)
            server.sql("flush binary logs")
            for transaction in statements(chance):
                server.sql("use shop; begin; " + "; ".join(transaction) + "; commit")
            server.sql("flush binary logs")
            log = server.binlog_files()[-2]
            shutil.copyfile(log, HERE / f"{name}.bin")
            print(f"{name}.bin: {log.stat().st_size} bytes")


if __name__ == "__main__":
    main()
