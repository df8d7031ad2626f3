"""The log that is measured: 900,000 row changes of a ten-column table, one third each inserts, updates and deletes."""

ROWS = 300_000
STATEMENT_ROWS = 10_000

TABLE = """create table bench.orders (
  id int unsigned not null primary key, customer bigint not null, quantity smallint not null,
  price decimal(12,2) not null, name varchar(60) not null, created datetime(3) not null,
  updated timestamp(3) not null default current_timestamp(3),
  status enum('new','paid','shipped','returned') not null, weight double not null, note text not null
) engine=innodb default charset=utf8mb4"""

# Doubles of full length (rand) are the dearest of all values to spell; the others look like a shop's.
INSERT = """insert into bench.orders
  select n, n * 7919, n % 1000, (n % 1000000) / 100 + 0.01, concat('customer number ', n),
    '2026-01-15 10:30:00' + interval n second, '2026-01-15 10:30:00' + interval n second, 1 + n % 4, rand(n) * 100,
    concat('left at the door of house ', n, ', ring twice')
  from ({numbers}) as numbers"""
UPDATE = """update bench.orders set quantity = quantity + 1, status = 1 + (id + 1) % 4, price = price + 1.5
  where id between {first} and {last}"""
DELETE = "delete from bench.orders where id between {first} and {last}"

SERVER_OPTIONS = ["--max-binlog-size=1073741824"]


def numbers(first, last):
    """A derived table n = first..last in any server's SQL."""
    digits = "select 0 as d" + "".join(f" union all select {i}" for i in range(1, 10))
    count = last - first + 1
    return (f"select {first} + a.d + 10 * b.d + 100 * c.d + 1000 * e.d as n from ({digits}) a, ({digits}) b,"
            f" ({digits}) c, ({digits}) e where a.d + 10 * b.d + 100 * c.d + 1000 * e.d < {count} order by n")


def build(server, rows=ROWS):
    """Writes the log, alone in one binlog file; returns its path."""
    server.sql("create database bench")
    server.sql(TABLE)
    server.sql("flush binary logs")
    change(server, rows)
    server.sql("flush binary logs")
    return server.binlog_files()[-2]


def change(server, rows):
    for statement in (INSERT, UPDATE, DELETE):
        for first in range(1, rows + 1, STATEMENT_ROWS):
            last = min(first + STATEMENT_ROWS - 1, rows)
            server.sql(statement.format(numbers=numbers(first, last), first=first, last=last))
