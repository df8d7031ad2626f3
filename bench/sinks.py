"""Into each kind of target, beside a bare client, loader or publisher that sends the same ready-made; and what several sinks at once cost."""

import json
import os
import pathlib
import statistics
import subprocess
import tempfile
import time

import bulk
import mirror
import nats_stream
import rabbitmq_publish
import redis_commands
import several
import timing
import workload
from server import Server

PATIENCE = 300
HEAD = """
name: bench
state: ./state
source: {{url: "{url}", start: "{start}"}}
tables: ["bench.*"]
ddl: false
sinks:
"""

# What may be chosen, and how it is measured.
PARTS = {"redis": redis_commands.run, "bulk": bulk.run, "mirror": mirror.run, "rabbitmq": rabbitmq_publish.run, "nats": nats_stream.run,
         "several": several.run}


class SinkBench:
    def __init__(self, options, sluice):
        self.options, self.sluice = options, sluice
        self.changes = 3 * options.rows
        self.parts = list(PARTS) if options.sinks == "all" else options.sinks.split(",")
        unknown = [part for part in self.parts if part not in PARTS]
        if unknown:
            raise SystemExit(f"--sinks {unknown[0]}: there are {', '.join(PARTS)}")

    def add(self, *row):
        self.lines.append("| " + " | ".join(row) + " |")
        print(self.lines[-1], flush=True)

    def run(self):
        """The tables, by the name of their part."""
        tables = {}
        with Server(self.options.server, workload.SERVER_OPTIONS, full=True) as server, \
                tempfile.TemporaryDirectory(prefix="sluice-bench-", dir="/dev/shm") as folder:
            self.server, self.folder = server, pathlib.Path(folder)
            self.log = workload.build(server, self.options.rows)
            for part in self.parts:
                self.lines = ["| what | Sluice | beside it | ratio | target |", "|---|---|---|---|---|"]
                PARTS[part](self)
                tables[f"sinks {part}"] = (f"Machine: {timing.machine()}. Server: {self.options.server} on the same machine, {self.changes:,} changes.\n\n"
                                           + "\n".join(self.lines))
        return tables

    def lines_of_log(self):
        """Its changes as JSON lines, in a file."""
        path = self.folder / "lines"
        if not path.exists():
            with open(path, "wb") as out:
                timing.run([self.sluice, "decode", str(self.log), "--no-ddl"], stdout=out)
        return path

    def beside(self, what, count, ours, theirs, target="", runs=None):
        """ours(i) and theirs(i) are seconds that `count` changes took; in turn, the first pair warms up."""
        pairs = [(ours(i), theirs(i)) for i in range((runs or self.options.runs) + 1)][1:]
        ratios = sorted(b / a for a, b in pairs)
        mine, other = (statistics.median(each) for each in zip(*pairs))
        self.add(what, f"{count / mine:,.0f}/s", f"{count / other:,.0f}/s", f"{statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})", target)

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

    def delivered(self, name, count):
        """Whether the sink of the pipeline `name` says that it has delivered so many."""
        def done():
            time.sleep(0.05)  # to ask costs, too
            told = subprocess.run([self.sluice, "status", "--json", "sluice.yaml"], cwd=self.folder / name, capture_output=True, text=True)
            return told.returncode == 0 and json.loads(told.stdout)["sinks"][0]["changes"] >= count
        return done
