"""From a commit to a thousand WebSocket clients of the sink subscribers: MySQL notes the commit in microseconds, the probe when a message came."""

import json
import pathlib
import subprocess
import tempfile
import threading
import time

import latency
import timing
from server import Server, free_port

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROBE = ROOT / "build/sluice_subscribers_probe"
KIND = "mysql-9.7"  # writes microseconds into the log
CLIENTS, PER_SECOND, SECONDS = 1000, 1000, 10
CONFIG = """
name: bench
state: ./state
source: {{url: "{url}", start: now}}
tables: ["bench.*"]
ddl: false
sinks:
  live: {{sink: subscribers, listen: {port}, client_where: {where}}}
"""
# Each client has a condition of its own, which is true of one row in a thousand.
ONE_EACH = f"/?where=id%20%25%20{CLIENTS}%20%3D%20{{}}"


class SubscribersBench:
    def __init__(self, options, sluice):
        self.options, self.sluice = options, sluice

    def run(self):
        with Server(KIND, full=True, gtid=True) as server, tempfile.TemporaryDirectory(prefix="sluice-bench-", dir="/dev/shm") as folder:
            server.sql("create database bench; create table bench.latency (id int primary key, note varchar(80))")
            found = (("changes/s to each", self.measure(server, folder, 1)), ("changes/s to each", self.measure(server, folder, CLIENTS)),
                     ("changes/s, each client with a `where` of its own", self.measure(server, folder, CLIENTS, ONE_EACH)))
        lines = ["| what | p50 | p99 | most | processor time of Sluice | target |", "|---|---|---|---|---|---|"]
        for what, (told, cpu) in found:
            lines.append(f"| {told['clients']:,} WebSocket clients, {PER_SECOND:,} {what}, for {SECONDS} s | {told['p50']} ms | {told['p99']} ms | "
                         f"{told['max']} ms | {cpu / SECONDS:.0%} of one | {'p99 below 20 ms' if told['clients'] == CLIENTS else ''} |")
        return f"Machine: {timing.machine()}. Server, clients and Sluice on it: {KIND}.\n\n" + "\n".join(lines)

    def measure(self, server, folder, clients, target=None):
        """target: which asks for one row in so many clients."""
        home = pathlib.Path(folder) / f"{clients}{'-where' if target else ''}"
        home.mkdir()
        port = free_port()
        (home / "sluice.yaml").write_text(CONFIG.format(url=server.url, port=port, where="true" if target else "false"))
        process = subprocess.Popen([self.sluice, "run", "sluice.yaml"], cwd=home, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            while "subscribers may connect" not in process.stderr.readline():
                if process.poll() is not None:
                    raise RuntimeError("sluice does not run")
            threading.Thread(target=process.stderr.read, daemon=True).start()
            time.sleep(1)
            changes = PER_SECOND * SECONDS
            wanted = changes // clients if target else changes
            probe = subprocess.Popen([PROBE, str(port), str(clients), str(wanted), *([target] if target else [])], stdout=subprocess.PIPE, text=True)
            if probe.stdout.readline() != "ready\n":
                raise RuntimeError("not every client came in")
            before = timing.cpu_seconds(process.pid)
            server.sql("truncate bench.latency")
            latency.write_rows(server, changes, 1 / PER_SECOND, 1)
            told = probe.stdout.read()
            if probe.wait():
                raise RuntimeError(f"not every client got everything: {told}")
            return json.loads(told), timing.cpu_seconds(process.pid) - before
        finally:
            process.kill()
            process.wait()
