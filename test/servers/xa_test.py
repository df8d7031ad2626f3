"""XA transactions: what is prepared comes out once it is committed, over restarts of Sluice and of the server."""

import json
import os
import random
import time

import pytest

from lib.sluice import run

KINDS = ["mysql-9.7", "mariadb-10.11", "mariadb-11.8"]
CONFIGURATION = """
name: xa
state: ./state
source:
  url: {url}
  start: earliest
tables: ["{database}.*"]
ddl: false
sinks:
  out:
    sink: file
    path: ./out.jsonl
"""


def prepare(connection, name, *statements):
    with connection.cursor() as cursor:
        for statement in (f"xa start '{name}'", *statements, f"xa end '{name}'", f"xa prepare '{name}'"):
            cursor.execute(statement)


def wait_for_ids(process, path, wanted):
    end = time.monotonic() + 30
    while True:
        found = ids(path)
        if found == wanted:
            return
        assert time.monotonic() < end and len(found) <= len(wanted), f"{found}, expected {wanted}; {process.stderr}"
        time.sleep(0.05)


def wait_for(process, condition, otherwise):
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end, f"{otherwise()}; {process.stderr}"
        time.sleep(0.05)


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def ids(path):
    return [line["after"]["id"] for line in lines(path)]


@pytest.mark.parametrize("kind", KINDS)
def test_prepared_over_restarts(start_server, database, sluice, tmp_path, kind):
    server = start_server(kind, full=True, gtid=True)
    server.sql(f"create database {database}; create table {database}.t (id int primary key, note text)")
    (tmp_path / "sluice.yaml").write_text(CONFIGURATION.format(url=server.url, database=database))
    out, spool = tmp_path / "out.jsonl", tmp_path / "state/prepared"
    first, second, third = (server.connect(database=database) for _ in range(3))
    prepare(first, "one", "insert into t values (1, 'a')", "insert into t values (2, 'b')")
    server.sql(f"insert into {database}.t values (3, 'c')")
    process = sluice("run", "sluice.yaml", cwd=tmp_path)
    wait_for_ids(process, out, [3])
    process.terminate()
    # Prepared in one life and committed in the next one, by others, while more are under way.
    prepare(second, "two", "insert into t values (4, 'd')")
    server.sql(f"insert into {database}.t values (5, 'e')")
    process = sluice("run", "sluice.yaml", cwd=tmp_path)
    wait_for_ids(process, out, [3, 5])
    with first.cursor() as cursor:
        cursor.execute("xa commit 'one'")
    wait_for_ids(process, out, [3, 5, 1, 2])
    process.kill9()
    # The server's own death leaves what is prepared alone.
    server.kill9()
    server.start()
    process = sluice("run", "sluice.yaml", cwd=tmp_path)
    server.sql(f"xa rollback 'two'; insert into {database}.t values (6, 'f')")
    wait_for_ids(process, out, [3, 5, 1, 2, 6])
    server.sql(f"insert into {database}.t values (7, 'g')")
    wait_for_ids(process, out, [3, 5, 1, 2, 6, 7])
    process.terminate()
    commit = lines(out)[2:4]
    assert [line["id"].rsplit("#")[1] for line in commit] == ["0", "1"]
    assert len({line["id"].split("#")[0] for line in commit}) == 1
    left = os.listdir(spool)
    assert not [name for name in left if name.startswith("xa-74776f")], "rolled back, and still there"
    # The same from the start, in one reading without a state.
    file, offset = server.binlog_position()
    again = run("tail", server.url, "--from", "start", "--until", f"{file}:{offset}", "--tables", f"{database}.*", "--no-ddl")
    assert sorted(again.stdout.splitlines()) == sorted(out.read_text().splitlines())


@pytest.mark.parametrize("kind", ["mysql-9.7", "mariadb-10.11"])
def test_no_death_leaves_anything_behind(start_server, database, sluice, tmp_path, kind):
    """What was set aside goes, whenever Sluice died."""
    seed = int(os.environ.get("SLUICE_SEED") or random.SystemRandom().randrange(1 << 32))
    rng = random.Random(seed)
    server = start_server(kind, full=True, gtid=True)
    server.sql(f"create database {database}; create table {database}.t (id int primary key)")
    (tmp_path / "sluice.yaml").write_text(CONFIGURATION.format(url=server.url, database=database))
    out, spool = tmp_path / "out.jsonl", tmp_path / "state/prepared"
    written = []
    with server.connect(database=database) as connection, connection.cursor() as cursor:
        for life in range(8):
            process = sluice("run", "sluice.yaml", cwd=tmp_path)
            for _ in range(30):
                time.sleep(rng.uniform(0, 0.03))
                xid = f"x{rng.randrange(3)}"
                prepare(connection, xid, f"insert into t values ({len(written)})")
                cursor.execute(f"xa commit '{xid}'")
                written.append(len(written))
            process.kill9()
    process = sluice("run", "sluice.yaml", cwd=tmp_path)
    wait_for(process, lambda: set(ids(out)) == set(written), lambda: f"seed {seed}: {set(written) - set(ids(out))} of {len(written)}")
    process.terminate()
    process = sluice("run", "sluice.yaml", cwd=tmp_path)
    wait_for(process, lambda: not os.listdir(spool), lambda: f"seed {seed}: {os.listdir(spool)}")
    process.terminate()
    assert sorted(set(ids(out))) == written, f"seed {seed}"


