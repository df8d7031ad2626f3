"""Into a queue of RabbitMQ beside a bare publisher (rabbitmq_publisher.cpp) with as many messages on their way; and what the broker takes of
the processors meanwhile, which shows that it is the limit."""

import pathlib
import subprocess
import sys
import time

import pika

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "tools"))
import rabbitmq_server  # noqa: E402
import timing  # noqa: E402

WINDOW = 1000
SINK = """  out: {{sink: rabbitmq, url: '{url}', to: orders, declare: ["queue orders"], window: %d, where: "operation = 'insert'"}}
memory: {batch_bytes: 4MiB}
""".replace("{batch_bytes: 4MiB}", "{{batch_bytes: 4MiB}}") % WINDOW


def ask(broker, question):
    connection = pika.BlockingConnection(pika.URLParameters(broker.url(vhost="%2f")))
    try:
        return question(connection.channel())
    finally:
        connection.close()


class Way:
    def __init__(self, bench):
        self.bench, self.shares = bench, []
        self.lines = bench.folder / "inserts"
        with open(bench.lines_of_log(), "rb") as lines, open(self.lines, "wb") as out:
            out.writelines(line for line in lines if b'"op":"insert"' in line[:200])
        self.publisher = bench.folder / "publisher"
        subprocess.run(["g++", "-O2", "-o", self.publisher, pathlib.Path(__file__).parent / "rabbitmq_publisher.cpp", "-lrabbitmq"], check=True)

    def ours(self, i):
        with rabbitmq_server.RabbitMQ() as broker:
            name = f"rabbitmq-{i}"
            before = timing.cpu_seconds(broker.process.pid)
            process = self.bench.start(name, SINK.format(url=broker.url()), {0, 1})
            wall, cpu, _ = self.bench.until(process, self.bench.delivered(name, self.bench.options.rows))
            self.shares.append((timing.cpu_seconds(broker.process.pid) - before, cpu))
            self.check(broker)
            return wall

    def theirs(self, _):
        with rabbitmq_server.RabbitMQ() as broker:
            ask(broker, lambda channel: channel.queue_declare("orders", durable=True))
            words = [str(broker.port), rabbitmq_server.USER, rabbitmq_server.PASSWORD, "orders", str(WINDOW), str(self.lines)]
            with subprocess.Popen([self.publisher, *words], stdout=subprocess.PIPE, text=True) as process:
                if process.stdout.readline() != "ready\n":
                    raise RuntimeError("the bare publisher failed")
                begin = time.monotonic()
                if process.wait():
                    raise RuntimeError("the bare publisher failed")
                took = time.monotonic() - begin
            self.check(broker)
            return took

    def check(self, broker):
        found = ask(broker, lambda channel: channel.queue_declare("orders", passive=True).method.message_count)
        if found != self.bench.options.rows:
            raise RuntimeError(f"{found} messages are in the queue instead of {self.bench.options.rows}")


def run(bench):
    way = Way(bench)
    bench.beside("messages into a classic queue of RabbitMQ, persistent and confirmed, against a bare publisher in C with as large a window",
                 bench.options.rows, way.ours, way.theirs, runs=min(bench.options.runs, 3))
    broker, ours = sorted(way.shares)[len(way.shares) // 2]
    bench.add("  processor time of Sluice, with the changes that are left out, beside the broker's", f"{ours:.2f} s", f"{broker:.2f} s", "", "")
