"""Every kind of sink at once on one live log: each gets every change; what it takes of memory and of the processors."""

import http.server
import multiprocessing
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "test/servers"))
import kafka  # noqa: E402
from kafka_server import Kafka  # noqa: E402
from lib.redis import Redis  # noqa: E402

SINKS = """  screen: {{sink: console}}
  file: {{sink: file, path: ./out}}
  kafka: {{sink: kafka, brokers: "{brokers}", topic: every, format: debezium, tombstones: false}}
  redis: {{sink: redis, url: "redis://127.0.0.1:{redis}", as: stream, to: every}}
  http: {{sink: http, url: "http://127.0.0.1:{http}/", body: ndjson, max_changes: 1000}}
"""


class Swallow(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    lines = None  # shared, set before the start

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.lines.value += body.count(b"\n") + (not body.endswith(b"\n"))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def listen():
    """(port, changes that came, process)"""
    Swallow.lines = multiprocessing.Value("q", 0, lock=False)
    server = http.server.HTTPServer(("127.0.0.1", 0), Swallow)
    process = multiprocessing.Process(target=server.serve_forever, daemon=True)
    process.start()
    return server.server_address[1], Swallow.lines, process


def run(bench):
    """(seconds, processor seconds, most that was resident) until every target has every change; `bench` is the SinkBench."""
    redis = Redis(bench.folder, "--appendonly", "no")
    port, arrived, process = listen()
    try:
        with Kafka(full=True) as broker:
            broker.create("every")
            reader = kafka.consumer(broker.brokers)
            size = (bench.lines_of_log()).stat().st_size
            out = bench.folder / "every/out"
            waits = [lambda: out.exists() and out.stat().st_size >= size,
                     lambda: arrived.value >= bench.changes,
                     lambda: int(redis.cli("xlen", "every") or 0) >= bench.changes,
                     lambda: kafka.count(reader, "every") >= bench.changes]
            sluice = bench.start("every", SINKS.format(brokers=broker.brokers, redis=redis.port, http=port), {0, 1})

            def done():
                while waits and waits[0]():
                    waits.pop(0)
                return not waits
            return bench.until(sluice, done)
    finally:
        process.kill()
        redis.close()
