"""Puts the grid through one server in one way of logging, and holds what Sluice says of it to what the server says."""

import contextlib
import dataclasses
import os
import random

import pymysql

from lib.grid.documents import documents
from lib.grid.judge import judge
from lib.grid.numbers import numbers
from lib.grid.table import tables
from lib.grid.temporals import temporals
from lib.grid.texts import texts
from lib.grid.word import Word
from lib.server_word import quoted
from lib.sluice import run

THOROUGH = bool(os.environ.get("SLUICE_GRID_LONG"))
ROWS = 40 if THOROUGH else 12
REFUSED_SHARE = 0.05  # of the rows, at most: those whose values a server does not take even without strict mode


@dataclasses.dataclass(frozen=True)
class Way:
    image: str
    metadata: str | None = None  # binlog_row_metadata; None: of a server that has none
    compress: bool = False

    def __str__(self):
        return "-".join(filter(None, [self.image, self.metadata, "compress" if self.compress else None])).lower()

    def settings(self, server):
        """Statements that make the server log so, for itself and the sessions that come."""
        yield f"set global binlog_row_image = {self.image}"
        if self.metadata:
            yield f"set global binlog_row_metadata = {self.metadata}"
        if server.kind.flavour == "mariadb":
            yield f"set global log_bin_compress = {int(self.compress)}"
            yield "set global log_bin_compress_min_len = 10"
        elif self.compress:
            yield "set global binlog_transaction_compression = ON"


class Grid:
    """kinds: what the columns are, all that the server has for None. setup: statements of the session that writes."""

    def __init__(self, server, way, seed, sluice, kinds=None, setup=()):
        self.server, self.way = server, way
        self.rng = random.Random(seed)
        self.what = f"seed {seed}, {server.kind.name}, {way}"
        self.sluice, self.given, self.setup = sluice, kinds, setup
        self.expected, self.refusals = [], []
        self.rows = self.refused = self.statements = self.values = 0

    def run(self):
        for statement in self.way.settings(self.server):
            self.server.sql(statement)
        live = self.sluice("tail", self.server.url, "--tables", "grid.*", "--no-ddl")
        live.wait_for_error("reading ")
        with contextlib.closing(self.server.connect(conv={})) as self.writer, contextlib.closing(
                self.server.connect(conv={}, init_command="set time_zone = '+00:00', sql_mode = ''")) as self.reader:
            # Out of range is clipped, and what makes no sense becomes zero: the server's word on what it then holds counts.
            self.execute("set time_zone = '+05:30', sql_mode = 'ALLOW_INVALID_DATES'")
            for statement in ["create database grid character set utf8mb4", *self.setup]:
                self.execute(statement)
            for connection in (self.writer, self.reader):
                connection.select_db("grid")
            for table in tables(self.rng, self.kinds()):
                self.fill(table)
            self.execute("create table last (id int primary key)")
            self.execute("insert into last values (1)")
            self.execute("flush logs")
        assert self.refused <= self.rows * REFUSED_SHARE, f"{self.what}: {self.refused} of {self.rows} rows were refused: {set(self.refusals)}"
        told = live.lines(len(self.expected) + 1, timeout=120)
        self.compare("live", told)
        files = self.server.binlog_files()[:-1]
        lines = run("decode", "--tables", "grid.*", "--no-ddl", *files).stdout.rstrip("\n").split("\n")  # U+0085 and U+2028 are no ends of lines
        for number, (first, second) in enumerate(zip(told, lines)):
            assert first == second, f"{self.what}: change {number} live and from the file:\n{first[:2000]}\n{second[:2000]}"
        assert len(told) == len(lines)

    def kinds(self):
        if self.given is not None:
            return self.given
        kind = self.server.kind.name
        with self.reader.cursor() as cursor:
            cursor.execute("select character_set_name, maxlen from information_schema.character_sets order by 1")
            charsets = [(name, int(maxlen)) for name, maxlen in cursor.fetchall()]
        assert len(charsets) > 35
        return [*numbers(self.rng, THOROUGH), *temporals(kind), *texts(kind, charsets), *documents(kind)]

    def execute(self, statement):
        with self.writer.cursor() as cursor:
            self.statements += 1
            return cursor.execute(statement)

    def fill(self, table):
        self.execute(table.create())
        word = Word(self.reader, table)
        everything = {"id", *(c.name for c in table.columns)}
        self.insert(table, word, everything)
        self.update(table, word)
        self.change(word, f"delete from {quoted(table.name)} where id % 3 = {self.rng.randrange(3)} order by id", everything)
        self.change(word, f"delete from {quoted(table.name)} order by id", everything)

    def insert(self, table, word, named):
        rng = self.rng
        columns = [c.kind.values(rng, ROWS) for c in table.columns]
        rows = [(at + 1, [c.value(rng, values[at]) for c, values in zip(table.columns, columns)]) for at in range(ROWS)]
        self.rows += ROWS
        cuts = sorted(rng.sample(range(1, ROWS), 3))
        for begin, end in zip([0, *cuts], [*cuts, ROWS]):
            try:
                self.change(word, table.insert(rows[begin:end]), named)
            except pymysql.MySQLError:
                for row in rows[begin:end]:
                    try:
                        self.change(word, table.insert([row]), named)
                    except pymysql.MySQLError as error:
                        self.refuse(error)

    def update(self, table, word):
        """Each column by itself, of one row and of many; then several together, and the key."""
        rng, name = self.rng, quoted(table.name)
        for column in table.columns:
            for _ in range(4 if THOROUGH else 1):
                value = column.value(rng, column.kind.values(rng, 1)[0])
                where = rng.choice([f"id = {rng.randint(1, ROWS)}", f"id % {rng.randint(2, 5)} = 1"])
                self.try_change(word, f"update {name} set {quoted(column.name)} = {value} where {where} order by id", {column.name})
        chosen = rng.sample(table.columns, min(3, len(table.columns)))
        sets = ", ".join(f"{quoted(c.name)} = {c.value(rng, c.kind.values(rng, 1)[0])}" for c in chosen)
        self.try_change(word, f"update {name} set {sets} where id > {ROWS // 2} order by id", {c.name for c in chosen})

    def try_change(self, word, statement, named):
        self.rows += 1
        try:
            self.change(word, statement, named)
        except pymysql.MySQLError as error:
            self.refuse(error)

    def refuse(self, error):
        self.refused += 1
        assert not 2000 <= error.args[0] < 3000, error  # the connection's, not the statement's
        self.refusals.append(str(error)[:200])

    def change(self, word, statement, named):
        self.expected += word.after(statement, named, self.execute(statement))

    def compare(self, how, lines):
        """Fails with every kind of column that went wrong, and the first case in full."""
        self.values, found = 0, {}
        for number, (expected, text) in enumerate(zip(self.expected, lines)):
            wrong = judge(expected, text, self.way.image, "grid")
            self.values += len(expected.table.columns)
            if wrong:
                found.setdefault((wrong.what, wrong.kind), (number, expected, text, wrong))
        if found:
            number, expected, text, wrong = next(iter(found.values()))
            raise AssertionError(f"{self.what}, {how}:\n" + "".join(f"  {w[0]}: {w[3]}\n" for w in found.values())
                                 + f"change {number}, of: {expected.statement[:1000]}\nline: {text[:2000]}\n"
                                 f"table: {expected.table.create()[:2000]}")
