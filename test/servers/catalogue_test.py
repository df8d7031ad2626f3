"""The catalogue over time: old places, what the server no longer knows, repair, and what `sluice schema` shows. The logs
here name no columns."""

import contextlib
import json
import shutil
import sqlite3
import subprocess
import textwrap
import time

import pytest

from lib.shapes import differences, server_shapes
from lib.sluice import BINARY, Sluice, run, until
from lib.shown import shown_shapes

ALL = ["mysql-5.6", "mysql-9.7", "mariadb-10.11"]


def configure(folder, server, tables, start="now"):
    path = folder / "sluice.yaml"
    path.write_text(textwrap.dedent(f"""
        state: ./state
        source:
          url: {server.url}
          start: "{start}"
        tables: ["{tables}"]
        ddl: false
        sinks:
          out:
            sink: file
            path: ./out.jsonl
        """))
    return path


def changes(folder):
    path = folder / "out.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def rows(folder):
    return [change["after"] for change in changes(folder)]


def deliver(folder, server):
    """Runs the pipeline until everything that the server has is delivered and saved. What it said."""
    end = server.binlog_position()
    with Sluice("run", folder / "sluice.yaml") as process:
        process.wait_for_error("reading ")
        until(lambda: saved(folder) == end or process.process.poll() is not None)
        assert process.terminate() == 0, process.stderr
        return process.stderr


def saved(folder):
    """Where the pipeline goes on: file and offset."""
    path = folder / "state" / "state.db"
    if path.exists():
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as state:
            with contextlib.suppress(sqlite3.OperationalError):
                return state.execute("select file, offset from positions where lane = ''").fetchone()
    return None


@pytest.fixture
def server(start_server, kind):
    return start_server(kind)


@pytest.mark.parametrize("kind", ALL)
def test_a_state_that_is_put_back_has_the_tables_of_that_time(server, tmp_path):
    """The names of two columns of one type change places: nothing in the log contradicts the wrong ones."""
    server.sql("create database shop; create table shop.t (id int primary key, a int, b int)")
    configure(tmp_path, server, "shop.*")
    deliver(tmp_path, server)
    path = tmp_path / "state" / "state.db"
    with sqlite3.connect(path) as state:
        positions = state.execute("select * from positions").fetchall()
    server.sql("insert into shop.t values (1, 10, 20); alter table shop.t change a x int, change b a int; "
               "alter table shop.t change x b int; insert into shop.t values (2, 30, 40); "
               "create table shop.u (k int); insert into shop.u values (3); drop table shop.u; "
               "create table shop.u (z int); insert into shop.u values (4)")
    expected = [{"id": 1, "a": 10, "b": 20}, {"id": 2, "b": 30, "a": 40}, {"k": 3}, {"z": 4}]
    deliver(tmp_path, server)
    assert rows(tmp_path) == expected
    with sqlite3.connect(path) as state:
        state.executemany("replace into positions values (?,?,?,?,?,?,?,?)", positions)
    deliver(tmp_path, server)
    assert rows(tmp_path) == expected


@pytest.mark.parametrize("kind", ALL)
def test_names_of_now_are_not_given_to_rows_of_then(server, tmp_path):
    """An old place to begin, and a table that changed since: stopped with the choices, repaired, read on."""
    server.sql("create database shop; create table shop.t (id int primary key, a int, b int); "
               "create table shop.u (id int primary key, a int); create table shop.gone (id int)")
    server.sql("flush binary logs")
    last = server.sql("show binary logs")[-1][0]
    server.sql(f"purge binary logs to '{last}'; insert into shop.u values (1, 2); insert into shop.t values (1, 10, 20); "
               "alter table shop.t change a x int, change b a int; insert into shop.t values (2, 30, 40); "
               "drop table shop.gone; insert into shop.u values (2, 3)")
    path = configure(tmp_path, server, "shop.*", "earliest")
    path.write_text("set_aside: 0\n" + path.read_text())
    done = run("run", path, check=False)
    assert done.returncode == 1
    assert "1 of " in done.stderr and "tables were changed since" in done.stderr
    assert "the columns of shop.t at this place of the log are not known: the server has moved on, the table was changed " \
           f"again up to {last}:" in done.stderr
    assert "sluice schema repair --schema FILE" in done.stderr
    assert rows(tmp_path) == [{"id": 1, "a": 2}]
    (tmp_path / "then.sql").write_text("drop table shop.gone;")
    said = run("schema", "repair", tmp_path / "sluice.yaml", "--schema", tmp_path / "then.sql", check=False)
    assert said.returncode == 2 and "then.sql: no table is there behind its statements" in said.stderr
    (tmp_path / "then.sql").write_text("create table shop.t (id int primary key, a int, b int);")
    told = run("schema", "repair", tmp_path / "sluice.yaml", "--schema", tmp_path / "then.sql").stdout
    assert told == "shop.t: new\n1 changed, 0 left as they were, 0 the same\n"
    deliver(tmp_path, server)
    assert rows(tmp_path) == [{"id": 1, "a": 2}, {"id": 1, "a": 10, "b": 20}, {"id": 2, "x": 30, "a": 40}, {"id": 2, "a": 3}]


