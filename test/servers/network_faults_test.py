"""A network that slows, cuts, swallows and corrupts, between Sluice and its targets, and between a server and Sluice: every change
arrives, each key's in order, what comes twice is the same with the same id, and nothing that was changed on the way is taken
for data. SLUICE_SEED repeats a run's faults, if not their moments."""

import contextlib
import json
import os
import random
import threading
import time

import pytest

from kafka_server import Kafka
from lib import nats as jetstream
from lib.converge.targets import DATABASE as MIRRORED
from lib.converge.targets import TARGETS
from lib.converge.values import Table
from lib.fault_proxy import FaultProxy
from lib.http_target import Target
from lib.kafka import Reader
from lib.rabbitmq import take_what_is_there
from lib.redis import Redis
from lib.sluice import WAIT_SECONDS
from nats_server import Nats

SEED = int(os.environ.get("SLUICE_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 31)
STORM_SECONDS = 5
BREAKS = ["slow", "fin", "reset", "silent"]
ALL = [*BREAKS, "corrupt"]
QUERIES = 60_000  # bytes: more than the answers of what is asked before the log flows


def note_of(row, version):
    return f"{row}:{version}:" + "abcdefgh" * (row % 20)


class Writer(threading.Thread):
    """Rows whose versions count from 1; `versions` is what was committed."""

    def __init__(self, server, database):
        super().__init__(daemon=True)
        self.server, self.database = server, database
        self.dice = random.Random(SEED)
        self.versions = {}
        self.enough = threading.Event()
        self.failure = None

    def run(self):
        try:
            connection = self.server.connect(autocommit=False, database=self.database)
            with connection, connection.cursor() as cursor:
                while not self.enough.wait(0.02):
                    self.transaction(cursor)
        except Exception as failure:  # reported by the test
            self.failure = failure

    def transaction(self, cursor):
        made = {}
        for _ in range(self.dice.choice([1, 2, 5, 30])):
            row = self.dice.choice([len(self.versions) + 1, self.dice.randint(1, len(self.versions) + 1)])
            made[row] = made.get(row, self.versions.get(row, 0)) + 1
            values = (made[row], note_of(row, made[row]), row)
            cursor.execute("insert into t (v, note, id) values (%s, %s, %s)" if made[row] == 1 else
                           "update t set v = %s, note = %s where id = %s", values)
        cursor.execute("commit")
        self.versions.update(made)


def until(condition, process):
    end = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < end and process.process.poll() is None, f"seed {SEED}\n{process.stderr}"
        time.sleep(0.05)


class Scene:
    """A table under load, a pipeline file, and what the target has in the end."""

    def __init__(self, server, database, folder):
        self.server, self.database, self.folder = server, database, folder
        self.start = ":".join(map(str, server.binlog_position()))
        server.sql(f"create database {database}; create table {database}.t (id int primary key, v int, note varchar(400))")
        self.writer = Writer(server, database)
        print(f"seed {SEED}")

    def configure(self, *sinks, url=None, source=(), ddl=False):
        path = self.folder / "sluice.yaml"
        path.write_text("\n".join(["name: f", "state: ./state", "source:", f"  url: {url or self.server.url}", f"  start: {self.start}",
                                   *(f"  {line}" for line in source), f'tables: ["{self.database}.*"]', f"ddl: {str(ddl).lower()}",
                                   "memory: {batch_bytes: 16KiB}", "sinks:", *sinks]) + "\n")
        return path

    def weather(self, proxy, kinds, process, read):
        """A storm while rows are written, once the first one has arrived; then it clears up, and nothing more is written. At
        the very start some faults look like mistakes of the configuration, and end the program as such."""
        self.writer.start()
        try:
            until(read, process)
            proxy.storm(random.Random(SEED), kinds, STORM_SECONDS)
        finally:
            self.writer.enough.set()
            self.writer.join()
        assert self.writer.failure is None, self.writer.failure
        assert process.process.poll() is None, process.stderr

    def wait(self, process, read):
        """Until all that was written is in what `read` returns; that."""
        end = time.monotonic() + WAIT_SECONDS
        wanted = sum(self.writer.versions.values())
        while True:
            found = read()
            if len({change["id"] for change in found}) >= wanted:
                return found
            assert time.monotonic() < end and process.process.poll() is None, f"{len(found)} of {wanted}; seed {SEED}\n{process.stderr}"
            time.sleep(0.1)

    def check(self, found, *, repeats):
        """Each row's versions come one after the other, or go back to come again; returns how many came again."""
        contents, reached, again = {}, {}, 0
        for change in found:
            row, version = change["after"]["id"], change["after"]["v"]
            assert contents.setdefault(change["id"], change) == change, f"one id stands for two changes, seed {SEED}: {change}"
            assert change["after"]["note"] == note_of(row, version), f"changed on its way, seed {SEED}: {change}"
            assert version <= reached.get(row, 0) + 1, f"version {version} of row {row} came too early, seed {SEED}"
            again += version <= reached.get(row, 0)
            reached[row] = max(version, reached.get(row, 0))
        assert reached == self.writer.versions, f"a change is missing, seed {SEED}"
        assert repeats or not again, f"{again} came again, seed {SEED}"
        return again


@pytest.fixture
def scene(shared, database, tmp_path):
    server = shared("mysql-9.7", full=True, gtid=True)
    yield Scene(server, database, tmp_path)
    server.sql(f"drop database if exists {database}")


# What runs through TLS may be corrupted, too: nothing else could tell.
@pytest.mark.parametrize("encrypted", [False, True])
def test_http(scene, sluice, tls, encrypted):
    with Target(tls=tls if encrypted else None) as target, FaultProxy(target.port) as proxy:
        path = scene.configure("  out:", "    sink: http", f"    url: {target.scheme}://127.0.0.1:{proxy.port}/in", "    connections: 3",
                               "    body: ndjson", f"    tls_ca: {tls.ca}", "    timeout: 700ms")
        process = sluice("run", path)
        scene.weather(proxy, ALL if encrypted else BREAKS, process, target.changes)
        found = scene.wait(process, target.changes)
        print(f"{proxy.told()}; {scene.check(found, repeats=True)} changes came again")


@pytest.mark.parametrize("encrypted", [False, True])
def test_redis(scene, sluice, tls, tmp_path, encrypted):
    folder = tmp_path / "redis"
    folder.mkdir()
    with contextlib.closing(Redis(folder, tls=tls if encrypted else None)) as redis, FaultProxy(redis.port) as proxy:
        path = scene.configure("  out:", "    sink: redis", f"    url: {'rediss' if encrypted else 'redis'}://127.0.0.1:{proxy.port}",
                               *([f"    tls_ca: {tls.ca}"] if encrypted else []), "    timeout: 700ms", "    to: changes")
        process = sluice("run", path)

        def read():
            return [json.loads(entry["value"]) for entry in redis.stream("changes")]

        scene.weather(proxy, ALL if encrypted else BREAKS, process, read)
        found = scene.wait(process, read)
        print(f"{proxy.told()}; {scene.check(found, repeats=True)} changes came again")


def test_kafka(scene, sluice, tls):
    """Both promises at once, each with a topic of its own."""
    with FaultProxy() as proxy, Kafka(tls=tls, advertise={"certificate": proxy.port}) as kafka:
        proxy.target = kafka.ports["certificate"]
        lines = []
        for name, more in (("once", ["transactional_id: f"]), ("often", [])):
            kafka.create(name)
            lines += [f"  {name}:", "    sink: kafka", f"    brokers: 127.0.0.1:{proxy.port}", f"    topic: {name}", "    timeout: 2s",
                      "    properties: [reconnect.backoff.max.ms=500]", "    tls: verify-ca", f"    tls_ca: {tls.ca}", f"    tls_cert: {tls.client_cert}",
                      f"    tls_key: {tls.client_key}", *(f"    {line}" for line in more)]
        process = sluice("run", scene.configure(*lines))
        readers = {name: Reader(kafka.brokers, name, committed=name == "once") for name in ("once", "often")}
        scene.weather(proxy, ALL, process, lambda: all(reader.read_more(0.1) for reader in readers.values()))
        for name, reader in readers.items():
            with contextlib.closing(reader):
                found = scene.wait(process, lambda: [json.loads(m.value()) for m in reader.read_more(0.3)])
                print(f"{name}: {proxy.told()}; {scene.check(found, repeats=name == 'often')} changes came again")


@pytest.mark.parametrize("encrypted", [False, True])
def test_rabbitmq(scene, sluice, tls, rabbitmq, encrypted):
    queue, found = f"q-{scene.database}", []
    with FaultProxy(rabbitmq.tls_port if encrypted else rabbitmq.port) as proxy:
        url = rabbitmq.url(scheme="amqps" if encrypted else "amqp", port=proxy.port)
        process = sluice("run", scene.configure("  out:", "    sink: rabbitmq", f"    url: {url}", *([f"    tls_ca: {tls.ca}"] if encrypted else []),
                                                "    timeout: 700ms", f"    to: {queue}", "    declare:", f"      - queue {queue}"))

        def read():
            found.extend(json.loads(body) for _, _, body in take_what_is_there(rabbitmq, queue))
            return found

        scene.weather(proxy, ALL if encrypted else BREAKS, process, read)
        scene.wait(process, read)
        print(f"{proxy.told()}; {scene.check(found, repeats=True)} changes came again")


@pytest.mark.parametrize("encrypted", [False, True])
def test_nats(scene, sluice, tls, encrypted):
    """The server leaves out what comes again."""
    with Nats(tls=tls if encrypted else None) as nats, FaultProxy(nats.port) as proxy:
        url = f"{'tls' if encrypted else 'nats'}://127.0.0.1:{proxy.port}"
        process = sluice("run", scene.configure("  out:", "    sink: nats", f"    servers: {url}", *([f"    tls_ca: {tls.ca}"] if encrypted else []),
                                                "    timeout: 700ms", "    stream: S", "    create_stream: true"))

        def read():
            return [json.loads(message.data) for message in jetstream.take(nats, "S", jetstream.count(nats, "S"))]

        scene.weather(proxy, ALL if encrypted else BREAKS, process, read)
        found = scene.wait(process, read)
        print(f"{proxy.told()}; {scene.check(found, repeats=False)} changes came again")


PATIENCE = {"mysql": "timeout: 1s", "postgresql": "timeout: 1s", "redis_cache": "timeout: 700ms", "elasticsearch": "timeout: 700ms",
            "clickhouse": "timeout: 700ms"}


@pytest.mark.parametrize("name", PATIENCE)
def test_targets_that_keep_rows(shared, sluice, tmp_path, name):
    server = shared("mysql-9.7", full=True, gtid=True)
    server.sql(f"drop database if exists {MIRRORED}")
    scene = Scene(server, MIRRORED, tmp_path)
    table = Table("t", {"id": "int", "v": "int", "note": "varchar"}, ["id"])
    with contextlib.closing(TARGETS[name](tmp_path)) as target:
        lines = {line.partition(":")[0]: line for line in [*target.lines(), PATIENCE[name]]}
        process = sluice("run", scene.configure("  out:", *(f"    {line}" for line in lines.values()), ddl=True))

        def read():
            with contextlib.suppress(Exception):  # there is no such table yet
                return {int(row[0]): (int(row[1]), row[2]) for row in target.rows(table)}

        scene.weather(target.proxies[0], BREAKS, process, read)
        wanted = {row: (version, note_of(row, version)) for row, version in scene.writer.versions.items()}
        until(lambda: read() == wanted, process)
        print(target.proxies[0].told())
    server.sql(f"drop database {MIRRORED}")


@pytest.mark.parametrize("encrypted", [False, True])
@pytest.mark.parametrize("kind", ["mysql-9.7", "mariadb-10.11"])
def test_the_source(start_server, database, tmp_path, sluice, tls, kind, encrypted):
    """Without TLS, events are guarded by their checksums, and the packets around them by their numbers; what is said before
    the log flows is guarded by nothing, and left alone here. A query may take its time, so silence comes behind them, too."""
    server = start_server(kind, ["--max-connect-errors=1000000"], full=True, gtid=True, tls=tls)
    scene = Scene(server, database, tmp_path)
    with FaultProxy(server.port, corrupt_behind=0 if encrypted else QUERIES, silent_behind=QUERIES, both_ways=encrypted) as proxy:
        out = tmp_path / "out.jsonl"
        path = scene.configure("  out:", "    sink: file", f"    path: {out}", url=f"mysql://root@127.0.0.1:{proxy.port}/",
                               source=["heartbeat: 200ms", "connect_timeout: 1s", f"tls_ca: {tls.ca}",
                                       f"tls: {'verify-identity' if encrypted else 'off'}"])
        process = sluice("run", path)

        def read():
            lines = out.read_text().splitlines(keepends=True) if out.exists() else []
            return [json.loads(line) for line in lines if line.endswith("\n")]

        scene.weather(proxy, ALL, process, read)
        scene.check(scene.wait(process, read), repeats=False)
        print(f"{proxy.told()}")
