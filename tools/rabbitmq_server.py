"""Starts a real RabbitMQ broker (one node) on free loopback ports in a temporary folder.

    with RabbitMQ() as rabbitmq:
        print(rabbitmq.url())
        rabbitmq.kill9(); rabbitmq.start()

It never outlives the process that started it, and its folder is removed at close().
"""

import contextlib
import os
import pathlib
import socket
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from daemon import Daemon, die_with_parent, free_port  # noqa: E402
from server_kinds import SERVERS  # noqa: E402

HOME = SERVERS / "rabbitmq-3.10"
USER, PASSWORD = "shop", "secret"

# On the loopback alone; +sbwt: its threads poll without pause otherwise.
ERLANG = "-kernel inet_dist_use_interface {127,0,0,1} +S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none"


class RabbitMQ(Daemon):
    """A running broker. tls: a Tls (server_tls.py), which adds a port for amqps; settings: more of rabbitmq.conf."""

    def __init__(self, settings=None, *, tls=None):
        if not HOME.exists():
            raise RuntimeError(f"RabbitMQ is not installed ({HOME} is absent): run ./do services install rabbitmq-3.10")
        super().__init__("RabbitMQ")
        self.mapper = None
        self.port, self.tls_port, self.distribution, self.mapper_port = (free_port() for _ in range(4))
        try:
            found = {"listeners.tcp.1": f"127.0.0.1:{self.port}", "default_user": USER, "default_pass": PASSWORD,
                     "vm_memory_high_watermark.absolute": "1GB", "disk_free_limit.absolute": "1MB", "log.console": "true",
                     "log.file": "false", "log.console.level": "warning", **(self._tls(tls) if tls else {}), **(settings or {})}
            (self.folder / "rabbitmq.conf").write_text("".join(f"{name} = {value}\n" for name, value in found.items()))
            (self.folder / "enabled_plugins").write_text("[].\n")
            self._start_mapper()
            self.start()
        except BaseException:
            self.close()
            raise

    def _tls(self, tls):
        return {"listeners.ssl.1": f"127.0.0.1:{self.tls_port}", "ssl_options.cacertfile": tls.ca,
                "ssl_options.certfile": tls.server_cert, "ssl_options.keyfile": tls.server_key, "ssl_options.verify": "verify_peer",
                "ssl_options.fail_if_no_peer_cert": "false"}

    def _environment(self):
        folder = str(self.folder)
        return {"PATH": f"{HOME}/usr/lib/erlang/bin:{os.environ['PATH']}", "HOME": folder, "LANG": "C.UTF-8",
                "RABBITMQ_NODENAME": "sluice@localhost", "RABBITMQ_DIST_PORT": str(self.distribution),
                "RABBITMQ_MNESIA_BASE": f"{folder}/mnesia", "RABBITMQ_LOG_BASE": f"{folder}/log",
                "RABBITMQ_CONFIG_FILE": f"{folder}/rabbitmq.conf", "RABBITMQ_ENABLED_PLUGINS_FILE": f"{folder}/enabled_plugins",
                "RABBITMQ_PID_FILE": f"{folder}/pid", "RABBITMQ_GENERATED_CONFIG_DIR": f"{folder}/generated",
                "RABBITMQ_CONF_ENV_FILE": "/dev/null", "RABBITMQ_CTL_ERL_ARGS": ERLANG,
                "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": f"-noinput {ERLANG}", "ERL_EPMD_ADDRESS": "127.0.0.1",
                "ERL_EPMD_PORT": str(self.mapper_port),
                "RUNNING_UNDER_SYSTEMD": "true"}  # that is, no shell stands between that would outlive us

    def _program(self, name):
        return str(next((HOME / "usr/lib/rabbitmq/lib").glob("rabbitmq_server-*/sbin")) / name)

    def _start_mapper(self):
        """Erlang's port mapper, which the broker would start in the background and leave there."""
        program = next((HOME / "usr/lib/erlang").glob("erts-*/bin/epmd"))
        self.mapper = subprocess.Popen([program, "-port", str(self.mapper_port), "-address", "127.0.0.1"], stdin=subprocess.DEVNULL,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=die_with_parent)

    # Life

    def start(self):
        return self._run([self._program("rabbitmq-server")], env=self._environment())

    def answers(self):
        """Whether it greets a client."""
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=5) as probe:
            probe.sendall(b"AMQP\0\0\x09\x01")
            return probe.recv(1) == b"\x01"
        return False

    def close(self):
        super().close()
        if self.mapper:
            self.mapper.kill()
            self.mapper.wait()

    # Use

    def url(self, user=USER, password=PASSWORD, vhost="", scheme="amqp", port=None):
        port = port or (self.tls_port if scheme == "amqps" else self.port)
        return f"{scheme}://{user}:{password}@127.0.0.1:{port}/{vhost}"

    def control(self, *words):
        """What rabbitmqctl says."""
        done = subprocess.run([self._program("rabbitmqctl"), *words], env=self._environment(), capture_output=True, text=True,
                              timeout=60)
        if done.returncode:
            raise RuntimeError(f"rabbitmqctl {words}: {done.stderr}{done.stdout}")
        return done.stdout
