"""Tables whose columns cannot be known at their place of the log: their changes wait in the state folder while the others flow,
and come out in their order once somebody tells. The logs here name no columns."""

import contextlib
import json
import random
import sqlite3
import subprocess
import textwrap
import time

import pytest

from catalogue_test import changes, deliver, saved
from lib.sluice import BINARY, Sluice, run, until

KINDS = ["mysql-5.6", "mysql-9.7", "mariadb-10.11"]
# More clauses than are read: the schema change is not understood.
ODD = "alter table shop.t add column b int first" + ", force" * 17_000
AFTER_ODD = "create table shop.t (b int, id int primary key, a int);"


def configure(folder, server, tables='"shop.*"', more=""):
    path = folder / "sluice.yaml"
    path.write_text(textwrap.dedent(f"""
        state: ./state
        source:
          url: {server.url}
        tables: [{tables}]
        sinks:
          out:
            sink: file
            path: ./out.jsonl
            with: [source, tx]
        {more}
        """))
    return path


@pytest.fixture
def server(start_server, kind):
    server = start_server(kind, gtid=True)
    server.sql("create database shop; create table shop.t (id int primary key, a int); create table shop.u (id int primary key)")
    return server


def of(folder, table):
    return [change for change in changes(folder) if change.get("table") == table]


def after(folder, table):
    return [change["after"] for change in of(folder, table) if "after" in change]


def lose_columns(server):
    """Rows of shop.t whose columns the server no longer knows: it was changed again."""
    server.sql(f"{ODD}; begin; insert into shop.u values (1); insert into shop.t values (1, 1, 10), (1, 2, 20); "
               "insert into shop.u values (2); insert into shop.t values (1, 3, 30); commit; insert into shop.u values (3); "
               "update shop.t set a = 21 where id = 2; alter table shop.t add column c varchar(9); "
               "insert into shop.t values (2, 4, 40, 'c'); delete from shop.t where id = 1; insert into shop.u values (4)")


EXPECTED = [{"b": 1, "id": 1, "a": 10}, {"b": 1, "id": 2, "a": 20}, {"b": 1, "id": 3, "a": 30}, {"b": 1, "id": 2, "a": 21},
            {"b": 2, "id": 4, "a": 40, "c": "c"}]


def waiting(folder):
    """The events that are set aside."""
    with contextlib.closing(sqlite3.connect(f"file:{folder}/state/state.db?mode=ro", uri=True)) as state:
        return state.execute("select count(*) from aside").fetchone()[0]


def come_out(folder):
    """Runs the pipeline until nothing is set aside any more. What it said."""
    with Sluice("run", folder / "sluice.yaml") as process:
        process.wait_for_error("reading ")
        until(lambda: waiting(folder) == 0)
        assert process.terminate() == 0, process.stderr
        return process.stderr


def repair(folder, sql, *arguments):
    (folder / "then.sql").write_text(sql)
    return run("schema", "repair", folder / "sluice.yaml", "--schema", folder / "then.sql", *arguments)


def expect_late(folder):
    """Everything of shop.t, in its order, with the ids and places that it would have had; the same as in one reading."""
    late = of(folder, "t")
    assert [change["after"] for change in late if change["op"] in ("insert", "update")] == EXPECTED
    assert [change["op"] for change in late] == ["ddl", "insert", "insert", "insert", "update", "ddl", "insert", "delete"]
    assert late[-1]["before"] == {"b": 1, "id": 1, "a": 10, "c": None}
    every = changes(folder)
    assert len({change["id"] for change in every}) == len(every)
    mixed = [change["id"] for change in every if change["id"].rsplit("#")[0] == late[1]["id"].rsplit("#")[0]]
    assert sorted(mixed) == sorted(f"{mixed[0].rsplit('#')[0]}#{n}" for n in range(5))


