"""Starts a real NATS server with JetStream on a free loopback port in a temporary folder.

    with Nats() as nats:
        print(nats.url())
        nats.kill9(); nats.start()

It never outlives the process that started it, and its folder is removed at close().
"""

import contextlib
import json
import pathlib
import socket
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from daemon import Daemon, free_port  # noqa: E402
from server_kinds import SERVERS, Unpacked  # noqa: E402

DEBIAN, HOME = pathlib.Path("/usr/sbin/nats-server"), SERVERS / "nats-2.9"


def program():
    """argv of the server up to its options."""
    if DEBIAN.exists():
        return [str(DEBIAN)]
    if not HOME.exists():
        raise RuntimeError(f"NATS is not installed ({HOME} is absent): run ./do services install nats-2.9")
    unpacked = Unpacked(HOME.name, "nats", "nats-server")
    return unpacked.loader(unpacked.program())


class Nats(Daemon):
    """A running server. tls: a Tls (server_tls.py), then it takes encrypted connections alone; settings: more of its configuration,
    which is JSON."""

    def __init__(self, settings=None, *, tls=None, jetstream=True):
        super().__init__("NATS")
        self.port, self.tls = free_port(), tls
        try:
            told = {"host": "127.0.0.1", "port": self.port, "server_name": "sluice"}
            if jetstream:
                told["jetstream"] = {"store_dir": str(self.folder / "data"), "max_memory_store": 1 << 30,
                                     "max_file_store": 1 << 30, "enabled": True}
            if tls:
                told["tls"] = {"cert_file": str(tls.server_cert), "key_file": str(tls.server_key), "ca_file": str(tls.ca), "timeout": 10}
            self.configure({**told, **(settings or {})})
            self.start()
        except BaseException:
            self.close()
            raise

    def configure(self, told):
        """What holds from the next start on."""
        self.told = told
        (self.folder / "nats.conf").write_text(json.dumps(told))

    def start(self):
        return self._run([*program(), "-c", str(self.folder / "nats.conf")])

    def answers(self):
        """Whether it greets a client."""
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=5) as probe:
            return probe.recv(5) == b"INFO "
        return False

    def url(self, login="", scheme=None):
        return f"{scheme or ('tls' if self.tls else 'nats')}://{login and login + '@'}127.0.0.1:{self.port}"
