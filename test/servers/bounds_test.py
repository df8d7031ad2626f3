"""Memory stays where it is whatever the log holds, and what is unusually large or oddly named comes out whole."""

import json
import os
import signal
import subprocess
import time

import pytest

from lib.sluice import BINARY, run

MEGABYTE = 1 << 20
BIG_TRANSACTION_MB = int(os.environ.get("SLUICE_BIG_TRANSACTION_MB", "2048"))
ROW_BYTES = 4000

CONFIGURATION = """
name: big
state: ./state
source:
  url: {url}
  start: earliest
  transactions: {transactions}
tables: ["{database}.*"]
sinks:
  out:
    sink: file
    path: ./out.jsonl
"""


def peak_resident_mb(pid):
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024


def count_lines(path):
    lines = 0
    with open(path, "rb") as file:
        while block := file.read(1 << 22):
            lines += block.count(b"\n")
    return lines


@pytest.mark.parametrize("transactions, megabytes", [("rows", BIG_TRANSACTION_MB), ("whole", BIG_TRANSACTION_MB // 4)])
def test_a_huge_transaction_passes_within_a_hundred_megabytes(start_server, database, tmp_path, transactions, megabytes):
    """A table that keeps nothing makes a log of one huge transaction without a huge table."""
    server = start_server("mariadb-10.11", ["--plugin-load-add=ha_blackhole", "--max-binlog-size=1G"], full=True)
    rows = megabytes * MEGABYTE // ROW_BYTES
    server.sql(f"create database {database}; create table {database}.t (id int primary key, note text) engine=blackhole")
    server.sql(f"use {database}; insert into t select seq, repeat('x', {ROW_BYTES}) from seq_1_to_{rows}")
    (tmp_path / "sluice.yaml").write_text(CONFIGURATION.format(url=server.url, database=database, transactions=transactions))
    process = subprocess.Popen([BINARY, "run", "sluice.yaml"], cwd=tmp_path, stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    out = tmp_path / "out.jsonl"
    try:
        last = f'"id":{rows},'.encode()
        end = time.monotonic() + 300
        while True:
            assert process.poll() is None, process.stderr.read().decode()
            assert time.monotonic() < end, "not delivered within 300 s"
            if out.exists() and out.stat().st_size > rows * ROW_BYTES and last in tail_of(out):
                break
            time.sleep(0.2)
        peak = peak_resident_mb(process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        errors = process.stderr.read().decode()
        process.wait()
    ddl = 2  # CREATE DATABASE and CREATE TABLE
    assert count_lines(out) == rows + ddl, errors
    print(f"peak {peak:.0f} MB resident")
    assert peak < 100


def tail_of(path):
    with open(path, "rb") as file:
        file.seek(max(0, path.stat().st_size - 2 * ROW_BYTES))
        return file.read()


def lines_of(server, database, *arguments):
    file, offset = server.binlog_position()
    done = run("tail", server.url, "--from", "start", "--until", f"{file}:{offset}", "--tables", f"{database}.*",
               "--no-ddl", *arguments)
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("kind", ["mariadb-10.11", "mysql-9.7"])
def test_values_of_64_megabytes(shared, database, kind):
    server = shared(kind, full=True)
    size = 64 * MEGABYTE
    server.sql(f"create database {database}; create table {database}.t (id int primary key, note longtext, data longblob)")
    server.sql("set global max_allowed_packet = 536870912")
    server.sql(f"insert into {database}.t values (1, repeat('a\"b', {size // 3}), repeat('z', {size}))")
    change, = lines_of(server, database)
    assert change["after"]["note"] == 'a"b' * (size // 3)
    assert len(change["after"]["data"]) == (size + 2) // 3 * 4


# 4,096 is the limit of all of them, but a definition of so many columns has no room in the older servers' files.
@pytest.mark.parametrize("kind, columns", [("mysql-9.7", 4096), ("mariadb-10.11", 2500), ("mysql-5.6", 2500)])
def test_a_table_of_as_many_columns_as_the_server_allows(shared, database, kind, columns):
    server = shared(kind, full=True)
    names = [f"c{i:x}" for i in range(columns)]
    declared = ", ".join(f"{name} tinyint" for name in names)
    server.sql(f"create database {database}; create table {database}.t ({declared}) engine=myisam charset=latin1")
    values = [i % 100 if i % 3 else None for i in range(columns)]
    server.sql(f"insert into {database}.t values ({', '.join('null' if v is None else str(v) for v in values)})")
    change, = lines_of(server, database)
    assert change["after"] == dict(zip(names, values))


ODD = ['quote"d', "back`tick", "line\nbreak", "tab\there", "back\\slash", "Ünïcödé 漢字", "n" * 64, "{}[],:", "it's", "per%cent", "a.b"]


def quoted(name):
    return "`" + name.replace("`", "``") + "`"


@pytest.mark.parametrize("kind", ["mariadb-10.11", "mysql-9.7", "mysql-5.6"])
def test_odd_names(shared, database, kind):
    server = shared(kind)
    columns = ", ".join(f"{quoted(name)} int" for name in ODD)
    server.sql(f"create database {database}; use {database};" + "".join(
        f"create table {quoted(name)} ({columns}, label varchar(20) charset utf8mb4); insert into {quoted(name)} values "
        f"({', '.join(str(i) for i in range(len(ODD)))}, '😀 \"');" for name in ODD))
    changes = lines_of(server, database)
    assert [change["table"] for change in changes] == ODD
    wanted = {**{name: i for i, name in enumerate(ODD)}, "label": '😀 "'}
    for change in changes:
        assert change["after"] == wanted