@pytest.mark.parametrize("kind", KINDS)
def test_the_others_flow_and_what_waited_comes_out_when_it_is_told(server, tmp_path):
    path = configure(tmp_path, server)
    deliver(tmp_path, server)
    lose_columns(server)
    end = server.binlog_position()
    with Sluice("run", path) as process:
        until(lambda: saved(tmp_path) == end)
        assert after(tmp_path, "u") == [{"id": n} for n in (1, 2, 3, 4)]
        assert after(tmp_path, "t") == []
        assert "the columns of shop.t at this place of the log are not known" in process.stderr
        assert "set aside in the state folder" in process.stderr
        status = json.loads(run("status", tmp_path / "state", "--json").stdout)["source"]
        waiting = status["set_aside"]
        assert [(each["db"], each["table"], each["events"]) for each in waiting] == [("shop", "t", 6)]
        assert status["set_aside_bytes"] == waiting[0]["bytes"] > 0
        assert "set aside  shop.t: 6 events" in run("status", tmp_path / "state").stdout
        process.kill9()
    # Nobody has told: it waits on, and it is said again.
    server.sql("insert into shop.u values (5)")
    said = deliver(tmp_path, server)
    assert "still set aside: shop.t (6 events since " in said
    assert after(tmp_path, "t") == []
    wrong = run("schema", "repair", path, "--schema", write(tmp_path / "wrong.sql", "create table shop.t (b int, id int);"),
                check=False)
    assert wrong.returncode == 2 and "these columns cannot be those that it had at" in wrong.stderr
    told = repair(tmp_path, AFTER_ODD).stdout
    assert "shop.t: its columns as of " in told and "6 events that were set aside come out at the next start" in told
    assert "what was set aside of 1 tables has come out" in come_out(tmp_path)
    expect_late(tmp_path)
    # From here on it is a table like any other, and the catalogue knows what became of it.
    server.sql("insert into shop.t values (9, 9, 9, 'd')")
    deliver(tmp_path, server)
    assert after(tmp_path, "t")[-1] == {"b": 9, "id": 9, "a": 9, "c": "d"}
    assert "`c` varchar(9)" in run("schema", "show", tmp_path / "state", "shop.t").stdout


def write(path, text):
    path.write_text(text)
    return path


@pytest.mark.parametrize("kind", ["mysql-9.7", "mariadb-10.11"])
def test_late_changes_say_what_they_would_have_said_at_their_place(server, tmp_path):
    """Compared with a second pipeline that was told the columns before."""
    told, late = tmp_path / "told", tmp_path / "late"
    for folder in (told, late):
        folder.mkdir()
        configure(folder, server)
        deliver(folder, server)
    server.sql(f"create table shop.m (id int) engine = myisam; {ODD}")
    for folder in (told, late):
        deliver(folder, server)
    repair(told, AFTER_ODD)
    server.sql("begin; insert into shop.u values (1); insert into shop.t values (1, 1, 10), (1, 2, 20); insert into shop.u values (2); "
               "insert into shop.t values (1, 3, 30); commit; alter table shop.t add column c varchar(9); "
               "insert into shop.t values (2, 4, 40, 'c'); update shop.t set a = 5; delete from shop.t where id < 3")
    # In two phases, compressed, and partly taken back: what cannot be rolled back keeps the rest in the log.
    server.sql("xa start 'x'; insert into shop.t values (7, 7, 7, 'x'); insert into shop.u values (7); xa end 'x'; xa prepare 'x'; "
               "xa commit 'x'")
    server.sql("set session binlog_transaction_compression = on; " if server.kind.flavour == "mysql" else
               "set global log_bin_compress = on; set global log_bin_compress_min_len = 10; ")
    server.sql(("set session binlog_transaction_compression = on; " if server.kind.flavour == "mysql" else "") +
               "insert into shop.t values (8, 8, 8, repeat('c', 9)), (8, 9, 8, repeat('c', 9)); "
               "alter table shop.t add column d varchar(99) default 'this is compressed'; insert into shop.t values (9, 10, 9, 'x', 'y')")
    stays = "insert into shop.m values (1);" if server.kind.flavour == "mariadb" else ""  # MySQL's GTIDs forbid it
    server.sql(f"begin; insert into shop.u values (8); savepoint s; insert into shop.t values (0, 20, 0, '', ''); {stays}"
               "rollback to s; insert into shop.t values (0, 21, 0, '', ''); "
               "insert into shop.u values (9); commit")
    for folder in (told, late):
        deliver(folder, server)
    assert len(of(late, "t")) == 1 and len(of(told, "t")) == 18
    repair(late, AFTER_ODD)
    come_out(late)

    def facts(folder, table):
        return [{key: value for key, value in change.items() if key != "last"}
                | {"tx": {k: v for k, v in change.get("tx", {}).items() if k != "last"}} for change in of(folder, table)]

    assert facts(late, "t") == facts(told, "t")
    assert facts(late, "u") == facts(told, "u")


