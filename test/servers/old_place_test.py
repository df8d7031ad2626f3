"""Starts at an old place of a log that names its columns, wholly or in part: what the server knows of its tables is asked for
only where the log leaves something open, and is what they were at that place."""

import json
import time

import pytest

from lib.sluice import WAIT_SECONDS, Sluice, run

BOTH = ["mysql-9.7", "mariadb-10.11"]


@pytest.fixture
def server(start_server, kind):
    return start_server(kind, full=True)


def from_here(server):
    """A new log file; its start as a place."""
    server.sql("flush binary logs")
    return f"{server.binlog_position()[0]}:4"


def tail(server, place, *options, check=True):
    file, offset = server.binlog_position()
    done = run("tail", server.url, "--from", place, "--until", f"{file}:{offset}", *options, check=check)
    return [json.loads(line) for line in done.stdout.splitlines()], done


def name_columns(server, name):
    without = "MINIMAL" if server.kind.name.startswith("mysql") else "NO_LOG"
    server.sql(f"set global binlog_row_metadata = '{'FULL' if name else without}'")


def bytes_sent(server):
    return int(server.sql("show global status like 'Bytes_sent'")[0][1])


@pytest.mark.parametrize("kind", BOTH)
def test_a_log_that_names_its_columns_is_read_once(server):
    server.sql("create database shop; create table shop.t (id int primary key, note longtext)")
    place = from_here(server)
    for i in range(8):
        server.sql(f"insert into shop.t values ({i}, repeat('x', 1000000))")
    size = server.binlog_position()[1]
    before = bytes_sent(server)
    changes, _ = tail(server, place)
    sent = bytes_sent(server) - before
    assert [change["after"]["id"] for change in changes] == list(range(8))
    assert size <= sent < 1.5 * size


@pytest.mark.parametrize("kind", BOTH)
def test_where_only_a_part_of_the_log_names_columns(server):
    server.sql("create database shop; create table shop.t (id int primary key, a int, b int); "
               "create table shop.u (id int primary key, a int, b int)")
    place = from_here(server)
    server.sql("insert into shop.t values (1, 10, 20)")
    name_columns(server, False)
    server.sql("insert into shop.t values (2, 30, 40); insert into shop.u values (1, 10, 20)")
    name_columns(server, True)
    server.sql("alter table shop.u change a x int, change b a int; insert into shop.u values (2, 30, 40)")
    changes, _ = tail(server, place, "--tables", "shop.t")
    assert [change["after"] for change in changes] == [{"id": 1, "a": 10, "b": 20}, {"id": 2, "a": 30, "b": 40}]
    changes, done = tail(server, place, "--tables", "shop.u", check=False)
    assert changes == [] and done.returncode == 1
    assert "the columns of shop.u at this place of the log are not known: the server has moved on" in done.stderr


@pytest.mark.parametrize("kind", BOTH)
def test_what_the_log_leaves_open_comes_from_the_server(server):
    """The key of a table without a primary one, a table made like another, the table behind a helper's name."""
    server.sql("create database shop; create table shop.t (x int, y int not null, unique (y)); "
               "create table shop.u (id int primary key, a int)")
    place = from_here(server)
    server.sql("insert into shop.t values (1, 2); create table shop.like_u like shop.u; insert into shop.like_u values (3, 4); "
               "create table shop._u_new (id int primary key); insert into shop._u_new values (5); insert into shop.u values (6, 7)")
    changes, done = tail(server, place, "--no-ddl")
    assert [(change["table"], change.get("key"), change["after"]) for change in changes] == [
        ("t", {"y": 2}, {"x": 1, "y": 2}), ("like_u", {"id": 3}, {"id": 3, "a": 4}), ("u", {"id": 6}, {"id": 6, "a": 7})]
    assert "not understood" not in done.stderr
    assert "shop._u_new: taken for a helper table" in done.stderr


@pytest.mark.parametrize("kind", ["mariadb-11.8"])
def test_types_that_the_log_does_not_tell(server):
    server.sql("create database shop; create table shop.t (id int primary key, u uuid, a inet4, b inet6, v vector(2) not null)")
    place = from_here(server)
    server.sql("insert into shop.t values (1, '123e4567-e89b-12d3-a456-426655440000', '10.1.2.3', '2001:db8::1', "
               "vec_fromtext('[1,2.5]'))")
    changes, _ = tail(server, place)
    assert changes[0]["after"] == {"id": 1, "u": "123e4567-e89b-12d3-a456-426655440000", "a": "10.1.2.3", "b": "2001:db8::1",
                                   "v": [1, 2.5]}


@pytest.mark.parametrize("kind", BOTH)
def test_when_all_is_read_the_catalogue_knows_every_table(server, tmp_path):
    server.sql("create database shop; create table shop.t (id int primary key); create table shop.quiet (word varchar(20))")
    place = from_here(server)
    server.sql("insert into shop.t values (1)")
    (tmp_path / "sluice.yaml").write_text(f"""
state: ./state
source:
  url: {server.url}
  start: "{place}"
sinks:
  out:
    sink: file
    path: ./out.jsonl
""")
    with Sluice("run", tmp_path / "sluice.yaml") as process:
        process.wait_for_error("reading ")
        end = time.monotonic() + WAIT_SECONDS
        while "CREATE TABLE `shop`.`quiet`" not in run("schema", tmp_path / "state", check=False).stdout:
            assert time.monotonic() < end, process.stderr
            time.sleep(0.1)
        assert "`word` varchar(20) CHARACTER SET" in run("schema", tmp_path / "state", "shop.quiet").stdout
        assert process.terminate() == 0
