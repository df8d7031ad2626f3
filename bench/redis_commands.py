"""Into Redis beside redis-cli --pipe, which is a bare pipelined client, fed with the same commands ready-made. One processor is the server's, the other the client's."""

import os
import pathlib
import socket
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "test/servers"))
from lib.redis import Redis  # noqa: E402

STREAM = "  out: {{sink: redis, url: 'redis://127.0.0.1:{port}', as: stream, to: rows}}\n"
CACHE = "  out: {{sink: redis_cache, url: 'redis://127.0.0.1:{port}'{more}}}\n"


class Recorder:
    """Passes one client's connections on to a server and takes down what the client says."""

    def __init__(self, server_port, path):
        self.server_port, self.out = server_port, open(path, "wb")
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client = self.listener.accept()[0]
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self.server_port))
            threading.Thread(target=self.pump, args=(client, server, self.out), daemon=True).start()
            threading.Thread(target=self.pump, args=(server, client, None), daemon=True).start()

    @staticmethod
    def pump(source, sink, copy):
        while data := source.recv(1 << 18):
            if copy:
                copy.write(data)
            sink.sendall(data)

    def close(self):
        self.listener.close()
        self.out.close()


class Way:
    """One kind of sink, and the commands that it sends."""

    def __init__(self, bench, name, sink):
        self.bench, self.name, self.sink, self.peak = bench, name, sink, 0
        self.commands = bench.folder / f"commands-{name}"

    def redis(self):
        redis = Redis(self.bench.folder, "--appendonly", "no", "--enable-debug-command", "yes")
        os.sched_setaffinity(redis.process.pid, {1})
        return redis

    def record(self):
        """The very commands; of a stream bare ones, outside of transactions."""
        if self.name == "stream":
            self.digest = None  # an entry's id is the time
            with open(self.bench.lines_of_log(), "rb") as lines, open(self.commands, "wb") as out:
                for line in lines:
                    value = line.rstrip(b"\n")
                    out.write(b"*5\r\n$4\r\nXADD\r\n$4\r\nrows\r\n$1\r\n*\r\n$5\r\nvalue\r\n$%d\r\n%b\r\n" % (len(value), value))
            return
        redis = self.redis()
        recorder = Recorder(redis.port, self.commands)
        try:
            self.deliver("record", recorder.port)
            self.digest = redis.cli("debug", "digest")
        finally:
            recorder.close()
            redis.close()

    def deliver(self, which, port):
        name = f"{self.name}-{which}"
        process = self.bench.start(name, self.sink.format(port=port), {0})
        wall, _, kb = self.bench.until(process, self.bench.delivered(name, self.bench.changes))
        self.peak = max(self.peak, kb)
        return wall

    def ours(self, i):
        redis = self.redis()
        try:
            return self.deliver(i, redis.port)
        finally:
            redis.close()

    def theirs(self, _):
        redis = self.redis()
        try:
            with open(self.commands, "rb") as commands:
                begin = time.monotonic()
                subprocess.run(["redis-cli", "-p", str(redis.port), "--pipe"], stdin=commands, check=True, capture_output=True,
                               preexec_fn=lambda: os.sched_setaffinity(0, {0}))
                took = time.monotonic() - begin
            if self.digest and redis.cli("debug", "digest") != self.digest:
                raise RuntimeError("redis-cli left other data than Sluice")
            if not self.digest and redis.ask("xlen", "rows") != self.bench.changes:
                raise RuntimeError("redis-cli did not send all")
            return took
        finally:
            redis.close()


def run(bench):
    for name, what, sink in (("stream", "changes into a Redis stream", STREAM),
                             ("hashes", "rows kept in step as Redis hashes (redis_cache)", CACHE.replace("{more}", "")),
                             ("look-ups", "  with a look-up by a column", CACHE.replace("{more}", ", lookups: ['by_customer:{{column:customer}}']"))):
        way = Way(bench, name, sink)
        way.record()
        bench.beside(f"{what}, one processor, against redis-cli --pipe fed with the same commands ready-made", bench.changes, way.ours, way.theirs,
                     "at least 0.8")
        bench.add("  resident meanwhile", f"{way.peak // 1024} MB", "", "", "below 100 MB")
        way.commands.unlink()
