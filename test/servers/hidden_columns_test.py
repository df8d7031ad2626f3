"""Columns that MariaDB keeps to itself stand in its log; where the log names no columns, those around them keep their names."""

import json

import pytest

from lib.sluice import run

STATEMENTS = [
    "create database shop",
    "create table shop.plain (id int primary key, note text, unique (note))",
    "create table shop.kept (id int primary key, note text, unique (note)) with system versioning",
    "insert into shop.plain values (1, 'one')",
    "insert into shop.kept values (1, 'one')",
    "alter table shop.plain add price int",
    "insert into shop.plain values (2, 'two', 5)",
]


def test_a_shape_is_hashed_too(start_server):
    server = start_server("mariadb-10.11")
    server.sql("create database shop; create table shop.t (id int primary key, place linestring not null, unique (place))")
    server.sql("insert into shop.t values (1, linestring(point(1, 2), point(3, 4)))")
    done = run("decode", server.binlog_files()[-1], "--no-ddl")
    assert [*json.loads(done.stdout)["after"]] == ["id", "place", "DB_ROW_HASH_1"]


def columns(lines):
    rows = [json.loads(line) for line in lines]
    return [(row["table"], [*row["after"]], row["after"]["note"]) for row in rows if row["op"] == "insert"]


KEPT = ["id", "note", "row_start", "row_end", "DB_ROW_HASH_1"]


@pytest.mark.parametrize("kind", ["mariadb-10.11", "mariadb-11.8"])
def test_a_log_without_names_is_read_with_those_of_its_statements(start_server, kind):
    server = start_server(kind)
    for statement in STATEMENTS:
        server.sql(statement)
    done = run("decode", server.binlog_files()[-1])
    assert columns(done.stdout.splitlines()) == [
        ("plain", ["id", "note", "DB_ROW_HASH_1"], "one"), ("kept", KEPT, "one"),
        ("plain", ["id", "note", "price", "DB_ROW_HASH_1"], "two")]
    assert not done.stderr
    server.sql("create table shop.late (id int primary key, note text); create unique index n on shop.late (note); "
               "flush binary logs; insert into shop.late values (1, 'one')")
    done = run("decode", *server.binlog_files(), "--tables", "shop.late")
    assert columns(done.stdout.splitlines()) == [("late", ["id", "note", "DB_ROW_HASH_1"], "one")]
    assert not done.stderr


@pytest.mark.parametrize("kind", ["mariadb-10.11", "mariadb-11.8"])
def test_a_live_log_without_names_is_read_with_those_of_the_server(start_server, sluice, kind):
    server = start_server(kind)
    for statement in STATEMENTS:
        server.sql(statement)
    tail = sluice("tail", server.url)
    tail.wait_for_error("reading ")
    server.sql("insert into shop.plain values (3, 'three', 7)")
    server.sql("insert into shop.kept values (3, 'three')")
    assert columns(tail.lines(2)) == [("plain", ["id", "note", "price", "DB_ROW_HASH_1"], "three"), ("kept", KEPT, "three")]


# Keys come to need a hidden column, and cease to, with their columns' types; MyISAM has another limit than InnoDB's.
CHANGES = [
    ("create table shop.t (id int primary key, a varchar(20), b int, unique ab (a, b), unique b (b))", 0),
    ("alter table shop.t modify a text", 1),
    ("alter table shop.t modify a varchar(767) charset utf8mb4", 0),
    ("alter table shop.t modify a varchar(768) charset utf8mb4", 1),
    ("alter table shop.t add c blob, add unique (c), rename index ab to u", 2),
    ("alter table shop.t drop index u", 1),
    ("create unique index a on shop.t (a (10))", 1),
    ("create or replace unique index a on shop.t (a, b)", 2),
    ("alter table shop.t drop c", 1),
    ("drop index a on shop.t", 0),
    ("alter table shop.t modify a varchar(700) charset utf8mb4, add unique (a), engine=myisam", 1),
]


@pytest.mark.parametrize("kind", ["mariadb-10.11", "mariadb-11.8"])
@pytest.mark.parametrize("metadata", ["NO_LOG", "MINIMAL"])
def test_hidden_columns_follow_the_keys(start_server, tmp_path, kind, metadata):
    server = start_server(kind, [f"--binlog-row-metadata={metadata}"])
    server.sql("create database shop")
    expected = []
    for number, (statement, hidden) in enumerate(CHANGES):
        server.sql(statement)
        server.sql(f"insert into shop.t (id, a, b) values ({number}, 'a{number}', {number})")
        expected.append([number, f"a{number}", number, *[f"DB_ROW_HASH_{i + 1}" for i in range(hidden)]])

    def told(text):
        rows = [json.loads(line)["after"] for line in text.splitlines()]
        return [[row["id"], row["a"], row["b"], *[name for name in row if name.startswith("DB_")]] for row in rows]

    # The statements alone, then a server that has moved on: nothing is set aside, nothing is asked of it.
    done = run("decode", server.binlog_files()[-1], "--no-ddl")
    assert told(done.stdout) == expected, done.stderr
    live = run("tail", server.url, "--tables", "shop.*", "--from", "start", "--until", "now", "--no-ddl")
    assert told(live.stdout) == expected, live.stderr
    # A file without its CREATE TABLE, and a dump with it.
    server.sql("create table shop.s (id int primary key, a text, b int, unique (a)); flush binary logs; "
               "insert into shop.s values (1, 'one', 2)")
    schema = tmp_path / "schema.sql"
    schema.write_text("create database shop; use shop; " + server.sql("show create table shop.s")[0][1] + ";")
    done = run("decode", server.binlog_files()[-1], "--schema", schema)
    assert told(done.stdout) == [[1, "one", 2, "DB_ROW_HASH_1"]] and not done.stderr, done.stderr


@pytest.mark.parametrize("kind", ["mariadb-10.11", "mariadb-11.8"])
def test_columns_stay_in_their_places_beside_those_of_system_versioning(start_server, sluice, tmp_path, kind):
    """A table that was learnt from the server and is changed while it is read."""
    server = start_server(kind, ["--system-versioning-alter-history=KEEP"])
    server.sql("create database shop; create table shop.t (id int primary key, note varchar(9)) with system versioning")
    tail = sluice("tail", server.url, "--no-ddl")
    tail.wait_for_error("reading ")
    server.sql("alter table shop.t add stamp timestamp(6) null; insert into shop.t (id, note) values (1, 'one')")
    assert [*json.loads(tail.lines(1)[0])["after"]] == ["id", "note", "stamp", "row_start", "row_end"]
