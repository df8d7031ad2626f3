"""A log into Kafka: Sluice on one processor from the live server, against librdkafka's own producer (kcat) on one processor fed
with the same messages ready-made, both idempotent with acks of all. And how long after a commit a consumer has its message."""

import contextlib
import json
import multiprocessing
import os
import pathlib
import re
import subprocess
import tempfile
import time
import urllib.request

import timing
import workload
from kafka_server import Kafka
from server import Server, free_port

CONFIGURATION = """
name: bench
state: ./state
source: {{url: "{url}", start: "{start}"}}
tables: ["bench.*"]
ddl: false
{more}
memory: {{batch_bytes: {batch}}}
sinks:
  out:
    sink: kafka
    brokers: {brokers}
    topic: "{topic}"
"""
PATIENCE = 300


def consumer(brokers):
    from confluent_kafka import Consumer
    return Consumer({"bootstrap.servers": brokers, "group.id": "bench", "enable.auto.commit": False, "fetch.wait.max.ms": 1})


def count(reader, topic):
    """Messages in the topic's one partition."""
    from confluent_kafka import TopicPartition
    return reader.get_watermark_offsets(TopicPartition(topic, 0), timeout=PATIENCE)[1]


def start(sluice, folder, server, kafka, topic, place, batch, cpus=None, more=""):
    folder.mkdir()
    (folder / "sluice.yaml").write_text(CONFIGURATION.format(url=server.url, start=place, brokers=kafka.brokers, topic=topic, batch=batch, more=more))
    return subprocess.Popen([sluice, "run", "sluice.yaml"], cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                            stderr=subprocess.PIPE, preexec_fn=lambda: os.sched_setaffinity(0, cpus) if cpus else None)


