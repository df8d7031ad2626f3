"""A sink that is left behind: its target is away, the others go on, and when it is there again it gets everything, in order,
by a reading of its own; whenever Sluice is killed meanwhile. And a sink that is taken out of the configuration for a while."""

import json
import random
import threading
import time

import pytest

from lib.http_target import Target, reply
from lib.sluice import run, until

CONFIGURATION = """
name: leaves
state: ./state
metrics: 127.0.0.1:{metrics}
source:
  url: {url}
  start: earliest
tables: ["{database}.*"]
ddl: false
memory: {{batches: 3, batch_bytes: 4KiB}}
sinks:
  out:
    sink: file
    path: ./out.jsonl
"""
WEB = """
  web:
    sink: http
    url: "{url}"
    body: ndjson
    when_slow: leave
    leave_after: 300ms
"""
KINDS = ["mysql-9.7", "mariadb-10.11"]


class Switch(Target):
    """Answers 503 while `away`."""

    def __init__(self):
        self.away = False
        super().__init__(decide=lambda _: reply(503 if self.away else 200))

    def ids(self):
        return [change["after"]["id"] for change in self.changes()]


class Pipeline:
    def __init__(self, folder, server, database, target, sluice):
        from daemon import free_port

        self.folder, self.sluice, self.target, self.server, self.database = folder, sluice, target, server, database
        self.text = CONFIGURATION.format(url=server.url, database=database, metrics=free_port())
        self.written = 0
        server.sql(f"create database {database}; create table {database}.t (id int primary key, note varchar(200))")
        self.name("web")

    def name(self, *sinks):
        more = WEB.format(url=self.target.url) if "web" in sinks else ""
        (self.folder / "sluice.yaml").write_text(self.text + more)

    def start(self):
        self.process = self.sluice("run", self.folder / "sluice.yaml")
        return self.process

    def write(self, count):
        rows = ",".join(f"({self.written + i}, repeat('x', 100))" for i in range(1, count + 1))
        self.server.sql(f"insert into {self.database}.t values {rows}")
        self.written += count

    def out(self):
        path = self.folder / "out.jsonl"
        text = path.read_text() if path.exists() else ""
        return [json.loads(line)["after"]["id"] for line in text.splitlines(keepends=True) if line.endswith("\n")]

    def status(self, sink="web"):
        done = run("status", self.folder / "state", "--json", check=False)
        if done.returncode:
            return {}
        found = [each for each in json.loads(done.stdout)["sinks"] if each["name"] == sink]
        return found[0] if found else {}

    def all_there(self):
        expected = list(range(1, self.written + 1))
        until(lambda: self.out() == expected, lambda: f"the file has {len(self.out())} of {len(expected)}")
        until(lambda: self.target.ids()[-1:] == expected[-1:], lambda: f"{self.target.ids()[-3:]} of {expected[-1:]}")
        assert follow(self.target.ids()) == expected


def follow(ids):
    """The ids without repeats; each is new and the next, or repeats what was there."""
    seen = []
    for number in ids:
        if number > len(seen):
            assert number == len(seen) + 1, f"{number} behind {seen[-3:]}"
            seen.append(number)
    return seen


@pytest.fixture
def target():
    with Switch() as one:
        yield one


@pytest.fixture
def pipeline(kind, shared, database, target, sluice, tmp_path):
    return Pipeline(tmp_path, shared(kind, gtid=True, full=True), database, target, sluice)


@pytest.mark.parametrize("kind", KINDS)
def test_the_others_go_on_and_it_reaches_them(pipeline, target):
    process = pipeline.start()
    pipeline.write(50)
    pipeline.all_there()
    target.away = True
    until(lambda: (pipeline.write(100), pipeline.status().get("left_behind_since"))[1])
    pipeline.write(1000)
    until(lambda: len(pipeline.out()) == pipeline.written)
    assert "sink web has held the source for" in process.stderr and "it is left behind at" in process.stderr
    shown = run("status", pipeline.folder / "state").stdout
    assert "left behind since" in shown, shown
    # Once more in this state, by a process that finds it so.
    process.kill9()
    process = pipeline.start()
    until(lambda: pipeline.status().get("left_behind_since"))
    pipeline.write(100)
    until(lambda: len(pipeline.out()) == pipeline.written)
    target.away = False
    process.wait_for_error("sink web: has reached the others")
    pipeline.all_there()
    until(lambda: pipeline.status()["bytes_behind"] == 0)
    pipeline.write(100)
    pipeline.all_there()
    assert "left_behind_since" not in pipeline.status()
    assert process.terminate() == 0


@pytest.mark.parametrize("kind", KINDS)
def test_killed_in_every_phase(pipeline, target):
    dice = random.Random(seed := random.SystemRandom().randrange(1 << 31))
    enough = threading.Event()

    def load():
        while not enough.is_set():
            pipeline.write(dice.randrange(1, 60))
            time.sleep(0.01)

    left = reached = 0
    writer = threading.Thread(target=load)
    writer.start()
    try:
        for life in range(9):
            process = pipeline.start()
            for _ in range(dice.randrange(1, 4)):
                target.away = dice.random() < 0.6
                time.sleep(dice.choice([0.1, 0.4, 0.8]))
            process.kill9()
            left += process.stderr.count("it is left behind at")
            reached += process.stderr.count("has reached the others")
    finally:
        enough.set()
        writer.join()
    target.away = False
    process = pipeline.start()
    try:
        pipeline.all_there()
    except AssertionError as failure:
        raise AssertionError(f"seed {seed}: {failure}\n{process.stderr[-3000:]}") from None
    print(f"seed {seed}: {pipeline.written} changes, left behind {left} times, reached the others {reached} times")
    assert left > 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_sink_that_was_away_goes_on_where_it_was(pipeline, target):
    process = pipeline.start()
    pipeline.write(30)
    pipeline.all_there()
    assert process.terminate() == 0
    pipeline.name()
    process = pipeline.start()
    process.wait_for_error("sink web is no longer named: its position")
    pipeline.write(300)
    until(lambda: len(pipeline.out()) == pipeline.written)
    assert "absent     web: no longer named" in run("status", pipeline.folder / "state").stdout
    process.kill9()
    pipeline.name("web")
    process = pipeline.start()
    pipeline.write(30)
    pipeline.all_there()
    process.wait_for_error("sink web: has reached the others")
    assert process.terminate() == 0
    assert pipeline.status() == {}


