"""Where reading begins, and whether a saved position still leads on: purged and reset logs, other servers, fail-over."""

import json
import re
import time

import pytest

from lib.sluice import run, until

GTID_KINDS = ["mariadb-10.11", "mariadb-11.8", "mysql-9.7", "mysql-5.6"]


@pytest.fixture
def gtid():
    return True


@pytest.fixture
def server(start_server, kind, gtid):
    return new_server(start_server, kind, gtid)


def new_server(start_server, kind, gtid=True, options=()):
    server = start_server(kind, options, gtid=gtid)
    server.sql("create database shop; create table shop.t (id int primary key)")
    return server


def insert(server, *numbers):
    for number in numbers:
        server.sql(f"insert into shop.t values ({number})")


def executed(server):
    """Everything executed, as a set of GTIDs that --from takes."""
    variable = "gtid_binlog_pos" if server.kind.flavour == "mariadb" else "gtid_executed"
    return server.sql(f"select @@global.{variable}")[0][0].replace("\n", "")


def log_status(server):
    return server.sql("show binary log status" if server.kind.name == "mysql-9.7" else "show master status")[0]


def purge(server, file):
    """A file that somebody reads is not purged, and the thread of a reader that has gone only notices when it writes."""
    server.sql("flush logs")
    until(lambda: server.sql(f"purge binary logs to '{file}'; show binary logs")[0][0] == file, "purging")


def reset(server):
    server.sql("reset binary logs and gtids" if server.kind.name == "mysql-9.7" else "reset master")


def tail(server, start, **settings):
    """The keys of all changes from there to the present end."""
    done = run("tail", server.url, "--no-ddl", "--from", start, "--until", "now", "--tables", "shop.*", **settings)
    return [json.loads(line)["key"]["id"] for line in done.stdout.splitlines()]


def refusal(server, start):
    done = run("tail", server.url, "--from", start, "--until", "now", check=False)
    assert done.returncode in (1, 2) and not done.stdout, done.stderr
    return done.stderr


class Pipeline:
    """A configured pipeline with its state folder, run to the present end of the log each time."""

    def __init__(self, folder, start="earliest"):
        self.folder = folder
        self.start = start

    def configure(self, server):
        self.config = self.folder / "sluice.yaml"
        self.config.write_text(f"""
name: test
state: ./state
source:
  url: {server.url}
  start: "{self.start}"
  heartbeat: 300ms
tables: ["shop.*"]
sinks:
  out: {{sink: file, path: ./out.jsonl}}
""")
        return self.config

    def ids(self):
        path = self.folder / "out.jsonl"
        lines = path.read_text().splitlines() if path.exists() else []
        return [c["key"]["id"] for c in map(json.loads, lines) if c["op"] != "ddl"]

    def read_until(self, sluice, server, last):
        """Runs it until the file ends with that row."""
        process = sluice("run", self.configure(server))
        end = time.monotonic() + 30
        while not self.ids() or self.ids()[-1] != last:
            assert time.monotonic() < end and process.process.poll() is None, process.stderr
            time.sleep(0.02)
        assert process.terminate() == 0
        return process.stderr

    def refusal(self, server):
        done = run("run", self.configure(server), check=False)
        assert done.returncode == 1, done.stderr
        return done.stderr


@pytest.fixture
def pipeline(tmp_path):
    return Pipeline(tmp_path)


# Where to begin

@pytest.mark.parametrize("kind,gtid", [*((kind, True) for kind in GTID_KINDS), ("mysql-5.6", False)])
def test_every_kind_of_start(server, gtid):
    insert(server, 1, 2)
    server.sql("flush logs")
    insert(server, 3)
    file, position = server.binlog_position()
    behind_3 = executed(server) if gtid else None
    insert(server, 4)
    time.sleep(2.1)
    then = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    insert(server, 5)
    server.sql("flush logs")
    insert(server, 6)
    assert tail(server, "start") == [1, 2, 3, 4, 5, 6]
    assert tail(server, "now") == []
    assert tail(server, f"{file}:4") == [3, 4, 5, 6]
    assert tail(server, f"{file}:{position}") == [4, 5, 6]
    assert tail(server, then) == [5, 6]
    assert tail(server, "2001-01-01") == [1, 2, 3, 4, 5, 6]
    assert tail(server, "2100-01-01") == []
    if gtid:
        assert tail(server, behind_3) == [4, 5, 6]
    for wrong in (f"{file}:{position + 1}", f"{file}:{position - 1}"):
        assert f"cannot begin at {wrong}" in refusal(server, wrong)
    assert "ends at" in refusal(server, f"{file}:99999999")
    assert "there is no such binary log; the server has binlog.000001 to " in refusal(server, "binlog.999999:4")