@pytest.mark.parametrize("kind", ["mysql-9.7", "mariadb-10.11"])
def test_killed_at_any_moment(server, tmp_path):
    seed = random.SystemRandom().randrange(1 << 31)
    dice = random.Random(seed)
    path = configure(tmp_path, server, more="memory: {batch_bytes: 4096}")  # so that there are many to be killed between
    deliver(tmp_path, server)
    server.sql(ODD)
    for n in range(40):
        server.sql("begin;" + "".join(f"insert into shop.t values (0, {n * 100 + i}, {i}); insert into shop.u values ({n * 100 + i});"
                                      for i in range(25)) + "commit")
    server.sql("alter table shop.t add column c int")

    def killed(times):
        for _ in range(times):
            process = subprocess.Popen([BINARY, "run", path], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            time.sleep(dice.choice([dice.uniform(0, 0.05), dice.uniform(0.05, 0.2)]))
            process.kill()
            said = process.stderr.read().decode()
            assert process.wait() == -9, f"seed {seed}: {said}"

    expected = [n * 100 + i for n in range(40) for i in range(25)]
    killed(12)
    deliver(tmp_path, server)
    assert [row["id"] for row in after(tmp_path, "u")] == expected, seed
    assert after(tmp_path, "t") == [], seed
    repair(tmp_path, AFTER_ODD)
    killed(12)
    come_out(tmp_path)
    assert [row["id"] for row in after(tmp_path, "t")] == expected, seed
    ids = [change["id"] for change in changes(tmp_path)]
    assert len(set(ids)) == len(ids), seed


@pytest.mark.parametrize("kind", ["mysql-9.7", "mariadb-10.11"])
def test_a_full_place_stops_in_front_of_what_it_cannot_hold(server, tmp_path):
    path = configure(tmp_path, server, more="set_aside: 4KB")
    deliver(tmp_path, server)
    server.sql(ODD)
    for n in range(60):
        server.sql(f"insert into shop.t values (0, {n}, 0); insert into shop.u values ({n})")
    server.sql("alter table shop.t add column c int")
    done = run("run", path, check=False)
    assert done.returncode == 1 and "no more can be set aside" in done.stderr and "set_aside allows" in done.stderr
    reached = len(after(tmp_path, "u"))
    assert 0 < reached < 60
    again = run("run", path, check=False)
    assert again.returncode == 1 and len(after(tmp_path, "u")) == reached
    configure(tmp_path, server)  # more room
    deliver(tmp_path, server)
    repair(tmp_path, AFTER_ODD)
    come_out(tmp_path)
    assert [row["id"] for row in after(tmp_path, "t")] == [row["id"] for row in after(tmp_path, "u")] == list(range(60))


@pytest.mark.parametrize("kind", ["mysql-9.7", "mariadb-10.11"])
def test_without_room_the_pipeline_stops(server, tmp_path):
    path = configure(tmp_path, server, more="set_aside: 0")
    deliver(tmp_path, server)
    lose_columns(server)
    done = run("run", path, check=False)
    assert done.returncode == 1 and "Nothing behind it was read" in done.stderr
    repair(tmp_path, AFTER_ODD)
    deliver(tmp_path, server)
    expect_late(tmp_path)


@pytest.mark.parametrize("kind", ["mysql-9.7", "mariadb-10.11"])
def test_a_table_that_is_left_out_is_given_up(server, tmp_path):
    configure(tmp_path, server)
    deliver(tmp_path, server)
    lose_columns(server)
    deliver(tmp_path, server)
    assert waiting(tmp_path) == 6
    configure(tmp_path, server, tables='"shop.*", "!shop.t"')
    come_out(tmp_path)
    configure(tmp_path, server)
    server.sql("insert into shop.t values (9, 9, 9, 'd')")
    deliver(tmp_path, server)
    assert after(tmp_path, "t") == [{"b": 9, "id": 9, "a": 9, "c": "d"}]


@pytest.mark.parametrize("kind", ["mysql-9.7", "mariadb-10.11"])
def test_renamed_and_made_again_while_it_waits(server, tmp_path):
    """Names change places: the other table queues behind the RENAME, and each row comes under the table of its time."""
    configure(tmp_path, server)
    deliver(tmp_path, server)
    server.sql("create table shop.v (x int primary key, y int)")
    server.sql(f"{ODD}; insert into shop.t values (1, 1, 1); rename table shop.t to shop.tmp, shop.v to shop.t, shop.tmp to shop.v; "
               "insert into shop.t values (2, 2); insert into shop.v values (3, 3, 3); alter table shop.v add column z int; "
               "insert into shop.v values (4, 4, 4, 4); drop table shop.t; create table shop.t (k int primary key); "
               "insert into shop.t values (5); insert into shop.u values (6)")
    deliver(tmp_path, server)
    assert after(tmp_path, "u") == [{"id": 6}]
    assert after(tmp_path, "t") == after(tmp_path, "v") == []
    deliver(tmp_path, server)  # a restart in between
    repair(tmp_path, AFTER_ODD)
    come_out(tmp_path)
    assert after(tmp_path, "t") == [{"b": 1, "id": 1, "a": 1}, {"x": 2, "y": 2}, {"k": 5}]
    assert after(tmp_path, "v") == [{"b": 3, "id": 3, "a": 3}, {"b": 4, "id": 4, "a": 4, "z": 4}]
    server.sql("insert into shop.v values (7, 7, 7, 7); insert into shop.t values (8)")
    deliver(tmp_path, server)
    assert after(tmp_path, "v")[-1] == {"b": 7, "id": 7, "a": 7, "z": 7} and after(tmp_path, "t")[-1] == {"k": 8}


@pytest.mark.parametrize("kind", ["mysql-9.7", "mariadb-10.11"])
def test_the_log_itself_tells_at_last(server, tmp_path):
    """Names in the log behind the rows that wait, and no schema change of the table between: all of them come out at once."""
    configure(tmp_path, server)
    deliver(tmp_path, server)
    # The server cannot be asked: the account may not see the table until the log has told.
    server.sql("create user nobody@'127.0.0.1' identified by 'x'")
    right = "binlog monitor" if server.kind.flavour == "mariadb" else "replication client"
    server.sql(f"grant replication slave, {right} on *.* to nobody@'127.0.0.1'; grant select on shop.u to nobody@'127.0.0.1'")
    path = tmp_path / "sluice.yaml"
    path.write_text(path.read_text().replace(server.url, f"mysql://nobody:x@127.0.0.1:{server.port}/"))
    server.sql(f"{ODD}; insert into shop.t values (1, 1, 1); insert into shop.u values (1); insert into shop.t values (2, 2, 2)")
    with Sluice("run", path) as process:
        until(lambda: saved(tmp_path) == server.binlog_position())
        assert waiting(tmp_path) == 2 and after(tmp_path, "u") == [{"id": 1}]
        server.sql("set global binlog_row_metadata = full")
        server.sql("begin; insert into shop.t values (3, 3, 3); insert into shop.u values (2); insert into shop.t values (4, 4, 4); commit")
        server.sql("insert into shop.t values (5, 5, 5)")
        until(lambda: saved(tmp_path) == server.binlog_position() and waiting(tmp_path) == 0)
        assert after(tmp_path, "t") == [{"b": n, "id": n, "a": n} for n in (1, 2, 3, 4, 5)], process.stderr
        server.sql("set global binlog_row_metadata = minimal")
        server.sql("insert into shop.t values (6, 6, 6)" if server.kind.flavour != "mariadb" else
                   "set global binlog_row_metadata = no_log; insert into shop.t values (6, 6, 6)")
        until(lambda: len(after(tmp_path, "t")) == 6)
        assert after(tmp_path, "t")[-1] == {"b": 6, "id": 6, "a": 6}
        assert process.terminate() == 0
    every = [change["id"] for change in changes(tmp_path)]
    assert len(set(every)) == len(every)


@pytest.mark.parametrize("kind", ["mysql-9.7", "mariadb-10.11"])
def test_each_sink_gets_what_waited(server, tmp_path):
    """What comes out reaches each sink, once."""
    path = configure(tmp_path, server)
    path.write_text(path.read_text() + "  second: {sink: file, path: ./second.jsonl}\n")
    deliver(tmp_path, server)
    lose_columns(server)
    deliver(tmp_path, server)
    repair(tmp_path, AFTER_ODD)
    come_out(tmp_path)
    expect_late(tmp_path)
    both = [[json.loads(line)["id"] for line in file.read_text().splitlines()]
            for file in (tmp_path / "out.jsonl", tmp_path / "second.jsonl")]
    assert both[0] == both[1]
