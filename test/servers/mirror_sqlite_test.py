"""The sink sqlite against a real server: every type, keys that change, deaths, schema changes, refusals."""

import contextlib
import random
import shutil
import sqlite3

import pytest

from lib.mirror import TYPES, Workload, create_types, failure, type_rows
from lib.sluice import run, until

KIND = "mysql-9.7"


@pytest.fixture
def close_later():
    with contextlib.ExitStack() as stack:
        yield stack.enter_context


@pytest.fixture
def server(shared, database):
    server = shared(KIND, full=True, gtid=True)
    yield server
    server.sql(f"drop database if exists {database}")


def configure(folder, server, database, *lines, memory="4KiB"):
    path = folder / "sluice.yaml"
    path.write_text("\n".join([
        "name: m", "state: ./state", "source:", f"  url: {server.url}", "  start: earliest", f'tables: ["{database}.*"]',
        f"memory: {{batch_bytes: {memory}}}", "sinks:", "  out:", "    sink: sqlite", f"    path: {folder}/mirror.db",
        '    to: "{table}"', *(f"    {line}" for line in lines)]) + "\n")
    return path


def ask(folder, sql):
    try:
        with sqlite3.connect(f"file:{folder}/mirror.db?mode=ro", uri=True, timeout=10) as db:
            return db.execute(sql).fetchall()
    except sqlite3.OperationalError as error:
        return str(error)


def expected(server, database):
    """What SELECT shows of the table of all types, spelt as docs/sinks/sqlite.md says SQLite has it."""
    connection = server.connect(database=database, init_command="set time_zone = '+00:00'", conv={})
    columns = []
    for name, (kind, _) in TYPES.items():
        raw = kind == "point" or "blob" in kind or "binary" in kind
        columns.append(f"hex({name})" if raw else f"{name}+0" if kind.startswith(("bit", "year")) else f"cast({name} as char)")
    with connection.cursor() as cursor:
        cursor.execute(f"select id, {', '.join(columns)} from all_types order by id")
        rows = cursor.fetchall()
    connection.close()
    return [[None if v is None else v.decode() if isinstance(v, bytes) else str(v) for v in row] for row in rows]


def shown(folder):
    columns = []
    for name, (kind, _) in TYPES.items():
        raw = kind == "point" or "blob" in kind or "binary" in kind
        columns.append(f"case when {name} is not null then hex({name}) end" if raw else name)
    rows = ask(folder, f"select id, {', '.join(columns)} from all_types order by id")
    return [[None if v is None else v if isinstance(v, (str, float)) else str(v) for v in row] for row in rows]


def test_every_type_arrives_as_it_is(server, database, sluice, tmp_path):
    server.sql(f"create database {database}")
    connection = server.connect(database=database, init_command="set time_zone = '+00:00', sql_mode = ''")
    with connection.cursor() as cursor:
        cursor.execute(create_types("all_types"))
        for statement in type_rows("all_types"):
            cursor.execute(statement)
        cursor.execute("create table zero (id int primary key, d date, dt datetime(2), ts timestamp null)")
        cursor.execute("insert into zero values (1, 0, 0, 0), (2, '2026-00-00', '2026-02-00', null)")
    connection.commit()
    sluice("run", configure(tmp_path, server, database, "keyless: match"))
    want = expected(server, database)
    until(lambda: ask(tmp_path, "select count(*) from zero") == [(2,)], what=lambda: ask(tmp_path, "select * from sqlite_master"))
    got = shown(tmp_path)
    assert len(got) == len(want)
    names = ["id", *TYPES]
    for have, should in zip(got, want):
        for name, a, b in zip(names, have, should):
            if isinstance(a, float):
                assert a == float(b), name
            else:
                assert a == b, name
    assert ask(tmp_path, "select * from zero") == [(1, "0000-00-00", "0000-00-00 00:00:00.00", "0000-00-00 00:00:00"),
                                                  (2, "2026-00-00", "2026-02-00 00:00:00.00", None)]
    server.sql(f"use {database}; {create_types('bare').replace(' primary key', '')}; insert into bare select * from all_types; "
               "insert into bare select * from all_types; delete from bare limit 1; update bare set id = -id")
    wait_until_same(server, database, tmp_path, "select id, count(*) from bare group by id order by id")
    assert ask(tmp_path, "select typeof(u64) from all_types where id in (1, 2)") == [("integer",), ("text",)]