@pytest.mark.parametrize("kind,gtid", [("mysql-5.6", False)])
def test_gtids_that_the_server_does_not_keep(server):
    assert "gtid_mode is OFF" in refusal(server, "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5")


@pytest.mark.parametrize("kind", ["mariadb-11.8"])
def test_gtids_of_the_other_kind_of_server(server):
    assert "not the form of GTIDs that MariaDB" in refusal(server, "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5")


@pytest.mark.parametrize("kind", ["mysql-9.7"])
def test_tagged_gtids(server):
    insert(server, 1)
    server.sql("set gtid_next = 'AUTOMATIC:blue'; insert into shop.t values (2); insert into shop.t values (3)")
    behind_3 = executed(server)
    assert ":blue:1-2" in behind_3
    server.sql("set gtid_next = 'AUTOMATIC:blue'; insert into shop.t values (4); set gtid_next = 'AUTOMATIC:red'; "
               "insert into shop.t values (5)")
    insert(server, 6)
    assert tail(server, "start") == [1, 2, 3, 4, 5, 6]
    assert tail(server, behind_3) == [4, 5, 6]


@pytest.mark.parametrize("kind", ["mariadb-11.8", "mysql-9.7"])
def test_now_means_with_the_tables_of_now(start_server, sluice, kind):
    """A table altered just before and just after the start has the right columns: no schema change falls unseen."""
    server = start_server(kind)
    server.sql("create database shop; create table shop.t (id int primary key, a int, b varchar(10))")
    server.sql("alter table shop.t drop column a")
    process = sluice("tail", server.url, "--no-ddl")
    process.wait_for_error("reading ")
    server.sql("insert into shop.t values (1, 'x'); alter table shop.t add column c int first; "
               "insert into shop.t values (7, 2, 'y')")
    assert [change["after"] for change in process.changes(2)] == [{"id": 1, "b": "x"}, {"c": 7, "id": 2, "b": "y"}]


# Saved positions

@pytest.mark.parametrize("kind,gtid", [*((kind, True) for kind in GTID_KINDS), ("mysql-5.6", False)])
def test_goes_on_where_it_was(server, pipeline, sluice):
    insert(server, 1, 2)
    pipeline.read_until(sluice, server, 2)
    insert(server, 3)
    server.sql("flush logs")
    insert(server, 4)
    pipeline.read_until(sluice, server, 4)
    server.restart()
    insert(server, 5)
    pipeline.read_until(sluice, server, 5)
    assert pipeline.ids() == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("kind,gtid", [*((kind, True) for kind in GTID_KINDS), ("mysql-5.6", False)])
def test_purged(server, pipeline, sluice, gtid):
    insert(server, 1)
    pipeline.read_until(sluice, server, 1)
    begun = log_status(server)
    insert(server, 2)
    server.sql("flush logs")
    insert(server, 3)
    server.sql("flush logs")
    purge(server, "binlog.000003")
    said = pipeline.refusal(server)
    assert "purged from the server's binary logs" in said and "start: earliest" in said and "start: now" in said
    if not gtid:
        assert f"{begun[0]} (from {begun[1]} on) and everything up to binlog.000003 were purged" in said
    elif server.kind.flavour == "mariadb":
        assert "the transactions 4 to 5 of domain 0 were purged" in said
    else:
        assert re.search(r"the transactions [0-9a-f-]{36}:4-5 were purged", said)
    assert pipeline.ids() == [1]


@pytest.mark.parametrize("kind", GTID_KINDS)
def test_tail_has_no_state_folder_to_empty(server):
    insert(server, 1)
    begin = executed(server)
    insert(server, 2)
    server.sql("flush logs")
    insert(server, 3)
    purge(server, "binlog.000002")
    said = refusal(server, begin)
    assert "purged from the server's binary logs" in said, said
    assert "--from start takes all that is left" in said and "state folder" not in said


@pytest.mark.parametrize("kind,gtid", [*((kind, True) for kind in GTID_KINDS), ("mysql-5.6", False)])
def test_purged_behind_us_is_no_gap(server, pipeline, sluice):
    insert(server, 1)
    server.sql("flush logs")
    insert(server, 2)
    pipeline.read_until(sluice, server, 2)
    purge(server, "binlog.000002")
    insert(server, 3)
    pipeline.read_until(sluice, server, 3)
    assert pipeline.ids() == [1, 2, 3]


@pytest.mark.parametrize("kind,gtid", [*((kind, True) for kind in GTID_KINDS), ("mysql-5.6", False)])
def test_reset(server, pipeline, sluice):
    insert(server, 1)
    server.sql("flush logs")
    insert(server, 2)
    pipeline.read_until(sluice, server, 2)
    reset(server)
    insert(server, 3)
    said = pipeline.refusal(server)
    assert "Its log was reset" in said and "empty state folder" in said
    assert pipeline.ids() == [1, 2]