@pytest.mark.parametrize("kind", ALL)
def test_a_lost_catalogue_is_learnt_again_as_of_its_place(server, tmp_path):
    server.sql("create database shop; create table shop.t (id int primary key, a int, b int); "
               "create table shop.u (id int primary key, a int)")
    configure(tmp_path, server, "shop.*")
    deliver(tmp_path, server)
    with sqlite3.connect(tmp_path / "state" / "state.db") as state:
        state.execute("delete from versions")
    server.sql("insert into shop.u values (1, 2); alter table shop.t change a x int, change b a int; "
               "insert into shop.t values (2, 30, 40)")
    said = deliver(tmp_path, server)
    # After the ALTER the table is what the server shows; no row came before it.
    assert "1 of " in said and "tables were changed since" in said
    assert rows(tmp_path) == [{"id": 1, "a": 2}, {"id": 2, "x": 30, "a": 40}]


@pytest.mark.parametrize("kind", ALL)
def test_a_statement_that_is_not_understood_stops_no_other_table(server, tmp_path):
    """A statement of more clauses than are read: its table is learnt anew from the server, which has not moved on."""
    server.sql("create database shop; create table shop.t (id int primary key, a int); "
               "create table shop.u (id int primary key, a int)")
    configure(tmp_path, server, "shop.*")
    deliver(tmp_path, server)
    server.sql("alter table shop.t add column b int first" + ", force" * 17_000 + "; insert into shop.u values (1, 2); "
               "insert into shop.t values (1, 2, 3); alter table shop.u add column c int; insert into shop.u values (2, 3, 4)")
    with Sluice("run", tmp_path / "sluice.yaml") as process:
        until(lambda: "not understood" in process.stderr and saved(tmp_path) == server.binlog_position())
        status = run("status", tmp_path / "state")
        assert "1 schema changes not understood" in status.stdout
        assert process.terminate() == 0
        said = process.stderr
    assert "a schema change was not understood (more than 16384 clauses)" in said
    assert "shop.t: learnt its columns from the server" in said
    assert rows(tmp_path) == [{"id": 1, "a": 2}, {"b": 1, "id": 2, "a": 3}, {"id": 2, "a": 3, "c": 4}]


@pytest.mark.parametrize("kind", ["mysql-9.7", "mariadb-10.11"])
def test_statements_of_megabytes(server, tmp_path):
    server.sql("set global max_allowed_packet = 64 << 20")
    server.sql("create database shop; create table shop.u (id int primary key)")
    configure(tmp_path, server, "shop.*")
    deliver(tmp_path, server)
    members = ",".join(f"'{'m' * 200}{i:05}'" for i in range(250))  # no more than 64 KB fit into a definition
    server.sql(f"create table shop.t (id int primary key, e enum({members}) /* {'x' * 5_000_000} */, last int); "
               f"insert into shop.t values (1, 2, 3); alter table shop.t /* {'(' * 5_000_000} */ add column more int; "
               "insert into shop.t values (2, 1, 4, 5)")
    deliver(tmp_path, server)
    assert rows(tmp_path) == [{"id": 1, "e": "m" * 200 + "00001", "last": 3},
                              {"id": 2, "e": "m" * 200 + "00000", "last": 4, "more": 5}]


@pytest.mark.parametrize("kind", ALL)
def test_a_table_made_again_between_two_reads(server, tmp_path):
    server.sql("create database shop; create table shop.t (id int primary key, a int)")
    configure(tmp_path, server, "shop.*")
    deliver(tmp_path, server)
    server.sql("insert into shop.t values (1, 2); drop table shop.t; create table shop.t (x int, y int); "
               "insert into shop.t values (3, 4); drop database shop; create database shop; "
               "create table shop.t (p int, q int); insert into shop.t values (5, 6)")
    deliver(tmp_path, server)
    assert rows(tmp_path) == [{"id": 1, "a": 2}, {"x": 3, "y": 4}, {"p": 5, "q": 6}]


