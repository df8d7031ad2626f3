"""The file sink where its path is a template: a file for each table, each change in it once, in order, whatever happens to the
process; and CSV as Python's own reader reads it, compared with what SELECT shows."""

import csv
import gzip
import json
import os
import random
import time

import pytest

from full_disk_test import SmallDisk, on_a_small_disk
from kill_test import Writer, start
from lib.sluice import WAIT_SECONDS, run, until

KILLS = int(os.environ.get("SLUICE_KILLS", "20"))
SEED = int(os.environ.get("SLUICE_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 31)
TABLES = 5

CONFIGURATION = """
name: files
state: ./state
source:
  url: {url}
  start: earliest
tables: ["{database}.*"]
sinks:
  out:
    sink: file
    path: {path}
    operations: [insert, update, delete]
    {more}
"""


class ManyTables(Writer):
    """Each change goes to one of several tables."""

    def transaction(self, cursor):
        made = []
        for _ in range(self.random.choice([1, 1, 2, 5, 40])):
            number = len(self.changes) + len(made) + 1
            table = self.random.randrange(TABLES)
            cursor.execute(f"insert into t{table} values ({number}, repeat('x', {self.random.randrange(200)}))")
            made.append((f"t{table}", number))
        cursor.execute("commit")
        self.changes += made

    def take_back(self, cursor):
        cursor.execute("insert into t0 values (2000000000, 'rolled back')")
        cursor.execute("rollback")


def files_of(folder):
    """table -> what its files hold together, those that were turned over in their order first."""
    parts = {}
    for path in folder.rglob("*"):
        if path.is_file() and not path.name.startswith("."):
            stem, *rest = path.name.split(".")[0].split("-")
            parts.setdefault(stem, []).append((rest[-1] if rest else "z", path))
    return {stem: b"".join(opened(path) for _, path in sorted(paths)) for stem, paths in parts.items()}


def opened(path):
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def seen(folder):
    """table -> the numbers in its files."""
    return {table: [json.loads(line)["after"]["id"] for line in lines.splitlines()] for table, lines in files_of(folder).items()}


@pytest.mark.parametrize("more", ["rotate.size: 100kB", "compress: gzip"])
def test_killed_under_load_every_file_has_every_change_once(start_server, database, tmp_path, more):
    print(f"seed {SEED}")
    dice = random.Random(SEED)
    server = start_server("mariadb-10.11", ["--binlog-row-metadata=NO_LOG"])
    tables = "; ".join(f"create table {database}.t{n} (id int primary key, note varchar(200))" for n in range(TABLES))
    server.sql(f"create database {database}; {tables}")
    (tmp_path / "out").mkdir()
    (tmp_path / "sluice.yaml").write_text(CONFIGURATION.format(
        url=server.url, database=database, path='"./out/{database}/{table}.jsonl"', more=more))
    writer = ManyTables(server, database, SEED)
    writer.start()
    try:
        for _ in range(KILLS):
            process = start(tmp_path)
            time.sleep(dice.uniform(0.05, 0.4))
            process.kill()
            errors = process.stderr.read().decode()
            assert process.wait() == -9, f"it ended by itself, seed {SEED}:\n{errors}"
    finally:
        writer.enough.set()
        writer.join()
    assert writer.failure is None, writer.failure
    expected = {f"t{n}": [number for table, number in writer.changes if table == f"t{n}"] for n in range(TABLES)}
    last = start(tmp_path)
    end = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < end:
        time.sleep(0.2)
        lines = sum(data.count(b"\n") for data in files_of(tmp_path / "out").values())
        if lines >= len(writer.changes):
            break
    last.terminate()
    errors = last.stderr.read().decode()
    assert last.wait() == 0, errors
    found = seen(tmp_path / "out")
    for table, numbers in expected.items():
        assert found.get(table, []) == numbers, f"seed {SEED}: {table}\n{errors}"
    print(f"{KILLS} kills, {len(writer.changes)} changes in {len(found)} tables, none lost, none twice")


def test_the_disk_is_full(shared, database, sluice, tmp_path):
    server = shared("mariadb-10.11", full=True, gtid=True)
    server.sql(f"create database {database}; create table {database}.a (id int primary key, v varchar(1000)); "
               f"create table {database}.b like {database}.a")
    (tmp_path / "disk").mkdir()
    config = tmp_path / "sluice.yaml"
    config.write_text(f"state: ./state\nsource:\n  url: {server.url}\ntables: ['{database}.*']\n"
                      "sinks:\n  out: {sink: file, path: './disk/{table}.jsonl'}\n")
    process = sluice("run", config, through=[*on_a_small_disk("512k"), tmp_path / "disk"])
    process.wait_for_error("reading ")
    disk = SmallDisk(process, tmp_path / "disk")

    def insert(first, last):
        for table in "ab":
            server.sql(f"insert into {database}.{table} select seq, repeat('x', 1000) from mysql.seq_{first}_to_{last}")

    def ids(table):
        path = disk.folder / f"{table}.jsonl"
        return [json.loads(line)["after"]["id"] for line in path.read_text().splitlines()] if path.exists() else []

    insert(1, 10)
    until(lambda: ids("a") == ids("b") == list(range(1, 11)), "the rows before")
    disk.fill()
    insert(11, 60)
    process.wait_for_error("the disk is full")
    assert ids("a") == ids("b") == list(range(1, 11))
    disk.make_room()
    until(lambda: ids("a") == ids("b") == list(range(1, 61)), "the rows that had no room")
    process.wait_for_error("goes on")
    assert process.terminate() == 0


def test_names_cannot_leave_the_folder(shared, database, sluice, tmp_path):
    server = shared("mysql-9.7", full=True, gtid=True)
    names = ["../../up", "a/b", ".hidden", "..", "Case", "case", "50%", "new\nline", "grün", "x" * 64, "it's \"odd\""]
    quoted = {name: "`" + name.replace("`", "``") + "`" for name in names}
    server.sql(f"create database {database}")
    (tmp_path / "out").mkdir()
    config = tmp_path / "sluice.yaml"
    config.write_text(f"state: ./state\nsource:\n  url: {server.url}\ntables: ['{database}.*']\n"
                      "sinks:\n  out: {sink: file, path: './out/{table}.jsonl', operations: [insert]}\n")
    process = sluice("run", config)
    process.wait_for_error("reading ")
    for number, name in enumerate(names):
        server.sql(f"create table {database}.{quoted[name]} (id int primary key); "
                   f"insert into {database}.{quoted[name]} values ({number})")
    before = {path.name for path in tmp_path.parent.iterdir()}

    def found():
        return {path.name: path.read_text() for path in (tmp_path / "out").rglob("*") if not path.name.startswith(".sluice")}

    until(lambda: len(found()) == len(names), "a file for each")
    assert process.terminate() == 0
    for number, name in enumerate(names):
        spelt = "".join(f"%{ord(c):02X}" if c in "/%" or c < " " or (c == "." and at == 0) else c for at, c in enumerate(name))
        line = json.loads(found()[f"{spelt}.jsonl"])
        assert (line["table"], line["after"]["id"]) == (name, number)
    assert {path.name for path in tmp_path.parent.iterdir()} == before


COLUMNS = {
    "id": ("int primary key", ["1", "2", "3"]),
    "price": ("decimal(65,30)", ["-" + "9" * 35 + "." + "9" * 30, "0.000000000000000000000000000001", "null"]),
    "big": ("bigint unsigned", ["18446744073709551615", "0", "null"]),
    "f": ("double", ["0.1", "-1.5e300", "null"]),
    "v": ("varchar(300) character set utf8mb4", ["'comma, \"quote\"'", "'two\\r\\nlines 😀'", "''"]),
    "nothing": ("varchar(10)", ["null", "''", "'NULL'"]),
    "bin": ("varbinary(10)", ["x'00ff2c0a'", "''", "null"]),
    "day": ("date", ["'2026-01-15'", "'0000-00-00'", "null"]),
    "at": ("datetime(3)", ["'2026-01-15 10:30:00.123'", "'0000-00-00 00:00:00'", "null"]),
    "stamp": ("timestamp(6) null", ["'2026-01-15 10:30:00.123456'", "null", "'1970-01-02 00:00:01'"]),
    "span": ("time(2)", ["'-838:59:58.99'", "'00:00:00.5'", "null"]),
    "size": ("enum('s','l,x','€')", ["'€'", "'l,x'", "null"]),
    "flags": ("set('a','b','c')", ["'a,c'", "''", "null"]),
    "bits": ("bit(10)", ["b'1'", "b'1111111111'", "null"]),
}


def shown(name):
    """As CSV shows it: bytes as hex digits, a bit field as its number, NULL as the text that no value has."""
    word = {"bin": "lower(hex(bin))", "bits": "bits + 0"}.get(name, f"`{name}`")
    return f"ifnull(cast({word} as char character set utf8mb4), '<null>')"


@pytest.mark.parametrize("kind", ["mysql-9.7", "mariadb-11.8"])
def test_csv_is_what_select_shows(start_server, database, sluice, tmp_path, kind):
    server = start_server(kind, full=True, gtid=True)
    declared = ", ".join(f"`{name}` {words}" for name, (words, _) in COLUMNS.items())
    with server.connect(database=None, init_command="set sql_mode = '', time_zone = '+00:00'") as connection:
        cursor = connection.cursor()
        for statement in [f"create database {database} character set utf8mb4", f"use {database}", f"create table t ({declared})",
                          "create table other (a int)", "insert into other values (7)",
                          *[f"insert into t values ({', '.join(values[row] for _, values in COLUMNS.values())})" for row in range(3)],
                          "alter table t add more int", "update t set more = id"]:
            cursor.execute(statement)
            while cursor.nextset():
                pass
        cursor.execute(f"select {', '.join(shown(name) for name in COLUMNS)} from t order by id")
        rows = [list(row) for row in cursor.fetchall()]
    (tmp_path / "out").mkdir()
    config = tmp_path / "sluice.yaml"
    config.write_text(CONFIGURATION.format(
        url=server.url, database=database, path='"./out/{table}.csv"',
        more="format: csv\n    meta: [op, table]\n    null_as: <null>\n    binary: hex"))
    process = sluice("run", config, cwd=tmp_path)
    path = tmp_path / "out/t.csv"
    until(lambda: process.process.poll() is not None or path.exists() and path.read_bytes().count(b"update,") == 3, "all rows")
    assert process.terminate() == 0, process.stderr
    with open(path, newline="", encoding="utf-8") as lines:
        read = list(csv.reader(lines))
    names = ["_op", "_table", *COLUMNS]
    assert read == [names, *[["insert", "t", *row] for row in rows],
                    [*names, "more"], *[["update", "t", *row, row[0]] for row in rows]]
    assert (tmp_path / "out/other.csv").read_text() == "_op,_table,a\ninsert,other,7\n"
    # A restart repeats nothing, neither row nor line of names.
    server.sql(f"insert into {database}.other values (8)")
    process = sluice("run", config, cwd=tmp_path)
    until(lambda: (tmp_path / "out/other.csv").read_text().endswith("8\n"), "the new row")
    assert process.terminate() == 0
    assert (tmp_path / "out/other.csv").read_text() == "_op,_table,a\ninsert,other,7\ninsert,other,8\n"
    # From the file on the console, with as many threads as you like.
    files = [str(file) for file in server.binlog_files()]
    told = {run("decode", *files, "--tables", f"{database}.*", "--format", "csv", "--set", "meta=op", "--jobs", jobs).stdout
            for jobs in (1, 3)}
    assert len(told) == 1 and told.pop().startswith("_op,a\ninsert,7\n_op,id,price,")
