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
    assert "hidden columns of a UNIQUE key" in done.stderr


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
