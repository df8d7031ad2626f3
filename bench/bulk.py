"""Into OpenSearch and ClickHouse beside a bare loader (bulk_loader.cpp) that posts the very bodies which Sluice makes."""

import os
import pathlib
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "test/servers"))
from clickhouse_server import ClickHouse  # noqa: E402
from lib.http_target import Target, reply  # noqa: E402
from opensearch_server import OpenSearch  # noqa: E402

CONNECTIONS = 2
MEMORY = "memory: {batch_bytes: 4MiB}\n"


class OpenSearchTarget:
    """Inserts alone: it takes a twentieth of what the others take."""

    sink = "  out: {{sink: elasticsearch, url: '{url}', connections: %d, where: \"operation = 'insert'\"}}\n" % CONNECTIONS
    name, server = "documents into OpenSearch", OpenSearch
    changes = staticmethod(lambda bench: bench.options.rows)
    processors = {0, 1}, {0, 1}  # the server's, the client's
    answers = staticmethod(lambda request: reply(200, b'{"errors":false}'))

    @staticmethod
    def is_load(request):
        return "_bulk" in request.target


class ClickHouseTarget:
    sink = "  out: {{sink: clickhouse, url: '{url}', types: basic, few_rows: 0, connections: %d}}\n" % CONNECTIONS
    name, server = "rows into ClickHouse 18.16, one processor", ClickHouse
    changes = staticmethod(lambda bench: bench.changes)
    processors = {1}, {0}
    answers = staticmethod(lambda request: reply(200, b"18.16.1\n" if b"version()" in request.body else b""))

    @staticmethod
    def is_load(request):
        return "query=INSERT" in request.target


def started(kind):
    """A server whose threads, those to come too, have its processors."""
    server = kind.server()
    for thread in os.listdir(f"/proc/{server.process.pid}/task"):
        os.sched_setaffinity(int(thread), kind.processors[0])
    return server


def requests_of(bench, kind):
    """Every request that the sink makes, taken down by a target that answers as the server does."""
    with Target(decide=kind.answers) as target:
        process = bench.start(f"record-{kind.server.__name__}", kind.sink.format(url=target.url) + MEMORY, {0, 1})
        quiet, seen = time.monotonic(), 0
        while time.monotonic() < quiet + 2 or not seen:
            if len(target.requests) != seen:
                seen, quiet = len(target.requests), time.monotonic()
            time.sleep(0.05)
        process.kill()
        process.wait()
        return list(target.requests)


def loader(bench):
    program = bench.folder / "bulk_loader"
    if not program.exists():
        subprocess.run(["g++", "-O2", "-o", program, pathlib.Path(__file__).parent / "bulk_loader.cpp", "-lcurl", "-pthread"], check=True)
    return program


def theirs(bench, kind, requests):
    with started(kind) as server:
        lines = []
        for i, request in enumerate(requests):
            if not kind.is_load(request):
                if request.body.startswith(b"CREATE"):
                    server.ask(request.body.decode())
                continue
            file = bench.folder / f"body-{i}"
            file.write_bytes(request.body)
            lines.append(f"{server.url}{request.target}\t{file}\n")
        listing = bench.folder / "bodies"
        listing.write_text("".join(lines))
        process = subprocess.Popen([loader(bench), str(CONNECTIONS), listing], stdout=subprocess.PIPE, text=True,
                                   preexec_fn=lambda: os.sched_setaffinity(0, kind.processors[1]))
        assert process.stdout.readline() == "ready\n"
        begin = time.monotonic()
        if process.wait():
            raise RuntimeError("the bare loader failed")
        return time.monotonic() - begin


def ours(bench, kind, name):
    """Until it says that everything is delivered."""
    with started(kind) as server:
        process = bench.start(name, kind.sink.format(url=server.url) + MEMORY, kind.processors[1])
        return bench.until(process, bench.delivered(name, kind.changes(bench)))[0]


def run(bench):
    for kind in (OpenSearchTarget, ClickHouseTarget):
        requests = requests_of(bench, kind)
        bench.beside(f"{kind.name}, against a bare loader that posts the same bodies ready-made", kind.changes(bench),
                     lambda i: ours(bench, kind, f"{kind.server.__name__}-{i}"), lambda _: theirs(bench, kind, requests),  # noqa: B023
                     "at least 0.8", runs=min(bench.options.runs, 3))
