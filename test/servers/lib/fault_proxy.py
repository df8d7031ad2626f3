"""A network between a client and a server that does what networks do: it is slow, breaks connections (by FIN and by RST), swallows
everything without a word, and changes bytes; or it is merely far away. It counts what it did."""

import collections
import contextlib
import queue
import socket
import struct
import threading
import time

CHUNK = 16384
SLOW_BYTES, SLOW_SECONDS = 2048, 0.01  # 200 KB/s each way
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close by RST


class Link:
    """One connection of a client, with its two ways."""

    def __init__(self, proxy, client):
        self.proxy, self.client = proxy, client
        self.server = socket.create_connection(("127.0.0.1", proxy.target), timeout=10)
        self.server.settimeout(None)
        for end in (client, self.server):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.silent = False  # something was swallowed: what came later would not be what was sent
        self.answered = 0  # bytes from the server so far
        self.under_way = {}  # by the end that they go to: when they arrive, bytes
        for sink in (client, self.server) if proxy.delay else ():
            self.under_way[sink] = queue.SimpleQueue()
            threading.Thread(target=self.arrive, args=(sink,), daemon=True).start()
        for source, sink in ((client, self.server), (self.server, client)):
            threading.Thread(target=self.pump, args=(source, sink), daemon=True).start()

    def pump(self, source, sink):
        try:
            while data := source.recv(CHUNK):
                self.pass_on(data, sink)
        except OSError:
            pass
        if sink in self.under_way:
            self.under_way[sink].put((time.monotonic() + self.proxy.delay, b""))
        else:
            self.close()

    def arrive(self, sink):
        with contextlib.suppress(OSError):
            while True:
                due, data = self.under_way[sink].get()
                time.sleep(max(0, due - time.monotonic()))
                if not data:
                    break
                sink.sendall(data)
        self.close()

    def pass_on(self, data, sink):
        proxy = self.proxy
        if self.silent or (proxy.mode == "silent" and self.answered >= proxy.silent_behind):
            self.silent = True
            proxy.counts["bytes swallowed"] += len(data)
            return
        if sink is self.client:
            self.answered += len(data)
        if proxy.mode == "corrupt" and self.answered >= proxy.corrupt_behind and (proxy.both_ways or sink is self.client):
            at, bit = proxy.dice.randrange(len(data)), 1 << proxy.dice.randrange(8)
            data = data[:at] + bytes([data[at] ^ bit]) + data[at + 1:]
            proxy.counts["bits turned over"] += 1
        if proxy.mode == "slow":
            proxy.counts["bytes slowed"] += len(data)
            for begin in range(0, len(data), SLOW_BYTES):
                sink.sendall(data[begin:begin + SLOW_BYTES])
                if proxy.mode == "slow":
                    time.sleep(SLOW_SECONDS)
            return
        if proxy.delay:
            self.under_way[sink].put((time.monotonic() + proxy.delay, data))
            return
        sink.sendall(data)

    def cut(self, reset):
        if reset:
            for end in (self.client, self.server):
                with contextlib.suppress(OSError):  # closed by now
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self.close()

    def close(self):
        # A thread that reads from a socket keeps it open beyond close(), so it is woken first; of a shutdown for writing
        # the other end would learn by FIN, before the RST.
        for end in (self.client, self.server):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RD)
        for end in (self.client, self.server):
            end.close()
        self.proxy.links.discard(self)


class FaultProxy:
    """Listens on a port of its own for what goes to `target`, a port of 127.0.0.1 (which may be set later). Corruption and
    silence begin behind so many bytes of a connection's answers; what the client sends is corrupted, too, if both_ways. delay: seconds that
    bytes take each way, as many at once as there are; goes with mode clear."""

    def __init__(self, target=None, *, corrupt_behind=0, silent_behind=0, both_ways=True, delay=0):
        self.target, self.mode = target, "clear"
        self.corrupt_behind, self.silent_behind, self.both_ways = corrupt_behind, silent_behind, both_ways
        self.delay = delay
        self.dice = None
        self.counts = collections.Counter()
        self.links = set()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self.counts["connections"] += 1
            try:
                self.links.add(Link(self, client))
            except OSError:  # the target is away
                client.close()

    def cut(self, reset):
        """Everything that is open breaks."""
        for link in list(self.links):
            link.cut(reset)
            self.counts["cut by RST" if reset else "cut by FIN"] += 1

    def storm(self, dice, kinds, seconds, longest=0.6):
        """One fault after another of `kinds` (slow, fin, reset, silent, corrupt), with some calm behind each."""
        self.dice = dice
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            kind = dice.choice(kinds)
            if kind in ("fin", "reset"):
                self.cut(kind == "reset")
            else:
                self.mode = kind
                time.sleep(dice.uniform(0.05, longest))
                self.mode = "clear"
            time.sleep(dice.uniform(0.05, 0.5))

    def told(self):
        return ", ".join(f"{count} {what}" for what, count in sorted(self.counts.items()))

    def close(self):
        self.listener.close()
        self.cut(True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