@pytest.mark.parametrize("kind", ["mariadb-11.8", "mysql-9.7"])
def test_reset_while_reading(server, sluice):
    process = sluice("tail", server.url, "--no-ddl")
    process.wait_for_error("reading ")
    insert(server, 1)
    process.line()
    server.sql("flush logs")
    reset(server)
    insert(server, 2)
    assert process.wait() == 1
    assert "Its log was reset" in process.stderr
    assert "--from start takes all that is left" in process.stderr and "state folder" not in process.stderr
    assert process.rest() == []


@pytest.mark.parametrize("kind,gtid", [("mysql-5.6", False)])
def test_a_file_position_is_refused_on_another_server(start_server, server, pipeline, sluice, kind):
    insert(server, 1)
    pipeline.read_until(sluice, server, 1)
    other = new_server(start_server, kind, gtid=False)
    insert(other, *range(10))
    said = pipeline.refusal(other)
    assert "whose log files are others" in said and "empty state folder" in said
    assert pipeline.ids() == [1]


@pytest.mark.parametrize("kind", ["mysql-9.7"])
def test_a_stranger_behind_the_same_address(start_server, server, pipeline, sluice, kind):
    insert(server, 1)
    pipeline.read_until(sluice, server, 1)
    options, port = server.options, server.port
    server.stop()
    stranger = start_server(kind, options, port=port)
    stranger.sql("create database shop; create table shop.t (id int primary key)")
    insert(stranger, *range(10))
    assert "is no replica of the one that was read so far" in pipeline.refusal(stranger)
    assert pipeline.ids() == [1]


@pytest.mark.parametrize("kind", ["mariadb-11.8"])
def test_a_mysql_position_on_mariadb(start_server, pipeline, sluice, kind):
    mysql = new_server(start_server, "mysql-5.6")
    insert(mysql, 1)
    pipeline.read_until(sluice, mysql, 1)
    assert "another kind of server" in pipeline.refusal(new_server(start_server, kind))


# Fail-over

def replica_of(start_server, source, kind):
    mysql = kind.startswith("mysql")
    replica = start_server(kind, ["--log-slave-updates=ON", "--skip-slave-start"] if kind != "mysql-9.7" else [], gtid=True)
    source.sql("create user if not exists repl@'%' identified by 'r'; grant replication slave on *.* to repl@'%'"
               if kind != "mysql-5.6" else "grant replication slave on *.* to repl@'%' identified by 'r'")
    common = f"='127.0.0.1', {{0}}_port={source.port}, {{0}}_user='repl', {{0}}_password='r'"
    if kind == "mysql-9.7":
        replica.sql("change replication source to source_host" + common.format("source") +
                    ", source_auto_position=1, get_source_public_key=1; start replica")
    else:
        how = "master_auto_position=1" if mysql else "master_use_gtid=slave_pos"
        replica.sql("change master to master_host" + common.format("master") + f", {how}; start slave")
    return replica


def stop_replica(replica):
    replica.sql("stop replica" if replica.kind.name == "mysql-9.7" else "stop slave")


def has_row(server, number):
    return server.sql("select count(*) from information_schema.tables where table_schema='shop'")[0][0] and \
        server.sql(f"select count(*) from shop.t where id = {number}")[0][0]


@pytest.mark.parametrize("kind", GTID_KINDS)
def test_fail_over_to_a_replica(start_server, server, pipeline, sluice, kind):
    replica = replica_of(start_server, server, kind)
    replica.sql("flush logs; flush logs")  # its files are others than its source's
    insert(server, 1, 2)
    until(lambda: has_row(replica, 2), "replication")
    pipeline.read_until(sluice, server, 2)
    insert(server, 3)
    until(lambda: has_row(replica, 3), "replication")
    server.kill9()
    stop_replica(replica)
    insert(replica, 4)
    pipeline.read_until(sluice, replica, 4)
    insert(replica, 5)
    pipeline.read_until(sluice, replica, 5)
    assert pipeline.ids() == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("kind", ["mariadb-11.8", "mysql-9.7"])
def test_a_replica_that_lags_behind_is_waited_for(start_server, server, pipeline, sluice, kind):
    replica = replica_of(start_server, server, kind)
    insert(server, 1)
    until(lambda: has_row(replica, 1), "replication")
    stop_replica(replica)
    insert(server, 2)
    pipeline.read_until(sluice, server, 2)
    process = sluice("run", pipeline.configure(replica))
    process.wait_for_error("has not yet executed")
    assert pipeline.ids() == [1, 2]
    replica.sql("start replica" if kind == "mysql-9.7" else "start slave")
    until(lambda: has_row(replica, 2), "replication")
    insert(server, 3)
    until(lambda: pipeline.ids() == [1, 2, 3], lambda: process.stderr)
    assert process.terminate() == 0
