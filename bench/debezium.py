"""Debezium Embedded beside Sluice on one log of a live MySQL: to JSON lines in Debezium's own format, and into Kafka. The time of both
counts from the first message, so that the start of the programs is given to them, to the last one. Neither uses TLS."""

import json
import os
import pathlib
import re
import subprocess
import tempfile
import threading
import time

import kafka
import timing
import workload
from kafka_server import Kafka
from server import Server

ROOT = pathlib.Path(__file__).resolve().parent
PATIENCE = 600
PROPERTIES = {
    "name": "bench", "connector.class": "io.debezium.connector.mysql.MySqlConnector",
    "offset.storage": "org.apache.kafka.connect.storage.FileOffsetBackingStore", "offset.flush.interval.ms": "1000",
    "database.hostname": "127.0.0.1", "database.user": "root", "database.password": "", "database.server.id": "8888",
    "topic.prefix": "bench", "table.include.list": "bench.orders,bench.beginning", "include.schema.changes": "false", "tombstones.on.delete": "false",
    "schema.history.internal": "io.debezium.storage.file.history.FileSchemaHistory", "snapshot.mode": "no_data",
    "converter.schemas.enable": "false", "database.ssl.mode": "disabled",
}
CONFIGURATION = """
name: bench
state: ./state
source: {{url: "{url}", start: "{start}", tls: "off"}}
tables: ["bench.orders"]
ddl: false
sinks:
  out:
    {sink}
    format: debezium
    schemas: false
    tombstones: false
"""