def test_what_is_left_of_a_state_that_was_removed_goes(start_server, database, sluice, tmp_path):
    server = start_server("mysql-9.7", full=True)
    server.sql(f"create database {database}; create table {database}.t (id int primary key)")
    (tmp_path / "sluice.yaml").write_text(CONFIGURATION.format(url=server.url, database=database))
    out, spool = tmp_path / "out.jsonl", tmp_path / "state/prepared"
    with server.connect(database=database) as connection, connection.cursor() as cursor:
        process = sluice("run", "sluice.yaml", cwd=tmp_path)
        prepare(connection, "one", "insert into t values (1)")
        server.sql(f"insert into {database}.t values (2)")
        wait_for_ids(process, out, [2])
        process.terminate()
        assert len(os.listdir(spool)) == 1
        for file in (tmp_path / "state").iterdir():
            if file.is_file():
                file.unlink()
        cursor.execute("xa rollback 'one'")
    server.sql("reset binary logs and gtids")
    process = sluice("run", "sluice.yaml", cwd=tmp_path)
    wait_for(process, lambda: not os.listdir(spool), lambda: os.listdir(spool))
    process.terminate()


def test_of_mysql_5_6_only_the_commit_is_in_the_log(start_server, database, sluice, tmp_path):
    """Nothing to be set aside: the server writes the transaction when it commits, and forgets what is prepared when the
    connection ends."""
    server = start_server("mysql-5.6", gtid=True)
    server.sql(f"create database {database}; create table {database}.t (id int primary key, note text)")
    (tmp_path / "sluice.yaml").write_text(CONFIGURATION.format(url=server.url, database=database))
    out = tmp_path / "out.jsonl"
    process = sluice("run", "sluice.yaml", cwd=tmp_path)
    first, second, third = (server.connect(database=database) for _ in range(3))
    prepare(first, "one", "insert into t values (1, 'a')", "insert into t values (2, 'b')")
    prepare(second, "two", "insert into t values (4, 'd')")
    prepare(third, "three", "insert into t values (5, 'e')")
    server.sql(f"insert into {database}.t values (3, 'c')")
    wait_for_ids(process, out, [3])
    process.kill9()
    process = sluice("run", "sluice.yaml", cwd=tmp_path)
    for connection, statement in ((first, "xa commit 'one'"), (second, "xa rollback 'two'")):
        with connection.cursor() as cursor:
            cursor.execute(statement)
    third.close()
    server.sql(f"insert into {database}.t values (6, 'f')")
    wait_for_ids(process, out, [3, 1, 2, 6])
    process.terminate()
    assert not (tmp_path / "state/prepared").exists()


@pytest.mark.parametrize("kind", ["mysql-9.7", "mariadb-10.11"])
def test_a_huge_prepared_transaction_is_not_held_in_memory(start_server, database, kind):
    server = start_server(kind, ["--max-binlog-size=1G"], full=True)
    rows = 60_000
    server.sql(f"create database {database}; create table {database}.t (id int primary key, note text); "
               f"create table {database}.n (n int primary key)")
    server.sql(f"insert into {database}.n values {','.join(f'({n})' for n in range(rows))}")
    with server.connect(database=database) as connection:
        prepare(connection, "big", "insert into t select n, repeat('x', 4000) from n")
        with connection.cursor() as cursor:
            cursor.execute("xa commit 'big'")
    from compressed_log_test import changes_and_peak
    file, offset = server.binlog_position()
    for where in (["tail", server.url, "--from", "start", "--until", f"{file}:{offset}"],
                  ["decode", *server.binlog_files()]):
        count, last, peak = changes_and_peak(*where, "--tables", f"{database}.t", "--no-ddl")
        assert (count, last["after"]["id"]) == (rows, rows - 1)
        assert peak < 100


@pytest.mark.parametrize("kind", ["mysql-9.7", "mariadb-10.11"])
def test_prepared_before_reading_began(start_server, database, kind):
    server = start_server(kind, full=True)
    server.sql(f"create database {database}; create table {database}.t (id int primary key)")
    with server.connect(database=database) as connection:
        prepare(connection, "one", "insert into t values (1)")
        begin = server.binlog_position()
        with connection.cursor() as cursor:
            cursor.execute("xa commit 'one'")
    done = run("tail", server.url, "--from", f"{begin[0]}:{begin[1]}", "--until", ":".join(map(str, server.binlog_position())),
               check=False)
    assert done.returncode == 1
    assert "X'6f6e65',X'',1 is committed, but was prepared before the place where reading began" in done.stderr