class KafkaBench:
    def __init__(self, options, sluice):
        self.options, self.sluice = options, sluice
        self.lines = ["| what | Sluice | beside it | ratio | target |", "|---|---|---|---|---|"]

    def add(self, *row):
        self.lines.append("| " + " | ".join(row) + " |")
        print(self.lines[-1], flush=True)

    def run(self):
        with Server(self.options.server, workload.SERVER_OPTIONS, full=True) as server, Kafka(full=True) as kafka, \
                tempfile.TemporaryDirectory(prefix="sluice-bench-") as folder:
            self.server, self.kafka, self.folder = server, kafka, pathlib.Path(folder)
            self.log = workload.build(server, self.options.rows)
            self.changes = 3 * self.options.rows
            self.reader = consumer(kafka.brokers)
            self.throughput()
            self.latency()
        return f"Machine: {timing.machine()}. Server: {self.options.server}, Kafka 4.4 on the same machine.\n\n" + "\n".join(self.lines)

    def throughput(self):
        ready = self.folder / "ready"
        with open(ready, "wb") as out:
            timing.run([self.sluice, "decode", str(self.log)], stdout=out)
        ours, theirs = [], []
        for i in range(self.options.runs + 1):  # the first is the warm-up
            ours.append(self.ours(f"ours-{i}"))
            theirs.append(self.theirs(f"theirs-{i}", ready))
        ours, theirs = ours[1:], theirs[1:]
        pairs = sorted(b / a for (a, _), b in zip(ours, theirs))
        middle = sorted(a for a, _ in ours)[len(ours) // 2]
        self.add(f"{self.changes:,} changes into Kafka, one processor, against kcat fed with the same messages ready-made",
                 f"{self.changes / middle:,.0f}/s", f"{self.changes / sorted(theirs)[len(theirs) // 2]:,.0f}/s",
                 f"{pairs[len(pairs) // 2]:.2f} ({pairs[0]:.2f} to {pairs[-1]:.2f})", "at least 0.8")
        self.add("  resident meanwhile", f"{max(kb for _, kb in ours) // 1024} MB", "", "", "below 100 MB")

    def ours(self, topic):
        """(seconds from the program's start until all is acknowledged, most that was resident)"""
        self.kafka.create(topic)
        begin = time.monotonic()
        process = start(self.sluice, self.folder / topic, self.server, self.kafka, topic, f"{self.log.name}:4", self.options.batch, {0})
        peak = timing.Peak(process.pid)
        try:
            while count(self.reader, topic) < self.changes:
                if process.poll() is not None or time.monotonic() > begin + PATIENCE:
                    raise RuntimeError(process.stderr.read().decode())
                time.sleep(0.01)
            return time.monotonic() - begin, peak.kb
        finally:
            process.kill()
            process.wait()

    def theirs(self, topic, ready):
        self.kafka.create(topic)
        took = timing.run(["kcat", "-P", "-b", self.kafka.brokers, "-t", topic, "-X", "enable.idempotence=true", "-X", "acks=all",
                           "-X", "linger.ms=5", "-X", "queue.buffering.max.messages=1000000", "-l", str(ready)], cpus={0}).wall
        if count(self.reader, topic) != self.changes:
            raise RuntimeError(f"kcat sent {count(self.reader, topic)} of {self.changes} messages")
        return took

    def latency(self):
        rows = 20 * self.options.latency_rows
        self.kafka.create("latency")
        self.server.sql("create table bench.latency (id int primary key, note varchar(80))")
        place = ":".join(map(str, self.server.binlog_position()))
        port = free_port()
        process = start(self.sluice, self.folder / "latency", self.server, self.kafka, "latency", place, "256KiB", more=f"metrics: 127.0.0.1:{port}")
        try:
            ours, theirs = multiprocessing.Pipe(duplex=False)
            ready = multiprocessing.Event()
            child = multiprocessing.Process(target=arrivals, args=(self.kafka.brokers, rows + 1, ready, theirs))
            child.start()
            self.server.sql("insert into bench.latency values (0, 'the first one opens the topic')")
            if not ready.wait(30):
                raise RuntimeError("the first message does not arrive")
            times = write_rows(self.server, rows, 1 / 2000)
            if not ours.poll(60):
                raise RuntimeError("not all messages arrived within 60 s of the last commit")
            arrived = ours.recv()
            child.join()
            acknowledged = delays(port)
        finally:
            process.kill()
            process.wait()
        late = [arrived[i] - done for i, done in times.items()]
        since = "reading" if self.options.server.startswith("mariadb") else "commit"  # MariaDB's log has seconds only
        self.add(f"{since} to acknowledged by Kafka, 2,000 transactions/s, by sluice_sink_delay_seconds",
                 ", ".join(f"p{p} {within(acknowledged, p / 100) * 1000:.1f} ms" for p in (50, 99)), "", "", "p50 5 ms, p99 20 ms")
        self.add("commit to a consumer that has the message, 2,000 transactions/s",
                 ", ".join(f"p{p} {timing.percentile(late, p / 100) * 1000:.1f} ms" for p in (50, 99)), "", "", "p50 5 ms, p99 20 ms")


def delays(port):
    """[(bound in seconds, transactions within it)] of the only sink."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        found = re.findall(r'^sluice_sink_delay_seconds_bucket\{.*le="([^"]+)"\} (\d+)$', answer.read().decode(), re.M)
    return [(float(bound), int(count)) for bound, count in found]


def within(buckets, share):
    """The delay that so many are within, as if they lay evenly between two bounds."""
    wanted, low, before = share * buckets[-1][1], 0.0, 0
    for bound, count in buckets:
        if count >= wanted:
            return low + (bound - low) * (wanted - before) / (count - before)
        low, before = bound, count
    raise RuntimeError("no transaction was counted")


def arrivals(brokers, expected, ready, result):
    from confluent_kafka import OFFSET_BEGINNING, TopicPartition
    reader = consumer(brokers)
    reader.assign([TopicPartition("latency", 0, OFFSET_BEGINNING)])
    arrived = {}
    while len(arrived) < expected:
        for message in reader.consume(1000, timeout=0.001):
            arrived[json.loads(message.value())["after"]["id"]] = time.monotonic()
            ready.set()
    result.send(arrived)


def write_rows(server, rows, pause):
    """{id: when its commit returned}; one transaction a row, so many seconds apart."""
    times = {}
    with contextlib.closing(server.connect()) as connection, connection.cursor() as cursor:
        due = time.monotonic()
        for i in range(1, rows + 1):
            due += pause
            left = due - time.monotonic()
            if left > 0:
                time.sleep(left)
            cursor.execute(f"insert into bench.latency values ({i}, 'a row that tells how late it came')")
            times[i] = time.monotonic()
    return times
