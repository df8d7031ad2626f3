"""A Redis server of its own, asked by redis-cli. The program is that of redis-tools, which is the server under its name."""

import json
import socket
import subprocess

from daemon import Daemon, free_port

PROGRAM = "/usr/bin/redis-check-rdb"


class Redis(Daemon):
    def __init__(self, folder, *options, tls=None):
        super().__init__("Redis", folder)
        self.port, self.tls = free_port(), tls
        self.options = ["--dir", str(folder), "--save", "", "--appendonly", "yes", "--appendfsync", "always", *options]
        ports = ["--port", str(self.port)]
        if tls:
            ports = ["--port", "0", "--tls-port", str(self.port), "--tls-cert-file", str(tls.server_cert), "--tls-key-file",
                     str(tls.server_key), "--tls-ca-cert-file", str(tls.ca), "--tls-auth-clients", "no"]
        self.options += ports
        self.start()

    def start(self):
        return self._run(["redis-server", *self.options, "--bind", "127.0.0.1"], executable=PROGRAM)

    def answers(self):
        return any(word in self.cli("ping", check=False) for word in ("PONG", "NOAUTH"))

    def cli(self, *words, check=True):
        tls = ["--tls", "--cacert", str(self.tls.ca)] if self.tls else []
        done = subprocess.run(["redis-cli", *tls, "-p", str(self.port), "--json", *words], capture_output=True, text=True,
                              timeout=60)
        if check and done.returncode:
            raise AssertionError(f"redis-cli {words}: {done.stderr}{done.stdout}")
        return done.stdout

    def ask(self, *words):
        return json.loads(self.cli(*words))

    def stream(self, name):
        """The entries of a stream as dictionaries, in order."""
        return [dict(zip(fields[::2], fields[1::2])) for _, fields in self.ask("xrange", name, "-", "+")]


class Wire:
    """A connection that answers with bytes as they are, which redis-cli does not, and takes many commands at once."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.file = self.socket.makefile("rb")

    def ask_all(self, commands):
        """The answers to up to a thousand commands at a time, one after the other."""
        answers = []
        for begin in range(0, len(commands), 1000):
            part = commands[begin:begin + 1000]
            self.socket.sendall(b"".join(self.spelt(command) for command in part))
            answers += [self.answer() for _ in part]
        return answers

    def keys(self, pattern):
        return self.ask_all([("keys", pattern)])[0]

    @staticmethod
    def spelt(words):
        words = [word if isinstance(word, bytes) else str(word).encode() for word in words]
        return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)

    def answer(self):
        kind, rest = (line := self.file.readline())[:1], line[1:-2]
        if kind == b"$":
            return None if rest == b"-1" else self.file.read(int(rest) + 2)[:-2]
        if kind == b"*":
            return [self.answer() for _ in range(int(rest))]
        if kind == b":":
            return int(rest)
        if kind == b"+":
            return rest
        raise AssertionError(f"Redis: {line.decode(errors='replace')}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()
        self.socket.close()
