"""Logs that their servers compress: the same changes, live and from the file, within the same memory."""

import json
import os
import subprocess

import pytest

from lib.sluice import BINARY, run

PAYLOAD_MEGABYTES = int(os.environ.get("SLUICE_BIG_PAYLOAD_MB", "1024"))
BIG_TRANSACTION_MEGABYTES = int(os.environ.get("SLUICE_BIG_TRANSACTION_MB", "2048"))
ROW_BYTES = 8000
COMPRESSED = {"mysql-9.7": ["--binlog-transaction-compression=ON"],
              "mariadb-10.11": ["--log-bin-compress=ON", "--log-bin-compress-min-len=10"],
              "mariadb-11.8": ["--log-bin-compress=ON", "--log-bin-compress-min-len=10"]}


def changes_and_peak(*arguments, stdin=subprocess.DEVNULL):
    """How many lines come out, the last of them, and the most memory that was resident, in MB."""
    process = subprocess.Popen([str(BINARY), *map(str, arguments)], stdin=stdin, stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL)
    # Not as ru_maxrss, which begins with what the process had that it was forked from.
    count, last, peak = 0, b"", 0
    for last in process.stdout:
        if count % 100 == 0:
            peak = peak_mb(process.pid) or peak
        count += 1
    assert process.wait() == 0
    assert peak > 0
    return count, json.loads(last), peak


def peak_mb(pid):
    """None once the process has ended."""
    with open(f"/proc/{pid}/status") as status:
        return next((int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM")), None)


def test_a_payload_of_a_gigabyte_passes_within_a_hundred_megabytes(start_server, database):
    """A table that keeps nothing makes a log of one huge transaction without a huge table."""
    server = start_server("mysql-9.7", [*COMPRESSED["mysql-9.7"], "--max-binlog-size=1G"], full=True)
    rows = PAYLOAD_MEGABYTES * 1_000_000 // ROW_BYTES
    server.sql(f"create database {database}; create table {database}.t (id int primary key, note text) engine=blackhole")
    server.sql(f"""set session cte_max_recursion_depth = {rows}; use {database};
        insert into t with recursive seq (n) as (select 1 union all select n + 1 from seq where n < {rows})
        select n, repeat(sha2(n, 256), {ROW_BYTES // 64}) from seq""")
    file, offset = server.binlog_position()
    log = server.binlog_files()[-1]
    assert os.path.getsize(log) < PAYLOAD_MEGABYTES * 100_000, "it was not compressed"
    for where in (["tail", server.url, "--from", "start", "--until", f"{file}:{offset}"], ["decode", log]):
        count, last, peak = changes_and_peak(*where, "--tables", f"{database}.*", "--no-ddl")
        print(f"{where[0]}: peak {peak:.0f} MB resident, {os.path.getsize(log) / 1e6:.1f} MB of log")
        assert count == rows
        assert last["after"]["id"] == rows
        assert peak < 100


def changes_and_peak_of_stdin(log, *arguments):
    with subprocess.Popen(["cat", log], stdout=subprocess.PIPE) as cat:
        return changes_and_peak(*arguments, stdin=cat.stdout)


def test_two_gigabytes_that_compress_badly_pass_within_a_hundred_megabytes(start_server, database, tls):
    """The compressed bytes themselves are too many to be held."""
    server = start_server("mysql-9.7", [*COMPRESSED["mysql-9.7"], "--max-binlog-size=1G"], full=True, tls=tls)
    rows = BIG_TRANSACTION_MEGABYTES * 1_000_000 // ROW_BYTES
    server.sql(f"create database {database}; create table {database}.t (id int primary key, note blob) engine=blackhole")
    server.sql(f"""set session cte_max_recursion_depth = {rows}; use {database};
        insert into t with recursive seq (n) as (select 1 union all select n + 1 from seq where n < {rows})
        select n, concat({", ".join(["random_bytes(1024)"] * 2)}, repeat('x', {ROW_BYTES - 2048})) from seq""")
    file, offset = server.binlog_position()
    log = server.binlog_files()[-1]
    size = os.path.getsize(log)
    assert BIG_TRANSACTION_MEGABYTES * 200_000 < size < BIG_TRANSACTION_MEGABYTES * 500_000, "not as compressed as it should be"
    live = ["tail", server.url, "--from", "start", "--until", f"{file}:{offset}", "--tables", f"{database}.*", "--no-ddl"]
    decode = ["--tables", f"{database}.*", "--no-ddl"]
    for name, (count, last, peak) in {
            "live": changes_and_peak(*live),
            "live, compressed once more": changes_and_peak(*live, "--compression"),
            "from the file": changes_and_peak("decode", log, *decode),
            "from a stream": changes_and_peak_of_stdin(log, "decode", "-", *decode)}.items():
        print(f"{name}: peak {peak:.0f} MB resident, {size / 1e6:.0f} MB of log")
        assert (count, last["after"]["id"]) == (rows, rows), name
        assert peak < 100, name


@pytest.mark.parametrize("kind", list(COMPRESSED))
def test_compressed_live_and_from_the_file(start_server, database, kind):
    server = start_server(kind, COMPRESSED[kind], full=True, gtid=True)
    server.sql(f"create database {database}; create table {database}.t (id int primary key, note text, j json)")
    with server.connect(database=database, autocommit=False) as connection, connection.cursor() as cursor:
        for i in range(40):
            cursor.execute("insert into t values (%s, %s, '[1]'), (%s, %s, null)", (2 * i, "x" * i * i, 2 * i + 1, "é" * i))
            cursor.execute("update t set note = concat(note, 'more') where id < 3")
            cursor.execute("delete from t where id = %s", (i,))
            connection.commit()
        cursor.execute("select id, note from t order by id")
        wanted = {int(row[0]): row[1] for row in cursor.fetchall()}
    file, offset = server.binlog_position()
    live = run("tail", server.url, "--from", "start", "--until", f"{file}:{offset}", "--tables", f"{database}.*").stdout
    assert live.splitlines() == run("decode", *server.binlog_files(), "--tables", f"{database}.*").stdout.splitlines()
    rows = {}
    for change in map(json.loads, live.splitlines()):
        if change["op"] == "delete":
            del rows[change["before"]["id"]]
        elif change["op"] != "ddl":
            rows[change["after"]["id"]] = change["after"]["note"]
    assert rows == wanted
