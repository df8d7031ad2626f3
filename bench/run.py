#!/usr/bin/env python3
"""Measures Sluice side by side with the server's own tools on one log, in one run.

Outputs are compared before they are timed: all rows, all values. Speed is told as a ratio of medians over alternating runs.
"""

import argparse
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "bench")]

import compare  # noqa: E402
import compare_shape  # noqa: E402
import debezium  # noqa: E402
import formats  # noqa: E402
import kafka  # noqa: E402
import latency  # noqa: E402
import shapes  # noqa: E402
import sinks  # noqa: E402
import subscribers  # noqa: E402
import timing  # noqa: E402
import workload  # noqa: E402
from server import Server  # noqa: E402

PERFORMANCE = ROOT / "docs/performance.md"


def put_between(name, table):
    """Puts the table into the page, between the marks of that name."""
    text = PERFORMANCE.read_text()
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    head, _, rest = text.partition(begin)
    PERFORMANCE.write_text(head + begin + "\n" + table + "\n" + end + rest.partition(end)[2])
    print(f"\nwritten to {PERFORMANCE.relative_to(ROOT)}")


class Bench:
    def __init__(self, options):
        self.options = options
        self.sluice = str(ROOT / "build-release/sluice")
        self.rows = []  # (what, ours, theirs, ratio, target)

    def say(self, text):
        print(text, flush=True)

    def add(self, what, ours, theirs="", ratio="", target=""):
        self.rows.append((what, ours, theirs, ratio, target))
        self.say(f"  {what}: {ours}" + (f" against {theirs}" if theirs else "") + (f": {ratio}" if ratio else "")
                 + (f" (target {target})" if target else ""))

    def run(self):
        self.say(f"machine: {timing.machine()}; server: {self.options.server}")
        with Server(self.options.server, workload.SERVER_OPTIONS, full=True, gtid=False) as server:
            log = workload.build(server, self.options.rows)
            self.say(f"log: {log.stat().st_size / 1e6:.0f} MB, {3 * self.options.rows:,} changes")
            with tempfile.TemporaryDirectory(prefix="sluice-bench-") as folder:
                copy = pathlib.Path(folder) / log.name
                shutil.copy(log, copy)
                self.bytes = copy.stat().st_size
                self.compare(server, copy, pathlib.Path(folder))
                self.decode(server, copy)
                self.tail(server, log, pathlib.Path(folder))
            self.start(server)
            self.latency(server)
            self.idle(server)
        self.report()

    def text_of(self, server, log):
        return [*server.mysqlbinlog, "-v", "--base64-output=DECODE-ROWS", str(log)]

    def compare(self, server, log, folder):
        self.say("comparing all rows and values")
        with open(folder / "ours", "wb") as out:
            timing.run([self.sluice, "decode", str(log)], stdout=out)
        with open(folder / "theirs", "wb") as out:
            timing.run(self.text_of(server, log), stdout=out)
        with open(folder / "ours", "rb") as ours, open(folder / "theirs", "rb") as theirs:
            count = compare.compare(ours, theirs)
        if count != 3 * self.options.rows:
            raise AssertionError(f"{count} changes in the log instead of {3 * self.options.rows}")
        self.json_bytes = (folder / "ours").stat().st_size
        self.say(f"  the same: {count:,} changes, {self.json_bytes / 1e6:.0f} MB of JSON lines")
        for name in ("ours", "theirs"):
            (folder / name).unlink()

    def decode(self, server, log):
        for cpus, target in (({0}, "10, aim 15"), ({0, 1}, "18, aim 25")):
            self.say(f"decoding to JSON lines on {len(cpus)} core{'s' * (len(cpus) > 1)}")
            ours, theirs = timing.side_by_side(
                lambda: timing.run([self.sluice, "decode", str(log)], cpus=cpus),
                lambda: timing.run(self.text_of(server, log), cpus={0}), self.options.runs)
            middle, least, most = timing.ratio(ours, theirs)
            self.add(f"decode to JSON lines, {len(cpus)} core{'s' * (len(cpus) > 1)}, against mysqlbinlog -v on one",
                     f"{timing.median(ours):.3f} s", f"{timing.median(theirs):.3f} s",
                     f"{middle:.1f} times ({least:.1f} to {most:.1f})", f"{target} times")
            wall = timing.median(ours)
            self.add("  that is", f"{self.bytes / wall / 1e6:.0f} MB/s of log, {3 * self.options.rows / wall / 1e6:.2f} M changes/s, "
                     f"{max(r.peak_kb for r in ours) // 1024} MB resident")

    def tail(self, server, log, folder):
        self.say("reading the whole log from the server")
        where = f"{log.name}:4"
        until = server.binlog_position()
        ours, theirs = timing.side_by_side(
            lambda: timing.run([self.sluice, "tail", server.url, "--from", where, "--until", f"{until[0]}:{until[1]}"]),
            lambda: timing.run([*server.mysqlbinlog, "--raw", "--read-from-remote-server", "--host=127.0.0.1",
                                f"--port={server.port}", "--user=root", f"--result-file={folder}/raw-", log.name]),
            self.options.runs)
        pairs = sorted(a.wall / b.wall for a, b in zip(ours, theirs))
        self.add("tail of the whole log to JSON lines, against mysqlbinlog --raw copying it", f"{timing.median(ours):.3f} s",
                 f"{timing.median(theirs):.3f} s", f"{pairs[len(pairs) // 2]:.2f} of its time ({pairs[0]:.2f} to {pairs[-1]:.2f})",
                 "at most 1.2")
        self.add("  resident meanwhile", f"{max(r.peak_kb for r in ours) // 1024} MB")

    def start(self, server):
        server.sql("create table bench.first (id int primary key); insert into bench.first values (1)")
        file, _ = server.binlog_position()
        times = []
        for _ in range(self.options.runs):
            begin = time.monotonic()
            process = subprocess.Popen([self.sluice, "tail", server.url, "--from", f"{file}:4"], stdout=subprocess.PIPE,
                                       stderr=subprocess.DEVNULL)
            process.stdout.readline()
            times.append(time.monotonic() - begin)
            process.kill()
            process.wait()
        self.add("start of tail to its first line", f"{sorted(times)[len(times) // 2] * 1000:.0f} ms", target="below 100 ms")

    def latency(self, server):
        for what, count, pause, target in (("one insert each 50 ms", self.options.latency_rows, 0.05, "p50 below 0.25, p99 below 0.7"),
                                           ("1,000 transactions/s", 20 * self.options.latency_rows, 0.001, "p99 below 2")):
            self.say(f"latency, {what}")
            done, begun = latency.measure(self.sluice, server, count, pause)
            show = lambda values: ", ".join(f"p{p} {timing.percentile(values, p / 100) * 1000:.2f}" for p in (50, 99))
            self.add(f"commit to line, {what}", f"{show(done)} ms after the commit's answer; {show(begun)} ms after the statement was sent",
                     target=f"{target} ms")

    def idle(self, server):
        self.say(f"idle for {self.options.idle} s")
        process = subprocess.Popen([self.sluice, "tail", server.url], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            time.sleep(2)
            before = timing.cpu_seconds(process.pid)
            time.sleep(self.options.idle)
            used = timing.cpu_seconds(process.pid) - before
            resident = timing.resident_kb(process.pid)
        finally:
            process.kill()
            process.wait()
        self.add("idle", f"{used / self.options.idle * 100:.2f} % CPU, {resident / 1024:.1f} MB resident", target="no measurable CPU, below 30 MB")

    def report(self):
        lines = [f"Machine: {timing.machine()}. Server: {self.options.server} on the same machine. Log: {self.bytes / 1e6:.0f} MB, "
                 f"{3 * self.options.rows:,} changes, {self.json_bytes / 1e6:.0f} MB of JSON lines. Medians of {self.options.runs} "
                 "alternating runs, in brackets the least and the most.", "",
                 "| what | Sluice | beside it | ratio | target |", "|---|---|---|---|---|"]
        lines += ["| " + " | ".join(row) + " |" for row in self.rows]
        table = "\n".join(lines)
        print("\n" + table)
        if self.options.write:
            put_between(f"figures {self.options.server}", table)


class ShapeBench:
    """One core against mysqlbinlog of the same server, for each shape."""

    def __init__(self, options):
        self.options = options
        self.sluice = str(ROOT / "build-release/sluice")
        self.lines = ["| log | size, JSON lines, changes | Sluice | mysqlbinlog -v | ratio | `cat` of the log | Sluice resident |",
                      "|---|---|---|---|---|---|---|"]

    def run(self):
        wanted = self.options.shapes.split(",")
        known = [s.name for s in shapes.SHAPES]
        for name in wanted:
            if name != "all" and name not in known:
                sys.exit(f"--shapes knows no '{name}'; expected all or some of {', '.join(known)}")
        for shape in shapes.SHAPES:
            if "all" in wanted or shape.name in wanted:
                self.measure(shape)
        table = (f"Machine: {timing.machine()}. Server: {self.options.server}. One core each, processor time (user and system); medians of {self.options.runs} alternating runs, "
                 "in brackets the least and the most.\n\n" + "\n".join(self.lines))
        print("\n" + table)
        if self.options.write:
            put_between(f"shapes {self.options.server}", table)

    def measure(self, shape):
        print(f"{shape.name}: making the log", flush=True)
        with (Server(self.options.server, shape.server_options(self.options.server), full=True) as server,
              tempfile.TemporaryDirectory(prefix="sluice-bench-") as folder):
            folder = pathlib.Path(folder)
            log = folder / "binlog.000001"
            shutil.copy(shapes.build(server, shape), log)
            ours = [self.sluice, "decode", str(log)]
            theirs = [*server.mysqlbinlog, "-v", "--base64-output=DECODE-ROWS", str(log)]
            self.compare(shape, folder, ours, theirs)
            mine, other = timing.side_by_side(lambda: timing.run(ours, cpus={0}), lambda: timing.run(theirs, cpus={0}), self.options.runs)
            # What no reader of the file can undercut.
            reading = timing.median([timing.run(["cat", str(log)], cpus={0}) for _ in range(self.options.runs)], "cpu")
            middle, least, most = timing.ratio(mine, other, "cpu")
            self.lines.append(
                f"| {shape.what} | {log.stat().st_size / 1e6:.0f} MB, {self.json_bytes / 1e6:.0f} MB, {shape.changes:,} | "
                f"{timing.median(mine, 'cpu'):.3f} s | {timing.median(other, 'cpu'):.3f} s | {middle:.1f} times ({least:.1f} to {most:.1f}) | "
                f"{reading:.3f} s | {max(r.peak_kb for r in mine) // 1024} MB |")
            print(self.lines[-1], flush=True)

    def compare(self, shape, folder, ours, theirs):
        for name, argv in (("ours", ours), ("theirs", theirs)):
            with open(folder / name, "wb") as out:
                timing.run(argv, stdout=out)
        with open(folder / "ours", "rb") as mine, open(folder / "theirs", "rb") as other:
            count = compare_shape.compare(shape.columns, mine, other)
        if count != shape.changes:
            raise AssertionError(f"{shape.name}: {count} changes in the log instead of {shape.changes}")
        self.json_bytes = (folder / "ours").stat().st_size
        print(f"{shape.name}: the same {count:,} changes", flush=True)


def main():
    parser = argparse.ArgumentParser(prog="./do bench", description=__doc__)
    parser.add_argument("--server", default="mariadb-10.11", help="kind of server (mariadb-10.11, mysql-9.7, …)")
    parser.add_argument("--rows", type=int, default=workload.ROWS, help="rows inserted, updated and deleted")
    parser.add_argument("--runs", type=int, default=7, help="timed runs of each program")
    parser.add_argument("--latency-rows", type=int, default=400, help="rows of the slow latency run; the fast one takes 20 times as many")
    parser.add_argument("--idle", type=int, default=20, help="seconds of watching it idle")
    parser.add_argument("--shapes", metavar="NAME,...", help="instead of the shop's log, measure decoding of others: all, or some of "
                        + ", ".join(s.name for s in shapes.SHAPES))
    parser.add_argument("--kafka", action="store_true", help="instead, measure the way into Kafka")
    parser.add_argument("--formats", action="store_true", help="instead, measure each format beside json")
    parser.add_argument("--sinks", metavar="NAME,...", nargs="?", const="all", help="instead, measure the way into each kind of target: all, or some of "
                        + ", ".join(sinks.PARTS))
    parser.add_argument("--subscribers", action="store_true", help="instead, measure the way to many WebSocket clients, from MySQL")
    parser.add_argument("--debezium", action="store_true", help="instead, measure Debezium Embedded beside Sluice")
    parser.add_argument("--debezium-runs", type=int, default=3, help="timed runs of each of these two")
    parser.add_argument("--batch", default="256KiB", help="batch_bytes of the way into Kafka")
    parser.add_argument("--write", action="store_true", help="put the table into docs/performance.md")
    options = parser.parse_args()
    sluice = str(ROOT / "build-release/sluice")
    for name, bench in (("kafka", kafka.KafkaBench), ("formats", formats.FormatBench), ("sinks", sinks.SinkBench),
                        ("subscribers", subscribers.SubscribersBench),
                        ("debezium", debezium.DebeziumBench)):
        if getattr(options, name):
            found = bench(options, sluice).run()
            for part, table in (found if isinstance(found, dict) else {name: found}).items():
                print("\n" + table)
                if options.write:
                    put_between(f"figures {part}", table)
            break
    else:
        (ShapeBench if options.shapes else Bench)(options).run()


if __name__ == "__main__":
    main()