class DebeziumBench:
    def __init__(self, options, sluice):
        self.options, self.sluice = options, sluice
        self.changes = 3 * options.rows
        self.lines = ["| what | Sluice | Debezium Embedded 3.4 | ratio | target |", "|---|---|---|---|---|"]

    def add(self, *row):
        self.lines.append("| " + " | ".join(row) + " |")
        print(self.lines[-1], flush=True)

    def run(self):
        with tempfile.TemporaryDirectory(prefix="sluice-bench-", dir="/dev/shm") as folder, \
                Server("mysql-9.7", workload.SERVER_OPTIONS, full=True, gtid=True) as server, \
                Kafka({"log.dirs": f"{folder}/topics", "log.segment.delete.delay.ms": "0"}, full=True) as broker:
            self.server, self.kafka, self.folder = server, broker, pathlib.Path(folder)
            self.prepare()
            self.compare(*self.measure("JSON lines", 40, lambda name: (None, [self.folder / name / "theirs"])))
            self.warm_up()
            self.measure("Kafka", 20, self.topic)
            self.measure("Kafka, the messages compressed by lz4", 20, lambda name: self.topic(name, "lz4"))
        return (f"Machine: {timing.machine()}. MySQL 9.7 and Kafka 4.4 on the same machine, {self.changes:,} changes, both with both processors; "
                f"medians of {self.options.debezium_runs} alternating runs.\n\n" + "\n".join(self.lines))

    def prepare(self):
        """Debezium knows the tables, and its place before the log that is measured: each run begins with a copy of that."""
        self.libraries, self.known = self.folder / "libs", self.folder / "known"
        print("fetching Debezium's jars", flush=True)
        subprocess.run(["mvn", "-q", "-B", "-f", ROOT / "debezium/pom.xml", "dependency:copy-dependencies", "-DincludeScope=runtime",
                        f"-DoutputDirectory={self.libraries}"], check=True, stdout=subprocess.DEVNULL)
        self.server.sql("create database bench")
        self.server.sql(workload.TABLE)
        self.server.sql("create table bench.beginning (id int primary key)")
        self.known.mkdir()
        process = self.engine(self.known, [self.known / "theirs"])
        offsets = self.known / "offsets"
        end = time.monotonic() + PATIENCE
        row = 0
        while not offsets.exists() or offsets.stat().st_size < 100:  # a place is in it, not the bare frame
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(process.stderr.read().decode())
            self.server.sql(f"insert into bench.beginning values ({row})")
            row += 1
            time.sleep(0.5)
        process.kill()
        process.wait()
        self.server.sql("flush binary logs")
        self.place = ":".join(map(str, self.server.binlog_position()))
        workload.change(self.server, self.options.rows)

    def engine(self, folder, target, wanted=None):
        properties = dict(PROPERTIES, **{"database.port": self.server.port, "offset.storage.file.filename": folder / "offsets",
                                         "schema.history.internal.file.filename": folder / "history"})
        (folder / "properties").write_text("".join(f"{name}={value}\n" for name, value in properties.items()))
        return subprocess.Popen(["java", "-cp", f"{self.libraries}/*", ROOT / "debezium/Engine.java", folder / "properties",
                                 str(wanted or 1 << 60), *map(str, target)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def topic(self, name, compression="none"):
        self.kafka.create(f"ours-{name}")
        self.kafka.create(f"theirs-{name}")
        return (f"sink: kafka\n    brokers: {self.kafka.brokers}\n    topic: ours-{name}\n    compression: {compression}",
                [self.kafka.brokers, f"theirs-{name}", compression])

    def warm_up(self):
        """The broker's virtual machine, for both."""
        (self.folder / "warm-up").mkdir()
        self.ours("warm-up", self.topic("warm-up")[0])
        self.kafka.delete("ours-warm-up")

    def measure(self, what, target, places):
        ours, theirs = [], []
        for i in range(self.options.debezium_runs):
            name = f"{re.sub('[^a-z0-9]+', '-', what.lower())}-{i}"
            (self.folder / name).mkdir()
            sink, words = places(name)
            ours.append(self.ours(name, sink))
            theirs.append(self.theirs(name, words))
            for topic in (f"ours-{name}", f"theirs-{name}") if sink else ():
                self.kafka.delete(topic)
            if i + 1 < self.options.debezium_runs:
                for file in ("out", "theirs"):
                    (self.folder / name / file).unlink(missing_ok=True)
        pairs = sorted(b[0] / a[0] for a, b in zip(ours, theirs))
        middle = len(pairs) // 2
        rate = lambda runs: f"{self.changes / sorted(r[0] for r in runs)[middle]:,.0f}/s"  # noqa: E731
        self.add(f"changes of the live log to {what}", rate(ours), rate(theirs), f"{pairs[middle]:.1f} times ({pairs[0]:.1f} to {pairs[-1]:.1f})",
                 f"at least {target}")
        warm = sorted(b[2] / a[0] * 2 for a, b in zip(ours, theirs))  # its second half beside half of ours
        self.add("  beside Debezium's second half alone, its virtual machine warm", rate(ours),
                 f"{self.changes / 2 / sorted(r[2] for r in theirs)[middle]:,.0f}/s", f"{warm[middle]:.1f} times ({warm[0]:.1f} to {warm[-1]:.1f})", "")
        memory = [max(r[1] for r in runs) // 1024 for runs in (ours, theirs)]
        self.add("  resident meanwhile", f"{memory[0]} MB", f"{memory[1]} MB", f"a {memory[1] / memory[0]:.0f}th", "at most a tenth")
        return self.folder / name / "out", self.folder / name / "theirs"

    def ours(self, name, sink):
        folder = self.folder / name
        if not sink:
            return self.lines_of(folder)
        (folder / "sluice.yaml").write_text(CONFIGURATION.format(url=self.server.url, start=self.place, sink=sink))
        begin = time.monotonic()
        process = subprocess.Popen([self.sluice, "run", "sluice.yaml"], cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE)
        peak = timing.Peak(process.pid)
        reader = kafka.consumer(self.kafka.brokers)
        first = None
        try:
            while (there := kafka.count(reader, f"ours-{name}")) < self.changes:
                if there and not first:
                    first = time.monotonic()
                if process.poll() is not None or time.monotonic() > begin + PATIENCE:
                    raise RuntimeError(process.stderr.read().decode())
                time.sleep(0.005)
            return time.monotonic() - (first or begin), peak.kb
        finally:
            process.kill()
            process.wait()

    def lines_of(self, folder):
        end = ":".join(map(str, self.server.binlog_position()))
        first = []

        def watch():
            while os.fstat(out.fileno()).st_size == 0:
                time.sleep(0.001)
            first.append(time.monotonic())
        with open(folder / "out", "wb") as out:
            watcher = threading.Thread(target=watch, daemon=True)
            watcher.start()
            run = timing.run([self.sluice, "tail", self.server.url, "--from", self.place, "--until", end, "--tables", "bench.orders", "--no-ddl",
                              "--tls", "off", "--format", "debezium", "--set", "name=bench"], stdout=out)
            end = time.monotonic()
            watcher.join()
        return end - first[0], run.peak_kb

    def theirs(self, name, words):
        folder = self.folder / name
        for file in ("offsets", "history"):
            (folder / file).write_bytes((self.known / file).read_bytes())
        process = self.engine(folder, words, self.changes)
        peak = timing.Peak(process.pid)
        out, errors = process.communicate(timeout=PATIENCE)
        if process.returncode != 0:
            raise RuntimeError(errors.decode())
        told = dict(line.split() for line in out.decode().splitlines() if line.startswith(("first", "half", "last")))
        return (int(told["last"]) - int(told["first"])) / 1000, peak.kb, (int(told["last"]) - int(told["half"])) / 1000

    def compare(self, ours, theirs):
        """Every operation and image."""
        with open(ours, "rb") as mine, open(theirs, "rb") as other:
            count = 0
            for a, b in zip(mine, other, strict=True):
                a, b = json.loads(a), json.loads(b)
                for part in ("op", "before", "after"):
                    if a[part] != b[part]:
                        raise AssertionError(f"change {count}, {part}: {a[part]} here, {b[part]} there")
                count += 1
        if count != self.changes:
            raise AssertionError(f"{count} changes instead of {self.changes}")
        print(f"  the same {count:,} changes", flush=True)
