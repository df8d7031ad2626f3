"""The same log read by the server's own mysqlbinlog: as many changes, of the same tables, in the same order, with the same values in
every type that it can spell. The workload is random: tables, values, transactions with rollbacks and savepoints, row images.

A failure names the seed; SLUICE_SEED repeats it. SLUICE_GRID_LONG=1 makes it ten times as long."""

import contextlib
import os
import random

import pymysql
from lib import mysqlbinlog as told
from lib.grid import numbers, temporals
from lib.grid.run import THOROUGH
from lib.sluice import run

SEED = int(os.environ.get("SLUICE_SEED") or random.SystemRandom().randrange(1 << 32))
TRANSACTIONS = 2500 if THOROUGH else 250


def words(most):
    def make(rng):
        return "'" + "".join(rng.choices("abc XYZ0189-_éß日😀\"/\t\n\x01", k=rng.randint(0, most))) + "'"
    return make


def octets(most):
    """Without quotes and backslashes, which MariaDB's mysqlbinlog does not tell from its own."""
    def make(rng):
        data = rng.randbytes(rng.randint(0, most)).translate(None, b"'\\")
        return f"x'{data.hex()}'"
    return make


def columns(server):
    """(declaration, maker of a value, how to compare) of each type that every mysqlbinlog spells."""
    for kind, bits in zip(numbers.integers(), [8] * 3 + [16] * 3 + [24] * 3 + [32] * 3 + [64] * 3 + [8]):
        yield kind.declared, maker(kind), told.integer(bits)
    for kind in numbers.decimals(random.Random(1)):
        yield kind.declared, maker(kind), told.DECIMAL
    for kind in numbers.reals():
        yield kind.declared, maker(kind), told.FLOAT if kind.declared.startswith("float") and "53" not in kind.declared else told.DOUBLE
    for kind in numbers.bits([1, 7, 8, 9, 33, 64]):
        yield kind.declared, maker(kind), told.BIT
    for kind in temporals.temporals("any"):
        how = {"date": told.DATE, "year": told.YEAR}.get(kind.declared) or (
            told.TIMESTAMP if kind.declared.startswith("timestamp") else told.QUOTED)
        yield kind.declared, maker(kind), how
    for members in (3, 300):
        listed = ",".join(f"'m{i}'" for i in range(members))
        yield f"enum({listed})", lambda rng, n=members: str(rng.randint(1, n)), told.label("m")
    for members in (5, 9, 64):
        listed = ",".join(f"'s{i}'" for i in range(members))
        yield f"set({listed})", lambda rng, n=members: str(rng.randrange(2 ** n)), told.labels("s")
    for declared, most in [("varchar(50)", 50), ("varchar(300)", 300), ("char(20)", 20), ("tinytext", 60), ("text", 500), ("longtext", 500)]:
        yield f"{declared} character set utf8mb4", words(most), told.TEXT
    for declared, most in [("binary(9)", 9), ("varbinary(30)", 30), ("blob", 500), ("tinyblob", 255)]:
        yield declared, octets(most), told.BYTES
    if server.kind.flavour == "mariadb":
        yield "json", lambda rng: f"'{{\"a\": {rng.randrange(1000)}}}'", told.TEXT


def maker(kind):
    return lambda rng: kind.random(rng) if kind.random and rng.random() < 0.5 else rng.choice(kind.edges)


class Workload:
    """Tables of random columns, and the changes of their rows."""

    def __init__(self, rng, server):
        self.rng = rng
        parts = list(columns(server))
        rng.shuffle(parts)
        self.tables = {}
        while parts:
            count = rng.choice([3, 7, 8, 12])
            self.tables[f"t{len(self.tables)}"], parts = parts[:count], parts[count:]
        self.next_id = 1

    def create(self):
        for name, parts in self.tables.items():
            key = ", primary key (id)" if self.rng.random() < 0.8 else ""
            listed = ", ".join(f"c{i} {declared} null" for i, (declared, _, _) in enumerate(parts))
            yield f"create table {name} (id bigint, {listed}{key}) row_format=dynamic"

    def value(self, part):
        return "null" if self.rng.random() < 0.15 else part[1](self.rng)

    def statement(self):
        rng = self.rng
        name = rng.choice(list(self.tables))
        parts = self.tables[name]
        what = rng.random()
        somewhere = f"where id % {rng.randint(2, 9)} = {rng.randrange(2)} and id > {rng.randrange(self.next_id)}"
        if what < 0.5:
            rows = []
            for _ in range(rng.choice([1, 1, 2, 25])):
                rows.append(f"({self.next_id}, {', '.join(self.value(part) for part in parts)})")
                self.next_id += 1
            return f"insert into {name} values {', '.join(rows)}"
        if what < 0.85:
            chosen = rng.sample(range(len(parts)), rng.randint(1, min(3, len(parts))))
            return f"update {name} set {', '.join(f'c{i} = {self.value(parts[i])}' for i in chosen)} {somewhere}"
        return f"delete from {name} {somewhere}"

    def transaction(self):
        rng = self.rng
        if rng.random() < 0.4:
            yield self.statement()
            return
        yield "begin"
        for _ in range(rng.randint(1, 6)):
            yield self.statement()
            if rng.random() < 0.1:
                yield from ("savepoint s", self.statement(), "rollback to s")
        yield "rollback" if rng.random() < 0.15 else "commit"

    def comparable(self, change):
        operation, database, table, images, by = change
        kinds = [told.integer(64), *(how for _, _, how in self.tables[table])]
        return operation, database, table, {
            side: [None if value is None else getattr(how, by)(value) for how, value in zip(kinds, row, strict=True)]
            for side, row in images.items()}


def test_mysqlbinlog_reads_the_same(start_server, kind):
    seed = f"{SEED} {kind}"
    rng = random.Random(seed)
    old = ["--innodb-file-format=Barracuda"] if kind == "mysql-5.6" else []
    server = start_server(kind, [*old, f"--binlog-row-event-max-size={rng.choice([256, 8192])}"], full=True, gtid=rng.random() < 0.5)
    work = Workload(rng, server)
    refused = 0
    with contextlib.closing(server.connect()) as connection:
        cursor = connection.cursor()
        for statement in ["create database shop character set utf8mb4", "use shop", "set sql_mode = 'ALLOW_INVALID_DATES', time_zone = '+05:30'",
                          *work.create()]:
            cursor.execute(statement)
        for _ in range(TRANSACTIONS):
            for statement in work.transaction():
                try:
                    cursor.execute(statement)
                except pymysql.MySQLError as error:
                    assert not 2000 <= error.args[0] < 3000, error
                    refused += 1
            if rng.random() < 0.03:
                cursor.execute("flush logs")
        cursor.execute("flush logs")
    files = server.binlog_files()[:-1]
    theirs = told.told_by_mysqlbinlog(server, files)
    ours = list(told.told_by_sluice(run("decode", *files).stdout.rstrip("\n").split("\n")))
    for number, (want, have) in enumerate(zip(theirs, ours)):
        wanted, got = work.comparable([*want, "theirs"]), work.comparable([*have, "ours"])
        assert wanted == got, f"seed {seed}, change {number}:\nmysqlbinlog: {want}\nours:        {have}\n{wanted}\n{got}"
    assert len(theirs) == len(ours), f"seed {seed}"
    assert len(theirs) > 4 * TRANSACTIONS
    assert refused < TRANSACTIONS / 20, f"seed {seed}: {refused} statements were refused"