@pytest.mark.parametrize("kind", ALL)
def test_what_schema_shows_is_what_the_server_has(server, tmp_path):
    server.sql("create database shop charset latin1; create database `o``dd`; create table shop.t (id int unsigned primary key, "
               "a varchar(20) character set utf8mb4, e enum('x','it''s'), at timestamp null, d decimal(9,2) not null); "
               "create table `o``dd`.`t``1` (`a b` text, k int, primary key (k))")
    configure(tmp_path, server, "*")
    deliver(tmp_path, server)
    first = run("schema", tmp_path / "state").stdout
    server.sql("alter table shop.t add column z int after id; create table shop.later (i int); drop table `o``dd`.`t``1`")
    server.sql("insert into shop.later values (1)")
    deliver(tmp_path, server)
    shown = run("schema", "show", tmp_path / "sluice.yaml").stdout
    databases = ["shop", "o`dd"]
    assert not differences(shown_shapes(shown, databases), server_shapes(server, databases)), shown
    # As of the first place, which its first line names.
    place = first.splitlines()[0].removeprefix("-- Tables as of ").split()[0]
    assert run("schema", "show", tmp_path / "state", "--at", place).stdout.splitlines()[1:] == first.splitlines()[1:]
    assert "`t``1`" in first and "`z`" not in first
    for at in ("binlog.999999:4", "2106-01-01T00:00:00"):
        assert "the pipeline has read up to" in run("schema", "show", tmp_path / "state", "--at", at).stderr, at
    before = run("schema", "show", tmp_path / "state", "--at", "2020-01-01T00:00:00", check=False)
    assert before.returncode == 1 and "no table that is known" in before.stderr
    assert not run("schema", "show", tmp_path / "state", "--at", place).stderr
    assert "`z`" not in run("schema", tmp_path / "state", "shop.later").stdout
    none = run("schema", tmp_path / "state", "shop.never", check=False)
    assert none.returncode == 1 and "no table that is known" in none.stderr
    # It reads back: the log alone does not name the columns.
    (tmp_path / "then.sql").write_text(first)
    server.sql("flush binary logs")
    file = server.binlog_files()[0]
    decoded = run("decode", file, "--schema", tmp_path / "then.sql", "--tables", "shop.*", "--no-ddl").stdout
    assert [json.loads(line)["after"] for line in decoded.splitlines()] == [{"i": 1}]


@pytest.mark.parametrize("kind", ["mysql-9.7", "mariadb-10.11"])
def test_rebuild_tells_what_differs(server, tmp_path):
    server.sql("create database shop; create table shop.t (id int primary key, a int); create table shop.u (id int); "
               "create table shop.v (id int)")
    path = configure(tmp_path, server, "shop.*")
    with Sluice("run", path) as process:
        process.wait_for_error("reading ")
        refused = run("schema", "rebuild", path, check=False)
        assert refused.returncode != 0 and "in use by process" in refused.stderr
        assert process.terminate() == 0
    server.sql("set sql_log_bin = 0; alter table shop.t add column b int, drop column a; create table shop.w (id int); "
               "drop table shop.v; set sql_log_bin = 1; alter table shop.u add column c int")
    told = run("schema", "rebuild", path).stdout.splitlines()
    assert told[:3] == ["shop.t: -a int(11), +b int(11)" if "maria" in server.kind.name else "shop.t: -a int, +b int",
                        told[1], "shop.w: new"]
    assert told[1].startswith("shop.u: left as it was: the log changes it later, up to ")
    assert told[3:] == ["shop.v: no longer there", f"3 changed, 1 left as they were, {told[-1].split(', ')[2]}"]
    assert run("schema", "rebuild", path, "shop.*").stdout.splitlines()[-1] == "0 changed, 1 left as they were, 2 the same"


@pytest.mark.parametrize("kind", ["mysql-9.7", "mariadb-10.11"])
def test_a_dump_of_another_server(server, tmp_path):
    """Columns that cannot be the log's are not taken for its; the log's are shown by number, with a warning."""
    server.sql("create database shop; create table shop.t (id int primary key, a int); flush binary logs; "
               "insert into shop.t values (1, 2); flush binary logs")
    file = server.binlog_files()[1]
    for other in ("a int", "a varchar(9), b text", "a int, b int, c int", "a int, b bigint"):
        (tmp_path / "other.sql").write_text(f"create table shop.t ({other});")
        done = run("decode", file, "--schema", tmp_path / "other.sql")
        assert json.loads(done.stdout)["after"] == {"@1": 1, "@2": 2}, other
        assert done.stderr.count("shop.t") == 1 and "@1, @2" in done.stderr