def rows_of(server, database, table):
    order = "id" if table == "t" else "b, a"
    columns = {"t": "id, name, cast(n as char), cast(at as char)", "p": "a, convert(b using utf8mb4), cast(v as char)"}[table]
    rows = server.connect(database=database, charset="utf8mb4", init_command="set names utf8mb4")
    with rows.cursor() as cursor:
        cursor.execute(f"select {columns} from {table} order by {order}")
        found = cursor.fetchall()
    rows.close()
    return [tuple(row) for row in found]


def mirrored(folder, table):
    order = "id" if table == "t" else "b, a"
    columns = {"t": "id, name, cast(n as text), at", "p": "a, b, v"}[table]
    return ask(folder, f"select {columns} from {table} order by {order}")


def wait_until_equal(server, database, folder, tables=("t", "p")):
    for table in tables:
        want = rows_of(server, database, table)
        until(lambda: mirrored(folder, table) == want, what=lambda: f"{table}: {mirrored(folder, table)}\nwanted {want}")


def wait_until_same(server, database, folder, sql):
    """Of whole numbers."""
    with server.connect(database=database) as connection, connection.cursor() as cursor:
        cursor.execute(sql)
        want = [tuple(row) for row in cursor.fetchall()]
    until(lambda: ask(folder, sql) == want, what=lambda: f"{ask(folder, sql)}\nwanted {want}")


def test_a_random_workload_is_mirrored_through_kills(server, database, sluice, tmp_path, close_later):
    seed = random.SystemRandom().randrange(1 << 31)
    print("seed", seed)
    server.sql(Workload.schema(database))
    server.sql(f"create table {database}.log (what int)")
    path = configure(tmp_path, server, database, "keyless: match")
    work = close_later(Workload(server, database, seed, changes_log=True))
    work.through_kills(sluice, path)
    wait_until_equal(server, database, tmp_path)
    wait_until_same(server, database, tmp_path, Workload.LOG.format(""))


def test_schema_changes_are_carried_out(server, database, sluice, tmp_path):
    server.sql(f"create database {database}; use {database}; create table t (id int primary key, a int, b varchar(9)); "
               "insert into t values (1, 10, 'x'), (2, 20, 'y')")
    path = configure(tmp_path, server, database)
    process = sluice("run", path)
    until(lambda: ask(tmp_path, "select * from t order by id") == [(1, 10, "x"), (2, 20, "y")])
    server.sql(f"use {database}; alter table t add column c decimal(6,2) not null default 1.5, add d timestamp null, drop a, "
               "rename column b to bb; insert into t values (3, 'z', 2.25, null); alter table t rename to u; "
               "update u set bb = 'q' where id = 1; create table v (k varchar(5) primary key); insert into v values ('a'), ('b'); "
               "create table w (k int primary key); insert into w values (1); drop table w; truncate v; insert into v values ('c'); "
               "create table if not exists v (k varchar(5) primary key); create table if not exists u (other int); insert into v values ('d')")
    until(lambda: ask(tmp_path, "select * from v") == [("c",), ("d",)], what=lambda: ask(tmp_path, "select * from sqlite_master"))
    assert ask(tmp_path, "select * from u order by id") == [(1, "q", "1.50", None), (2, "y", "1.50", None), (3, "z", "2.25", None)]
    assert ask(tmp_path, "select name from sqlite_master where type = 'table' order by name") == [("sluice_checkpoint",), ("u",), ("v",)]
    server.sql(f"use {database}; update u set bb = 7; alter table u modify bb int null")
    process.wait_for_error("SQLite cannot change the column bb of u from TEXT to INTEGER")


def test_a_table_that_is_replaced_begins_empty(shared, database, sluice, tmp_path):
    server = shared("mariadb-10.11", full=True)
    columns = "(id int primary key, a int)"
    server.sql(f"create database {database}; use {database}; create table t {columns}; insert into t values (1, 10), (2, 20); "
               f"create table if not exists t {columns}; insert into t values (3, 30)")
    sluice("run", configure(tmp_path, server, database))
    until(lambda: ask(tmp_path, "select * from t order by id") == [(1, 10), (2, 20), (3, 30)], what=lambda: ask(tmp_path, "select * from t"))
    server.sql(f"use {database}; create or replace table t {columns}; insert into t values (2, 21)")
    until(lambda: ask(tmp_path, "select * from t") == [(2, 21)], what=lambda: ask(tmp_path, "select * from t"))
    server.sql(f"use {database}; create or replace table t (k varchar(9) primary key); insert into t values ('k')")
    until(lambda: ask(tmp_path, "select * from t") == [("k",)], what=lambda: ask(tmp_path, "select * from t"))
    server.sql(f"drop database {database}")


