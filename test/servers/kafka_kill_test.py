"""Sluice and Kafka killed at any moment under load: every change is there, in the order of its partition; repeats are
only of what was in hand, none where exactly once is promised. SLUICE_KILLS and SLUICE_SEED as in kill_test.py."""

import os
import random
import subprocess
import time

import pytest

from kafka_server import Kafka
from kill_test import Writer
from lib.kafka import Reader, partition_of, values
from lib.sluice import BINARY, WAIT_SECONDS

KILLS = int(os.environ.get("SLUICE_KILLS", "20"))
SEED = int(os.environ.get("SLUICE_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 31)
PARTITIONS = 3

CONFIGURATION = """
name: kills
state: ./state
source: {{url: "{url}", start: earliest}}
tables: ["{database}.*"]
ddl: false
memory: {{batch_bytes: 4KiB}}
sinks:
  out:
    sink: kafka
    brokers: {brokers}
    topic: "{topic}"
    key: "{{key}}"
    timeout: {timeout}
    {more}
"""


class PacedWriter(Writer):
    """Leaves the machine some time: what it writes is to be read back, too."""

    def transaction(self, cursor):
        super().transaction(cursor)
        time.sleep(0.005)


class Scene:
    """A table that is written to, a topic, and Sluice between them."""

    def __init__(self, folder, server, database, kafka, more="", timeout="30s"):
        self.folder, self.server, self.kafka = folder, server, kafka
        self.topic = f"{database}-t"
        server.sql(f"create database {database}; create table {database}.t (id int primary key, note varchar(200))")
        kafka.create(self.topic, PARTITIONS)
        self.config = folder / "sluice.yaml"
        self.config.write_text(CONFIGURATION.format(url=server.url, database=database, brokers=kafka.brokers, topic=self.topic,
                                                    more=more, timeout=timeout))
        self.committed = "transactional_id" in more
        self.log = folder / "log"
        self.writer = PacedWriter(server, database, SEED)
        print(f"seed {SEED}")

    def start(self):
        with open(self.log, "ab") as log:
            return subprocess.Popen([BINARY, "run", "sluice.yaml"], cwd=self.folder, stdin=subprocess.DEVNULL,
                                    stdout=subprocess.DEVNULL, stderr=log)

    def finish(self, process):
        """Ends the writing, waits until all of it is in the topic, and returns what is there by partition."""
        self.writer.enough.set()
        self.writer.join()
        assert self.writer.failure is None, self.writer.failure
        reader = Reader(self.kafka.brokers, self.topic, self.committed)
        end = time.monotonic() + 4 * WAIT_SECONDS
        try:
            distinct, counted = set(), 0
            while len(distinct) < len(self.writer.changes):
                distinct.update(changes(reader.messages[counted:]))
                counted = len(reader.messages)
                assert process.poll() is None, self.words()
                assert time.monotonic() < end, f"{len(distinct)} of {len(self.writer.changes)} changes; {self.words()}"
                reader.read_more(0.3)
            process.terminate()
            assert process.wait(WAIT_SECONDS) == 0, self.words()
            reader.read_more(1)
        finally:
            reader.close()
        return reader.messages

    def words(self):
        return f"seed {SEED}\n{self.log.read_text()[-4000:]}"

    def check(self, messages, repeats):
        """Prints the counts. Each partition goes on by one change, or back to repeat from there."""
        ids = {}
        for message in values(messages):
            change = (message["op"], message["after"]["id"])
            assert ids.setdefault(message["id"], change) == change, f"an id stands for two changes, seed {SEED}"
        print(f"{len(self.writer.changes)} changes, none lost, {len(messages) - len(ids)} repeated")
        for partition in range(PARTITIONS):
            expected = [c for c in self.writer.changes if partition_of(str(c[1]), PARTITIONS) == partition]
            place = {change: i for i, change in enumerate(expected)}
            found = [place[c] for c in changes([m for m in messages if m.partition() == partition])]
            if not repeats:
                assert found == list(range(len(expected))), self.words()
            reached = -1
            for last, i in zip([-1, *found], found):
                assert i <= reached + 1 and (i == last + 1 or i <= last), f"partition {partition}: {i} behind {last}; {self.words()}"
                reached = max(reached, i)
            assert reached == len(expected) - 1


def changes(messages):
    return [(m["op"], m["after"]["id"]) for m in values(messages)]


@pytest.fixture
def server(shared):
    return shared("mysql-9.7", full=True, gtid=True)


@pytest.mark.parametrize("exactly_once", [False, True])
def test_sluice_is_killed(server, database, kafka, tmp_path, exactly_once):
    scene = Scene(tmp_path, server, database, kafka, f"transactional_id: {database}" if exactly_once else "")
    dice = random.Random(SEED)
    scene.writer.start()
    try:
        for _ in range(KILLS):
            process = scene.start()
            time.sleep(dice.choice([dice.uniform(0, 0.2), dice.uniform(0.2, 1.2)]))
            process.kill()
            assert process.wait() == -9, scene.words()
    finally:
        scene.writer.enough.set()
    scene.check(scene.finish(scene.start()), repeats=not exactly_once)


@pytest.mark.parametrize("exactly_once", [False, True])
def test_kafka_is_killed_and_stands_still(server, database, tls, tmp_path, exactly_once):
    with Kafka(tls=tls) as kafka:
        scene = Scene(tmp_path, server, database, kafka, f"transactional_id: {database}" if exactly_once else "", timeout="2s")
        process = scene.start()
        scene.writer.start()
        try:
            for _ in range(3):
                time.sleep(1)
                kafka.kill9()
                time.sleep(1)
                kafka.start()
            kafka.pause()
            time.sleep(5)
            kafka.resume()
            time.sleep(1)
        finally:
            scene.writer.enough.set()
        scene.check(scene.finish(process), repeats=not exactly_once)