def test_a_log_that_is_gone_is_a_gap_that_is_named(start_server, database, target, sluice, tmp_path):
    pipeline = Pipeline(tmp_path, start_server("mysql-9.7", gtid=True, full=True), database, target, sluice)
    process = pipeline.start()
    pipeline.write(10)
    pipeline.all_there()
    process.terminate()
    pipeline.name()
    process = pipeline.start()
    pipeline.write(20)
    until(lambda: len(pipeline.out()) == pipeline.written)
    pipeline.server.sql("flush binary logs; flush binary logs")
    pipeline.write(5)
    until(lambda: len(pipeline.out()) == pipeline.written)
    newest = pipeline.server.sql("show binary logs")[-1][0]
    pipeline.server.sql(f"purge binary logs to '{newest}'")
    process.terminate()
    pipeline.name("web")
    process = pipeline.start()
    process.wait_for_error("purged from the server's binary logs")
    process.wait_for_error("sink web has everything up to")
    # The others go on, and everybody is told.
    pipeline.write(5)
    until(lambda: len(pipeline.out()) == pipeline.written)
    assert pipeline.status()["doing"] == "ended"
    assert "is running; stop" in run("forget", pipeline.folder / "state", "web", check=False).stderr
    process.terminate()
    assert run("forget", pipeline.folder / "state", "web").stdout == "forgot the sink web\n"
    process = pipeline.start()
    pipeline.write(5)
    until(lambda: target.ids()[-1:] == [pipeline.written])
    assert target.ids() == [*range(1, 11), *range(pipeline.written - 4, pipeline.written + 1)]
    assert process.terminate() == 0
    assert "knows no sink other" in run("forget", pipeline.folder / "state", "other", check=False).stderr


@pytest.mark.parametrize("kind", KINDS)
def test_columns_that_nobody_can_tell_are_waited_for(kind, start_server, target, sluice, tmp_path):
    """The log names no columns, and a schema change that is not understood is followed by another: what lies between is set aside
    for the others, and the sink that reads by itself waits in front of it, until somebody tells the columns of then."""
    pipeline = Pipeline(tmp_path, start_server(kind, gtid=True), "shop", target, sluice)
    pipeline.server.sql("create table shop.u (id int primary key)")
    process = pipeline.start()
    pipeline.write(20)
    pipeline.all_there()
    target.away = True
    until(lambda: (pipeline.write(50), pipeline.status().get("left_behind_since"))[1])
    before = pipeline.written
    process.kill9()  # so that nobody asks the server in time
    pipeline.server.sql("alter table shop.t add column b int first" + ", force" * 17_000 + "; begin; insert into shop.u values (900001); "
                        "insert into shop.t values (1, 900002, 'x'); commit; alter table shop.t add column c int; "
                        "insert into shop.t values (2, 900003, 'y', 3); insert into shop.u values (900004)")
    process = pipeline.start()
    until(lambda: pipeline.out()[-1:] == [900004])
    target.away = False
    until(lambda: "The sink web waits in front of it" in pipeline.status().get("last_error", ""), lambda: process.stderr)
    assert {900002, 900003, 900004}.isdisjoint(target.ids())
    assert "sluice schema repair --sink web --schema FILE" in run("status", tmp_path / "state").stdout
    # The others go on, and a restart finds all as it was.
    pipeline.server.sql("insert into shop.u values (900005)")
    until(lambda: pipeline.out()[-1:] == [900005])
    process.kill9()
    process = pipeline.start()
    until(lambda: "The sink web waits in front of it" in pipeline.status().get("last_error", ""), lambda: process.stderr)
    assert process.terminate() == 0

    (tmp_path / "then.sql").write_text("create table shop.t (b int, id int primary key, note varchar(200));")
    repair = ["schema", "repair", tmp_path / "sluice.yaml", "--schema", tmp_path / "then.sql"]
    assert "is not behind the pipeline" in run(*repair, "--sink", "out", check=False).stderr
    assert "knows no sink other" in run(*repair, "--sink", "other", check=False).stderr
    run(*repair)
    assert "shop.t: new\n" in run(*repair, "--sink", "web").stdout
    process = pipeline.start()
    process.wait_for_error("sink web: has reached the others")
    pipeline.server.sql("insert into shop.t values (3, 900006, 'z', 4)")
    # What was set aside came late into the file; the sink that waited has all in the order of the log.
    web = list(range(1, before + 1)) + [900001, 900002, 900003, 900004, 900005, 900006]
    until(lambda: target.ids()[-1:] == [900006], lambda: process.stderr)
    assert list(dict.fromkeys(target.ids())) == web
    until(lambda: sorted(pipeline.out()) == web)
    rows = [change["after"] for request in target.requests for change in request.changes() if "b" in change["after"]]
    assert list({row["id"]: row for row in rows}.values()) == [
        {"b": 1, "id": 900002, "note": "x"}, {"b": 2, "id": 900003, "note": "y", "c": 3}, {"b": 3, "id": 900006, "note": "z", "c": 4}]
    assert not list((tmp_path / "state/behind").iterdir())
    assert process.terminate() == 0
