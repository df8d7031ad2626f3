"""A connection that breaks in every way there is: nothing is lost, nothing comes twice, and the reason is said."""

import signal
import threading
import time

import pytest

from lib.sluice import WAIT_SECONDS


@pytest.fixture
def server(start_server, kind, gtid):
    return start_server(kind, gtid=gtid)


@pytest.fixture
def gtid():
    return True


@pytest.fixture
def tail(server, sluice):
    """tail(more...) -> sluice, reading from now on; the table shop.t is there."""
    server.sql("create database shop; create table shop.t (id int primary key, a longtext)")

    def start(*more):
        process = sluice("tail", server.url, "--no-ddl", *more)
        process.wait_for_error("reading ")
        return process

    return start


def insert(server, *numbers):
    for number in numbers:
        server.sql(f"insert into shop.t values ({number}, 'a')")


def ids(changes):
    return [change["key"]["id"] for change in changes]


def reading(process):
    return process.stderr.count("reading ")


def wait_for_reading(process, times):
    end = time.monotonic() + WAIT_SECONDS
    while reading(process) < times:
        assert time.monotonic() < end and process.process.poll() is None, process.stderr
        time.sleep(0.02)


def dump_threads(server):
    return [row[0] for row in server.sql("show processlist") if "Binlog Dump" in str(row[4])]


@pytest.mark.parametrize("kind,gtid", [("mariadb-10.11", True), ("mariadb-11.8", True), ("mysql-9.7", True),
                                       ("mysql-5.6", True), ("mysql-5.6", False)])
def test_restart_flush_kill(server, tail):
    process = tail("--heartbeat", "500ms")
    insert(server, 1)
    assert ids(process.changes(1)) == [1]
    server.restart()
    insert(server, 2)
    assert ids(process.changes(1)) == [2]
    server.sql("flush logs")
    insert(server, 3)
    server.sql("flush logs; flush logs")
    insert(server, 4)
    assert ids(process.changes(2)) == [3, 4]
    before = reading(process)
    for thread in dump_threads(server):
        server.sql(f"kill {thread}")
    insert(server, 5)
    assert ids(process.changes(1)) == [5]
    wait_for_reading(process, before + 1)
    server.kill9()
    server.start()
    insert(server, 6)
    assert ids(process.changes(1)) == [6]
    process.quiet(0.5)
    assert process.terminate() == 0


@pytest.mark.parametrize("kind", ["mariadb-11.8", "mysql-9.7"])
def test_a_server_that_stands_still(server, tail):
    """Its sockets stay open, so that only the missing heartbeats tell."""
    process = tail("--heartbeat", "200ms")
    insert(server, 1)
    process.line()
    time.sleep(1)  # heartbeats come: an idle server is no dead one
    assert "sign of life" not in process.stderr
    paused = time.monotonic()
    server.pause()
    process.wait_for_error("no sign of life for three heartbeats (600 ms)")
    assert 0.4 < time.monotonic() - paused < 5
    server.resume()
    insert(server, 2)
    assert ids(process.changes(1)) == [2]


@pytest.mark.parametrize("kind", ["mariadb-11.8", "mysql-9.7"])
def test_stopping_while_the_server_stands_still(server, tail):
    process = tail("--heartbeat", "1m")
    server.pause()
    time.sleep(0.3)
    started = time.monotonic()
    assert process.terminate() == 0
    assert time.monotonic() - started < 5
    server.resume()


@pytest.mark.parametrize("kind", ["mariadb-10.11"])
def test_stopping_while_it_waits_for_the_server(server, tail):
    process = tail()
    server.stop()
    process.wait_for_error("trying again")
    started = time.monotonic()
    process.signal(signal.SIGTERM)
    assert process.wait() == 0
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("kind,gtid", [("mariadb-11.8", True), ("mysql-9.7", True), ("mysql-5.6", False)])
def test_cut_inside_a_transaction(server, tail):
    """One transaction of many batches; the connection is killed again and again while it is read."""
    rows, size = 400, 20_000
    process = tail("--heartbeat", "500ms", "--batch-bytes", "64KiB")
    stop = threading.Event()

    def kill_dumps():
        while not stop.wait(0.15):
            for thread in dump_threads(server):
                try:
                    server.sql(f"kill {thread}")
                except Exception:  # gone by itself meanwhile
                    continue

    killer = threading.Thread(target=kill_dumps)
    killer.start()
    values = ",".join(f"({i}, repeat('x', {size}))" for i in range(rows))
    try:
        for round in range(5):
            server.sql(f"begin; insert into shop.t values {values}; delete from shop.t; commit")
            time.sleep(0.1)
    finally:
        stop.set()
        killer.join()
    changes = process.changes(5 * 2 * rows, timeout=120)
    process.quiet(0.5)
    assert [change["op"] for change in changes] == (["insert"] * rows + ["delete"] * rows) * 5
    assert ids(changes) == [*range(rows), *range(rows)] * 5
    transactions = [change["id"].split("#") for change in changes]
    assert [int(index) for _, index in transactions] == [*range(2 * rows)] * 5
    assert len({name for name, _ in transactions}) == 5
    assert reading(process) > 3, "the connection was hardly ever cut"


@pytest.mark.parametrize("kind", ["mysql-9.7"])
@pytest.mark.parametrize("options", [["--tls", "required"], ["--compression", "--tls", "off"], ["--tls", "required", "--compression"]])
def test_no_row_waits_for_a_later_one(server, tail, options):
    """Bytes lie in four places (socket, TLS, decompressor, read-ahead); heartbeats, which would wake it, are far away."""
    process = tail("--heartbeat", "1m", *options)
    for number, size in enumerate((1, 100, 2_000, 16_300, 16_384, 17_000, 40_000, 1_000_000, 20_000_000, 10)):
        server.sql(f"insert into shop.t values ({number}, repeat('x', {size}))")
        change = process.changes(1, timeout=10)[0]
        assert (change["key"]["id"], len(change["after"]["a"])) == (number, size)


@pytest.mark.parametrize("kind", ["mariadb-11.8", "mysql-9.7"])
def test_semi_sync(start_server, sluice, kind):
    mysql = kind == "mysql-9.7"
    name = "source" if mysql else "master"
    options = [f"--loose-rpl-semi-sync-{name}-enabled=ON", f"--loose-rpl-semi-sync-{name}-timeout=20000"]
    server = start_server(kind, ["--plugin-load-add=semisync_source.so", *options] if mysql else options)
    server.sql("create database shop; create table shop.t (id int primary key, a longtext)")
    process = sluice("tail", server.url, "--no-ddl", "--semi-sync")
    process.wait_for_error("reading ")
    status = lambda what: int(server.sql(f"show status like 'rpl_semi_sync_{name}_{what}'")[0][1])  # noqa: E731
    unacknowledged, began = status("no_tx"), time.monotonic()
    insert(server, *range(100))
    assert ids(process.changes(100)) == list(range(100))
    assert time.monotonic() - began < 20
    assert (status("yes_tx"), status("no_tx")) == (100, unacknowledged)