def test_a_server_upgraded_between_two_reads(start_server, tmp_path):
    old = start_server("mariadb-10.11")
    old.sql("create database shop; create table shop.t (id int primary key, a varchar(9), j json)")
    configure(tmp_path, old, "shop.*")
    deliver(tmp_path, old)
    old.sql("insert into shop.t values (1, 'x', '{}')")
    old.stop()
    new = start_server("mariadb-11.8", data=old.datadir, port=old.port)
    new.sql("insert into shop.t values (2, 'y', '[]'); alter table shop.t add column u uuid; "
            "insert into shop.t values (3, 'z', '1', '123e4567-e89b-12d3-a456-426655440000')")
    configure(tmp_path, new, "shop.*")
    deliver(tmp_path, new)
    assert [(row["id"], row["a"], row.get("u")) for row in rows(tmp_path)] == [
        (1, "x", None), (2, "y", None), (3, "z", "123e4567-e89b-12d3-a456-426655440000")]


UPGRADED = "id int primary key, a varchar(9) character set latin1, e enum('x', 'y'), u int unsigned, t timestamp null, d datetime"
UPGRADED_ROW = "'\xe9', 'y', 4294967295, '2026-01-15 10:30:00', '0000-00-00'"
UPGRADED_VALUES = {"a": "\xe9", "e": "y", "u": 4294967295, "t": "2026-01-15T10:30:00Z", "d": "0000-00-00 00:00:00"}


def upgrade(start_server, old):
    """MySQL 9.7 in the place of 5.6: same port, UUID and log. The tables come from a dump, for 9.7 cannot take files of 5.6."""
    new = start_server("mysql-9.7")
    new.sql("reset binary logs and gtids")
    new.stop()
    for path in [*new.binlog_files(), new.datadir / "binlog.index"]:
        path.unlink()
    for path in [*old.binlog_files(), old.datadir / "binlog.index", old.datadir / "auto.cnf"]:
        shutil.copy(path, new.datadir)
    new.port = old.port
    new.start()
    new.sql(f"set sql_log_bin = 0; create database shop collate utf8mb4_general_ci; create table shop.t ({UPGRADED})")
    return new


@pytest.mark.parametrize("gtid", [True, False], ids=["gtid", "file"])
def test_mysql_upgraded_from_5_6_to_9_7_between_two_reads(start_server, tmp_path, gtid):
    """What 5.6 wrote and was not read yet comes from the new server, under the names of then."""
    old = start_server("mysql-5.6", gtid=gtid)
    old.sql(f"create database shop collate utf8mb4_general_ci; create table shop.t ({UPGRADED})")
    configure(tmp_path, old, "shop.*")
    deliver(tmp_path, old)
    old.sql(f"set time_zone = '+00:00'; insert into shop.t values (1, {UPGRADED_ROW})")
    old.stop()
    new = upgrade(start_server, old)
    new.sql(f"set time_zone = '+00:00', sql_mode = ''; insert into shop.t values (2, {UPGRADED_ROW}); "
            "alter table shop.t add column j json, rename column a to b; "
            "insert into shop.t (id, b, j) values (3, 'z', '[1]'); create table shop.n (k int); insert into shop.n values (7)")
    deliver(tmp_path, new)
    assert rows(tmp_path)[:2] == [{"id": 1, **UPGRADED_VALUES}, {"id": 2, **UPGRADED_VALUES}]
    assert rows(tmp_path)[2:] == [{"id": 3, "b": "z", "e": None, "u": None, "t": None, "d": None, "j": [1]}, {"k": 7}]
    run("schema", "rebuild", tmp_path / "sluice.yaml")
    shown = run("schema", tmp_path / "state", "shop.*").stdout
    assert not differences(shown_shapes(shown, ["shop"]), server_shapes(new, ["shop"]))


