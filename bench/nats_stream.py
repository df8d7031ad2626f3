"""Into a stream of NATS beside a bare client that publishes the same messages ready-made, as many at once without an acknowledgement."""

import os
import re
import select
import socket
import time

from nats_server import Nats

WINDOW = 4000  # messages
STREAM = b'{"name":"S","subjects":["s.*"],"storage":"memory","num_replicas":1,"max_msgs":-1,"max_bytes":-1,"max_consumers":-1}'


def connect(port, more=b""):
    client = socket.create_connection(("127.0.0.1", port))
    client.sendall(b'CONNECT {"verbose":false,"headers":true,"no_responders":true}\r\n' + more)
    return client


def ask(port, subject, body=b""):
    """The answer to a request of JetStream's."""
    with connect(port, b"SUB a 1\r\nPUB %b a %d\r\n%b\r\n" % (subject, len(body), body)) as client:
        said = b""
        while b"MSG a 1" not in said or not said.endswith(b"}\r\n"):
            said += client.recv(65536)
    return said


def kept(port):
    found = re.search(rb'"messages":(\d+)', ask(port, b"$JS.API.STREAM.INFO.S"))
    return int(found[1]) if found else 0


def server():
    started = Nats()
    os.sched_setaffinity(started.process.pid, {1})
    ask(started.port, b"$JS.API.STREAM.CREATE.S", STREAM)
    return started


def ready_made(bench):
    """Portions of about 64 KB, with the number of messages in each."""
    portions, now, count, number = [], bytearray(), 0, 0
    with open(bench.lines_of_log(), "rb") as lines:
        for line in lines:
            value, number = line.rstrip(b"\n"), number + 1
            head = b"NATS/1.0\r\nNats-Msg-Id: 0b9d5f4e-e644-11f1-9a1b-02fc00000001:%d#0/54590d90\r\nNats-Expected-Stream: S\r\nkey: {\"id\":%d}\r\n\r\n" % (
                number, number)
            now += b"HPUB s.t _INBOX.a.%d %d %d\r\n%b%b\r\n" % (number, len(head), len(head) + len(value), head, value)
            count += 1
            if len(now) >= 65536:
                portions.append((bytes(now), count))
                now, count = bytearray(), 0
    return [*portions, (bytes(now), count)]


def theirs(bench, portions):
    with server() as nats, connect(nats.port, b"SUB _INBOX.a.* 1\r\n") as client:
        os.sched_setaffinity(0, {0})
        client.setblocking(False)
        begin, out, answered, sent, rest, tail = time.monotonic(), iter(portions), 0, 0, memoryview(b""), b""
        while answered < bench.changes:
            if not rest and sent - answered < WINDOW and (portion := next(out, None)):
                rest, sent = memoryview(portion[0]), sent + portion[1]
            readable, writable, _ = select.select([client], [client] if rest else [], [])
            if readable:
                said = tail + client.recv(1 << 20)
                answered += said.count(b"\r\nMSG _INBOX")  # the first stands behind INFO
                tail = said[-11:]
            if writable:
                rest = rest[client.send(rest):]
        took = time.monotonic() - begin
        if kept(nats.port) != bench.changes:
            raise RuntimeError("the bare client did not publish all")
        return took


def run(bench):
    """The messages are compared by their number."""
    portions, mine, peaks = ready_made(bench), os.sched_getaffinity(0), []

    def all_kept(port):
        time.sleep(0.05)  # to ask costs the server, too
        return kept(port) >= bench.changes

    def ours(i):
        with server() as nats:
            process = bench.start(f"nats-{i}", f"  out: {{sink: nats, servers: '{nats.url()}', to: s.t, stream: S}}\n", {0})
            wall, _, peak = bench.until(process, lambda: all_kept(nats.port))
            peaks.append(peak)
            return wall

    def bare(_):
        try:
            return theirs(bench, portions)
        finally:
            os.sched_setaffinity(0, mine)

    bench.beside("changes into a stream of NATS in memory, one processor, against a bare client with the same messages ready-made", bench.changes,
                 ours, bare, "at least 0.8")
    bench.add("  resident meanwhile", f"{max(peaks) // 1024} MB", "", "", "below 100 MB")
