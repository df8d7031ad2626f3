"""Into Redis beside a bare pipelined client that sends the same commands ready-made; and what five sinks at once cost beside one."""

import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time

import bulk
import every_sink
import mirror
import timing
import workload
from server import Server

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "test/servers"))
from lib.redis import Redis  # noqa: E402

PATIENCE = 300
HEAD = """
name: bench
state: ./state
source: {{url: "{url}", start: "{start}"}}
tables: ["bench.*"]
ddl: false
sinks:
"""


def length(asking, stream):
    """Its entries, by a connection of one's own; the answer is :NUMBER."""
    asking.sendall(f"XLEN {stream}\r\n".encode())
    return int(asking.recv(64)[1:])


class SinkBench:
    def __init__(self, options, sluice):
        self.options, self.sluice = options, sluice
        self.changes = 3 * options.rows
        self.lines = ["| what | Sluice | beside it | ratio | target |", "|---|---|---|---|---|"]

    def add(self, *row):
        self.lines.append("| " + " | ".join(row) + " |")
        print(self.lines[-1], flush=True)

    def run(self):
        with Server(self.options.server, workload.SERVER_OPTIONS, full=True) as server, \
                tempfile.TemporaryDirectory(prefix="sluice-bench-", dir="/dev/shm") as folder:
            self.server, self.folder = server, pathlib.Path(folder)
            self.log = workload.build(server, self.options.rows)
            self.redis()
            bulk.run(self)
            mirror.run(self)
            self.several()
            self.every()
        return (f"Machine: {timing.machine()}. Server: {self.options.server} on the same machine, {self.changes:,} changes.\n\n"
                + "\n".join(self.lines))

    def start(self, name, sinks, cpus):
        folder = self.folder / name
        folder.mkdir()
        (folder / "sluice.yaml").write_text(HEAD.format(url=self.server.url, start=f"{self.log.name}:4") + sinks)
        return subprocess.Popen([self.sluice, "run", "sluice.yaml"], cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                stderr=subprocess.PIPE, preexec_fn=lambda: os.sched_setaffinity(0, cpus))

    def until(self, process, done):
        """(seconds, processor seconds, most that was resident) until done() holds; ends the process."""
        begin, peak = time.monotonic(), timing.Peak(process.pid)
        try:
            while not done():
                if process.poll() is not None or time.monotonic() > begin + PATIENCE:
                    raise RuntimeError(process.stderr.read().decode())
                time.sleep(0.005)
            return time.monotonic() - begin, timing.cpu_seconds(process.pid), peak.kb
        finally:
            process.kill()
            process.wait()

    def redis(self):
        """The entries are compared by their number and the bytes that they take."""
        with open(self.folder / "lines", "wb") as out:
            timing.run([self.sluice, "decode", str(self.log), "--no-ddl"], stdout=out)
        with open(self.folder / "lines", "rb") as lines, open(self.folder / "commands", "wb") as out:
            for line in lines:
                value = line.rstrip(b"\n")
                out.write(b"*5\r\n$4\r\nXADD\r\n$6\r\ntheirs\r\n$1\r\n*\r\n$5\r\nvalue\r\n$%d\r\n%b\r\n" % (len(value), value))
        ours, theirs = [], []
        for i in range(self.options.runs + 1):
            ours.append(self.ours(f"redis-{i}"))
            theirs.append(self.theirs())
        ours, theirs = ours[1:], theirs[1:]
        pairs = sorted(b / a[0] for a, b in zip(ours, theirs))
        middle = sorted(a[0] for a in ours)[len(ours) // 2]
        self.add("changes into a Redis stream, one processor, against redis-cli --pipe fed with the same commands ready-made",
                 f"{self.changes / middle:,.0f}/s", f"{self.changes / sorted(theirs)[len(theirs) // 2]:,.0f}/s",
                 f"{pairs[len(pairs) // 2]:.2f} ({pairs[0]:.2f} to {pairs[-1]:.2f})", "at least 0.8")
        self.add("  resident meanwhile", f"{max(a[2] for a in ours) // 1024} MB", "", "", "below 100 MB")

    def server_of(self):
        redis = Redis(self.folder, "--appendonly", "no")
        os.sched_setaffinity(redis.process.pid, {1})
        return redis

    def ours(self, name):
        redis = self.server_of()
        try:
            sinks = f"  out: {{sink: redis, url: 'redis://127.0.0.1:{redis.port}', as: stream, to: ours}}\n"
            process = self.start(name, sinks, {0})
            with socket.create_connection(("127.0.0.1", redis.port)) as asking:  # a program for each question would disturb both
                return self.until(process, lambda: length(asking, "ours") >= self.changes)
        finally:
            redis.close()

    def theirs(self):
        redis = self.server_of()
        try:
            with open(self.folder / "commands", "rb") as commands:
                begin = time.monotonic()
                subprocess.run(["redis-cli", "-p", str(redis.port), "--pipe"], stdin=commands, check=True, capture_output=True,
                               preexec_fn=lambda: os.sched_setaffinity(0, {0}))
                took = time.monotonic() - begin
            if int(redis.cli("xlen", "theirs")) != self.changes:
                raise RuntimeError("redis-cli did not send all")
            return took
        finally:
            redis.close()

    def several(self):
        """Processor time: a machine of two cores tells nothing else of five threads."""
        size = (self.folder / "lines").stat().st_size
        found = {1: [], 5: []}
        for i in range(self.options.runs):
            for count in found:
                name = f"files-{count}-{i}"
                sinks = "".join(f"  s{n}: {{sink: file, path: ./out-{n}}}\n" for n in range(count))
                process = self.start(name, sinks, {0, 1})
                outs = [self.folder / name / f"out-{n}" for n in range(count)]
                found[count].append(self.until(process, lambda: all(o.exists() and o.stat().st_size >= size for o in outs)))  # noqa: B023
                for out in outs:
                    out.unlink()
        one, five = (sorted(cpu for _, cpu, _ in found[count])[self.options.runs // 2] for count in (1, 5))
        self.add("processor time with five file sinks, against one", f"{five:.2f} s", f"{one:.2f} s", f"{five / one:.1f} times",
                 "less than 5: the log is decoded once")
        self.add("  resident meanwhile", f"{max(kb for _, _, kb in found[5]) // 1024} MB", f"{max(kb for _, _, kb in found[1]) // 1024} MB",
                 "", "below 100 MB")

    def every(self):
        wall, cpu, kb = every_sink.run(self)
        self.add("console, file, Kafka (Debezium's format), Redis and HTTP at once, every change into each",
                 f"{self.changes / wall:,.0f}/s, {cpu:.2f} s of the processors", "", "", "")
        self.add("  resident meanwhile", f"{kb // 1024} MB", "", "", "below 100 MB")
