"""Logs of other shapes than the shop's: wide rows, long text, documents, old character sets, partial images, compressed and
small transactions, and many tables. Each is made on a real server and compared value by value before it is timed."""

import dataclasses

import workload


@dataclasses.dataclass(frozen=True)
class Column:
    name: str
    declared: str
    value: str            # an SQL expression of n, the number of the row
    kind: str = "exact"   # how compare_shape.py compares it: exact, text, real, json, time
    charset: str = "utf-8"  # of text, as Python calls it


@dataclasses.dataclass(frozen=True)
class Shape:
    name: str
    what: str
    columns: list
    update: str               # what an UPDATE sets
    rows: int                 # inserted, updated and deleted, in each table
    tables: int = 1
    statement_rows: int = 1000
    options: dict = dataclasses.field(default_factory=dict)  # further server options, by the server's maker

    def server_options(self, kind):
        return [*workload.SERVER_OPTIONS, *self.options.get(kind.partition("-")[0], [])]

    @property
    def changes(self):
        return 3 * self.rows * self.tables


def shop():
    status = ["new", "paid", "shipped", "returned"]
    members = ",".join(f"'{s}'" for s in status)
    return [
        Column("id", "int unsigned not null primary key", "n"),
        Column("customer", "bigint not null", "n * 7919"),
        Column("quantity", "smallint not null", "n % 1000"),
        Column("price", "decimal(12,2) not null", "(n % 1000000) / 100 + 0.01"),
        Column("name", "varchar(60) not null", "concat('customer number ', n)", "text"),
        Column("created", "datetime(3) not null", "'2026-01-15 10:30:00' + interval n second", "time"),
        Column("status", f"enum({members}) not null", "1 + n % 4", "enum:" + ",".join(status)),
        Column("weight", "double not null", "rand(n) * 100", "real"),
        Column("note", "text not null", "concat('left at the door of house ', n, ', ring twice')", "text"),
    ]


def wide():
    columns = [Column("id", "int unsigned not null primary key", "n")]
    for i in range(1, 100):
        columns.append([
            Column(f"c{i}", "int not null", f"n * {i}"),
            Column(f"c{i}", "bigint", f"if(n % 7 = {i % 7}, null, n * {i} * 1000003)"),
            Column(f"c{i}", "varchar(40) not null", f"concat('value ', n % {i + 10}, ' of {i}')", "text"),
            Column(f"c{i}", "decimal(10,2) not null", f"n % 10000 + {i} / 100"),
        ][i % 4])
    return columns


PROSE = "Ein schöner Tag in Zürich, später naß; naïve café crowds, наконец, 東京で会いましょう. Nothing else to report. "
LATIN = "Grüße aus Köln, señor; déjà vu à la carte, smörgåsbord "
HAN = "数据库变更日志的顺序投递不丢失不重复"

SHAPES = [
    Shape("wide", "100 columns", wide(), "c1 = c1 + 1, c50 = concat(c50, '!')", 15_000),
    Shape("text", "2 KB of UTF-8 text a row",
          [Column("id", "int unsigned not null primary key", "n"),
           Column("title", "varchar(200) not null", f"concat('{PROSE[:40]}', n)", "text"),
           Column("body", "mediumtext not null", f"concat(n, ': ', repeat('{PROSE}', 12))", "text")],
          "title = concat(title, ' (2)')", 12_000),
    Shape("json", "JSON documents",
          [Column("id", "int unsigned not null primary key", "n"),
           Column("doc", "json not null",
                  "json_object('id', n, 'name', concat('item ', n), 'price', n / 8, 'tags', json_array('new', 'sale', n % 10), "
                  "'size', json_object('w', n % 100, 'h', n % 37, 'unit', 'cm'), 'text', concat('a longer description of ', n), "
                  "'seen', null, 'history', json_array(1, 2, 3, 5, 8, 13, 21, 34, n))", "json")],
          "doc = json_set(doc, '$.price', -1)", 60_000),
    Shape("charset", "text in latin1, utf8mb3 and gbk",
          [Column("id", "int unsigned not null primary key", "n"),
           Column("a", "varchar(200) character set latin1 not null", f"concat('{LATIN}', n)", "text", "cp1252"),
           Column("b", "varchar(200) character set utf8mb3 not null", f"concat('{LATIN}', n)", "text"),
           Column("c", "varchar(200) character set gbk not null", f"concat('{HAN}', n)", "text", "gbk")],
          "a = concat(a, '!')", 80_000),
    Shape("minimal", "binlog_row_image=MINIMAL", shop(), "quantity = quantity + 1, status = 1 + (id + 1) % 4", 150_000,
          options={"mysql": ["--binlog-row-image=MINIMAL"], "mariadb": ["--binlog-row-image=MINIMAL"]}),
    Shape("compressed", "compressed in the log", shop(), "quantity = quantity + 1, price = price + 1.5", 150_000,
          options={"mysql": ["--binlog-transaction-compression=ON"], "mariadb": ["--log-bin-compress=ON"]}),
    Shape("small", "transactions of one row", shop(), "quantity = quantity + 1", 30_000, statement_rows=1),
    Shape("tables", "20,000 tables", shop(), "quantity = quantity + 1", 10, tables=20_000, statement_rows=10),
]


def statements(shape, table):
    """The rows of one table, as SQL."""
    columns = ", ".join(c.value for c in shape.columns)
    for verb in ("insert", "update", "delete"):
        for first in range(1, shape.rows + 1, shape.statement_rows):
            last = min(first + shape.statement_rows - 1, shape.rows)
            if verb == "insert":
                yield f"insert into {table} select {columns} from bench.numbers where n between {first} and {last} order by n"
            elif verb == "update":
                yield f"update {table} set {shape.update} where id between {first} and {last}"
            else:
                yield f"delete from {table} where id between {first} and {last}"


def build(server, shape):
    """Writes the log, alone in one binlog file; returns its path."""
    declared = ", ".join(f"{c.name} {c.declared}" for c in shape.columns)
    tables = [f"bench.t{i}" for i in range(shape.tables)]
    run(server, ["create database bench", "create table bench.numbers (n int primary key)",
                 *(f"insert into bench.numbers {workload.numbers(first, first + 9_999)}" for first in range(1, shape.rows + 1, 10_000)),
                 *(f"create table {t} ({declared}) engine=innodb default charset=utf8mb4" for t in tables),
                 "flush binary logs"])
    run(server, (s for table in tables for s in statements(shape, table)))
    server.sql("flush binary logs")
    return server.binlog_files()[-2]


def run(server, texts):
    with server.connect() as connection, connection.cursor() as cursor:
        for text in texts:
            cursor.execute(text)