def test_mysql_9_7_restored_from_a_dump_of_5_6_between_two_reads(start_server, tmp_path):
    """By GTIDs it goes on where all was read before; what was not is told of, and nothing is passed over."""
    old = start_server("mysql-5.6", gtid=True)
    old.sql(f"create database shop collate utf8mb4_general_ci; create table shop.t ({UPGRADED})")
    old.sql(f"set time_zone = '+00:00'; insert into shop.t values (1, {UPGRADED_ROW})")
    configure(tmp_path, old, "shop.*", "earliest")
    deliver(tmp_path, old)
    read, port = old.sql("select @@global.gtid_executed")[0][0], old.port
    old.sql("insert into shop.t (id) values (2)")
    unread = old.sql("select @@global.gtid_executed")[0][0]
    old.stop()
    for executed in (unread, read):
        new = start_server("mysql-9.7", gtid=True, port=port)
        new.sql(f"reset binary logs and gtids; set global gtid_purged = '{executed}'; set sql_log_bin = 0; create database shop; "
                f"create table shop.t ({UPGRADED}); set sql_log_bin = 1, time_zone = '+00:00', sql_mode = ''; "
                f"insert into shop.t values (3, {UPGRADED_ROW})")
        if executed == read:
            deliver(tmp_path, new)
        else:
            done = run("run", tmp_path / "sluice.yaml", check=False)
            assert done.returncode == 1 and f"{executed.partition(':')[0]}:4 were purged" in done.stderr, done.stderr
        new.stop()
    assert rows(tmp_path) == [{"id": 1, **UPGRADED_VALUES}, {"id": 3, **UPGRADED_VALUES}]


@pytest.mark.parametrize("kind", ALL)
def test_a_log_is_decoded_with_the_tables_of_its_time_from_a_state(server, tmp_path):
    """Two columns of one type change places between two files: only the place tells whose names are right."""
    server.sql("create database shop; create table shop.t (id int primary key, a int, b int)")
    old = server.binlog_files()[-1]
    configure(tmp_path, server, "shop.*")
    deliver(tmp_path, server)
    server.sql("flush binary logs")
    then = int(time.time()) + 10
    server.sql(f"set timestamp = {then}; insert into shop.t values (1, 10, 20); alter table shop.t change a x int, change b a int; "
               "flush binary logs; insert into shop.t values (2, 30, 40)")
    deliver(tmp_path, server)
    server.sql(f"set timestamp = {then}; alter table shop.t change x y int; insert into shop.t values (3, 50, 60); flush binary logs; "
               "insert into shop.t values (4, 70, 80)")
    state = tmp_path / "state"
    files = server.binlog_files()

    def decoded(*arguments, **more):
        done = run("decode", *arguments, "--schema-from", state, "--tables", "shop.*", "--no-ddl", **more)
        return [json.loads(line)["after"] for line in done.stdout.splitlines()]

    expected = [{"id": 1, "a": 10, "b": 20}, {"id": 2, "x": 30, "a": 40}, {"id": 3, "y": 50, "a": 60}, {"id": 4, "y": 70, "a": 80}]
    assert decoded(*files[1:]) == expected
    assert decoded(files[2]) == expected[1:3]
    with open(files[2], "rb") as log:
        name = files[2].name
        piped = subprocess.run([BINARY, "decode", "-", "--from", f"{name}:4", "--schema-from", state, "--no-ddl"], stdin=log,
                               capture_output=True, check=True)
    assert [json.loads(line)["after"] for line in piped.stdout.splitlines()] == expected[1:3]
    # The schema change was in the same second.
    assert decoded(*files[1:], "--from", time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(then))) == expected
    early = ["--from", "2020-01-01T00:00:00"]
    for arguments, said in ([[files[3]], "has read up to"], [[old], "knew no tables at"], [["-"], "--from FILE:4"],
                            [[old, *early], "knew no tables at"]):
        refused = run("decode", *arguments, "--schema-from", state, check=False)
        assert refused.returncode == 2 and said in refused.stderr and not refused.stdout, refused.stderr
    # Where it began by place, the time of its first tables is not known.
    placed = tmp_path / "placed"
    placed.mkdir()
    configure(placed, server, "shop.*", f"{files[1].name}:4")
    with Sluice("run", placed / "sluice.yaml") as process:
        until(lambda: (saved(placed) or [""])[0] == files[3].name)
        assert process.terminate() == 0, process.stderr
    assert "whose time is not known" in run("schema", "show", placed / "state", "--at", early[1]).stderr
    for log, refuses in ((files[1], False), (old, True), ("-", True)):
        done = run("decode", log, "--schema-from", placed / "state", *early, check=False)
        assert (done.returncode == 2 and "may be others" in done.stderr) == refuses, done.stderr
    nothing = run("decode", files[2], "--schema-from", tmp_path / "nowhere", check=False)
    assert nothing.returncode == 2 and "holds no state" in nothing.stderr