def test_what_the_target_cannot_take_stops_with_words_or_is_left_out(server, database, sluice, tmp_path):
    server.sql(f"create database {database}; use {database}; create table t (id int primary key, a int, u varchar(9)); "
               "insert into t values (1, 10, 'x'), (2, 20, 'x'), (3, 30, 'y')")
    path = configure(tmp_path, server, database, "ddl: ignore")

    def target(sql):
        with sqlite3.connect(tmp_path / "mirror.db") as db:
            db.executescript("drop table if exists t; " + sql)

    target("create table t (id integer primary key, a integer)")
    failure(path, "the table t of", "lacks the column u, which would be TEXT")
    target("create table t (id integer primary key, a text, u text)")
    failure(path, "the column a of the table t of", "is TEXT and should be INTEGER")
    target("create table t (id integer, a integer, u text)")
    failure(path, "the primary key of the table t of", "is () and should be (id)")
    target("create table t (id integer primary key, a integer, u text unique)")
    failure(path, "UNIQUE constraint failed: t.u")
    path.write_text(path.read_text() + "    on_refusal: park\n")
    process = sluice("run", path)
    process.wait_for_error("parked 1 changes that the target refuses")
    until(lambda: ask(tmp_path, "select id from t") == [(1,), (3,)], what=lambda: ask(tmp_path, "select * from t"))
    server.sql(f"delete from {database}.t where id = 1; update {database}.t set a = 21 where id = 2")
    until(lambda: ask(tmp_path, "select id from t") == [(3,)])
    until(lambda: run("dead", "list", path, check=False).stdout.count("waits behind") == 1)
    run("dead", "retry", path)
    until(lambda: ask(tmp_path, "select * from t order by id") == [(2, 21, "x"), (3, 30, "y")])


def test_tables_whose_names_differ_in_case_are_not_mixed(server, database, sluice, tmp_path):
    """SQLite takes them for one: the rows of the second are refused, and what becomes of it does nothing to the first."""
    server.sql(f"create database {database}; use {database}; create table t (id int primary key, a int); create table T (Id int primary key, A int); "
               "insert into t values (1, 1); insert into T values (1, 2), (2, 2); truncate T; insert into T values (3, 3); "
               "alter table T add b int; drop table T; insert into t values (2, 1)")
    process = sluice("run", configure(tmp_path, server, database, "on_refusal: drop"))
    until(lambda: ask(tmp_path, "select id, a from t order by id") == [(1, 1), (2, 1)], what=lambda: process.stderr)
    assert "has a table t and takes T for the same" in process.stderr, process.stderr


def test_what_stands_in_a_tables_place_is_named(server, database, sluice, tmp_path):
    server.sql(f"create database {database}; use {database}; create table t (Id int primary key, A int); insert into t values (1, 10)")
    path = configure(tmp_path, server, database, "ddl: ignore")

    def target(sql):
        with sqlite3.connect(tmp_path / "mirror.db") as db:
            db.executescript(sql)

    target("create table base (id integer primary key, a integer); create view t as select * from base")
    failure(path, "t of", "is a view, which has no primary key")
    target("drop view t; create table t (id integer primary key, a integer generated always as (id * 2) stored)")
    failure(path, "the column A of the table t of", "is INTEGER GENERATED and should be INTEGER; change it there")
    target("drop table t; create table t (ID integer primary key, a integer)")
    sluice("run", path)
    until(lambda: ask(tmp_path, "select id, a from t") == [(1, 10)])


def test_tables_without_a_key_and_schema_changes_can_be_refused(server, database, sluice, tmp_path):
    server.sql(f"create database {database}; use {database}; create table t (a int); insert into t values (1)")
    failure(configure(tmp_path, server, database), f"the table {database}.t has no primary key")
    path = configure(tmp_path, server, database, "keyless: append")
    process = sluice("run", path)
    until(lambda: ask(tmp_path, "select * from t") == [(1,)])
    process.close()
    server.sql(f"delete from {database}.t")
    failure(path, "it takes inserted rows alone")
    with sqlite3.connect(tmp_path / "mirror.db") as db:
        db.execute("update t set a = null")
    failure(configure(tmp_path, server, database, "keyless: match"), "the table t lacks the row that is to go")
    shutil.rmtree(tmp_path / "state")
    failure(configure(tmp_path, server, database, "ddl: stop", "checkpoint: other"), "`ddl: stop` holds: create table t (a int)")
