"""Mirrors, each row by its key, beside what the database itself takes to load the same rows: SQLite from another table, MariaDB by
LOAD DATA, PostgreSQL by COPY, both from a file at the server; and over several connections beside one."""

import contextlib
import pathlib
import sqlite3
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path += [str(ROOT / "tools"), str(ROOT / "test/servers")]
from lib.fault_proxy import FaultProxy  # noqa: E402
from postgresql_server import PostgreSQL  # noqa: E402
from server import Server  # noqa: E402

SINK = """  out: {{{sink}, where: "operation = 'insert'"}}
memory: {{batch_bytes: 4MiB}}
"""
DELAY, CONNECTIONS = 0.002, 4


def timed(load):
    begin = time.monotonic()
    load()
    return time.monotonic() - begin


class Sqlite:
    what, target = "rows into SQLite's tables, against INSERT … SELECT of the same", "at least 200,000/s"

    def __init__(self, bench):
        self.path = bench.folder / "mirror.db"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for path in self.path.parent.glob("mirror.db*"):
            path.unlink()

    def sink(self):
        return f"sink: sqlite, path: '{self.path}', to: orders"

    def theirs(self):
        with contextlib.closing(sqlite3.connect(self.path)) as file:
            made = file.execute("SELECT sql FROM sqlite_master WHERE name = 'orders'").fetchone()[0]
            file.execute(made.replace("orders", "copied", 1))
            file.execute("PRAGMA synchronous=FULL")
            return timed(lambda: (file.execute("INSERT INTO copied SELECT * FROM orders"), file.commit()))

    def count(self):
        with contextlib.closing(sqlite3.connect(self.path)) as file:
            return [file.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("orders", "copied")]


class MariaDb(Server):
    what, target = "rows into MariaDB's tables, against LOAD DATA of the same", "at least 0.5"

    def __init__(self, bench):
        super().__init__("mariadb-10.11", ["--skip-log-bin"])
        self.file = bench.folder / "rows"

    def sink(self):
        self.sql("CREATE DATABASE sluice")
        return f"sink: mysql, url: '{self.url.rstrip('/')}/sluice'"

    def theirs(self):
        self.sql(f"SELECT * FROM bench.orders INTO OUTFILE '{self.file}'")
        self.sql("CREATE TABLE bench.copied LIKE bench.orders")
        try:
            return timed(lambda: self.sql(f"LOAD DATA INFILE '{self.file}' INTO TABLE bench.copied CHARACTER SET utf8mb4"))
        finally:
            self.file.unlink()

    def count(self):
        return [self.sql(f"SELECT count(*) FROM bench.{table}")[0][0] for table in ("orders", "copied")]


class PostgreSqlTarget(PostgreSQL):
    what, target = "rows into PostgreSQL's tables, against COPY of the same", ""

    def __init__(self, _):
        super().__init__()

    def sink(self):
        return f"sink: postgresql, url: '{self.url()}'"

    def theirs(self):
        file = self.folder / "rows"
        with self.connect() as session:
            session.ask(f"COPY bench.orders TO '{file}' (FORMAT binary)")
            session.ask("CREATE TABLE copied (LIKE bench.orders INCLUDING ALL)")
            return timed(lambda: session.ask(f"COPY copied FROM '{file}' (FORMAT binary)"))

    def count(self):
        return [int(self.ask(f"SELECT count(*) FROM {table}")[0][0]) for table in ("bench.orders", "copied")]


def run(bench):
    rows = bench.options.rows
    for kind in (Sqlite, MariaDb, PostgreSqlTarget):
        cpu, theirs = [], []

        def ours(i):
            with kind(bench) as target:  # noqa: B023
                name = f"{kind.__name__}-{i}"  # noqa: B023
                wall, used, _ = bench.until(bench.start(name, SINK.format(sink=target.sink()), {0, 1}), bench.delivered(name, rows))
                cpu.append(used)  # noqa: B023
                theirs.append(target.theirs())  # noqa: B023
                if target.count() != [rows, rows]:
                    raise RuntimeError(f"{kind.__name__} has {target.count()} rows instead of {rows}")  # noqa: B023
                return wall

        bench.beside(kind.what, rows, ours, lambda _: theirs[-1], kind.target, runs=min(bench.options.runs, 5))  # noqa: B023
        bench.add("  Sluice's processor time meanwhile, with the changes that are left out", f"{min(cpu):.2f} s", "", "", "")
    afar(bench)


def afar(bench):
    """Over several connections beside one, through a link."""
    rows = bench.options.rows

    def seconds(i, connections):
        with PostgreSqlTarget(bench) as target, FaultProxy(target.port, delay=DELAY) as link:
            name = f"afar-{i}-{connections}"
            sink = f"{target.sink()}, connections: {connections}".replace(f":{target.port}/", f":{link.port}/")
            wall, _, _ = bench.until(bench.start(name, SINK.format(sink=sink), {0, 1}), bench.delivered(name, rows))
            if target.ask("SELECT count(*) FROM bench.orders") != [(str(rows),)]:
                raise RuntimeError(f"{name}: rows are lacking")
            return wall

    bench.beside(f"rows into PostgreSQL's tables from {DELAY * 1000:.0f} ms away each way, over {CONNECTIONS} connections, against one", rows,
                 lambda i: seconds(i, CONNECTIONS), lambda i: seconds(i, 1), runs=min(bench.options.runs, 5))
