"""Starts a real Kafka broker (KRaft, one node) on free loopback ports in a temporary folder.

    with Kafka() as kafka:
        print(kafka.brokers)          # for clients that need no login
        kafka.kill9(); kafka.start()

It never outlives the process that started it, and its folder is removed at close().
"""

import pathlib
import socket
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from daemon import Daemon, free_port  # noqa: E402
from server_kinds import SERVERS  # noqa: E402

HOME = SERVERS / "kafka-4.4"
CLUSTER = "MkU3OEVBNTcwNTJENDM2Qg"
USER, PASSWORD = "shop", "secret of the shop"

# Clients that need no login; by password in the clear; by password over TLS; by a client's certificate.
LISTENERS = {"plain": "PLAINTEXT", "login": "SASL_PLAINTEXT", "login_tls": "SASL_SSL", "certificate": "SSL"}

SETTINGS = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAIN",
    "num.partitions": "1",
    "auto.create.topics.enable": "true",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "share.coordinator.state.topic.num.partitions": "1",
    "group.initial.rebalance.delay.ms": "0",
    # Without these two a broker that was killed is let in again only when its old session has lapsed, after 9 s.
    "broker.session.timeout.ms": "1500",
    "broker.heartbeat.interval.ms": "300",
    "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256",
}


# A small heap and a start that does not wait for the best machine code; and what Kafka's own start script gives a broker.
QUICK = ["-Xms128m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
AS_SHIPPED = ["-Xms1g", "-Xmx1g", "-server", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20", "-XX:InitiatingHeapOccupancyPercent=35",
              "-XX:+ExplicitGCInvokesConcurrent"]


class Kafka(Daemon):
    """A running broker. settings: more of server.properties; tls: a Tls (server_tls.py), which adds the listeners
    `login_tls` and `certificate`; advertise: ports by listener which clients are told instead of its own, of something that
    stands between; full: with its own start script's settings of Java, for whoever measures it."""

    def __init__(self, settings=None, *, tls=None, advertise=None, full=False):
        if not HOME.exists():
            raise RuntimeError(f"Kafka is not installed ({HOME} is absent): run ./do services install kafka-4.4")
        super().__init__("Kafka")
        self.jvm = AS_SHIPPED if full else QUICK
        self.ports = {name: free_port() for name in ("plain", "login", *(("login_tls", "certificate") if tls else ()))}
        self.advertised = {**self.ports, **(advertise or {})}
        self.controller = free_port()
        try:
            self.settings = {**SETTINGS, **self._listeners(), **(self._tls(tls) if tls else {}),
                             "log.dirs": str(self.folder / "data"), **(settings or {})}
            self.properties = self.folder / "server.properties"
            self._write()
            self._java("kafka.tools.StorageTool", "format", "-t", CLUSTER, "-c", self.properties, "--add-scram",
                       f"SCRAM-SHA-256=[name={USER},password={PASSWORD.replace(' ', '-')}]")
            self.start()
        except BaseException:
            self.close()
            raise

    def _listeners(self):
        login = "org.apache.kafka.common.security.plain.PlainLoginModule required"
        found = {
            "listeners": ",".join([f"{n.upper()}://127.0.0.1:{p}" for n, p in self.ports.items()]
                                  + [f"CONTROLLER://127.0.0.1:{self.controller}"]),
            "advertised.listeners": ",".join(f"{n.upper()}://127.0.0.1:{p}" for n, p in self.advertised.items()),
            "listener.security.protocol.map": ",".join([f"{n.upper()}:{LISTENERS[n]}" for n in self.ports]
                                                       + ["CONTROLLER:PLAINTEXT"]),
            "controller.quorum.voters": f"1@127.0.0.1:{self.controller}",
        }
        for name in ("login", "login_tls"):
            found[f"listener.name.{name}.plain.sasl.jaas.config"] = f'{login} user_{USER}="{PASSWORD}";'
            found[f"listener.name.{name}.scram-sha-256.sasl.jaas.config"] = (
                "org.apache.kafka.common.security.scram.ScramLoginModule required;")
        return found

    def _tls(self, tls):
        # Kafka reads keys in PKCS#8 only.
        key = subprocess.run(["openssl", "pkcs8", "-topk8", "-nocrypt", "-in", tls.server_key], capture_output=True,
                             text=True, check=True).stdout
        store = self.folder / "store.pem"
        store.write_text(key + pathlib.Path(tls.server_cert).read_text())
        return {"ssl.keystore.type": "PEM", "ssl.keystore.location": str(store), "ssl.truststore.type": "PEM",
                "ssl.truststore.location": str(tls.ca), "listener.name.certificate.ssl.client.auth": "required"}

    def _write(self):
        self.properties.write_text("".join(f"{name}={value}\n" for name, value in self.settings.items()))

    def _argv(self, name, *arguments):
        return ["java", *self.jvm, "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", f"{HOME}/*", name, *map(str, arguments)]

    def _java(self, name, *arguments):
        done = subprocess.run(self._argv(name, *arguments), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            raise RuntimeError(f"{name} ended with {done.returncode}:\n{done.stdout[-3000:]}")

    # Life

    def start(self):
        return self._run(self._argv("kafka.Kafka", self.properties))

    def answers(self):
        """Whether it tells a client of itself as a broker."""
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", self.ports["plain"])):
                return False
        done = subprocess.run(["kcat", "-q", "-L", "-J", "-m", "2", "-b", self.brokers], capture_output=True, text=True)
        return '"brokers":[{' in done.stdout

    # Use

    def address(self, listener):
        return f"127.0.0.1:{self.ports[listener]}"

    @property
    def brokers(self):
        return self.address("plain")

    def create(self, topic, partitions=1, settings=None):
        from confluent_kafka.admin import NewTopic
        admin = self.admin()
        for future in admin.create_topics([NewTopic(topic, partitions, 1, config=settings or {})]).values():
            future.result()

    def delete(self, topic):
        admin = self.admin()
        for future in admin.delete_topics([topic], operation_timeout=30).values():
            future.result()

    def admin(self):
        from confluent_kafka.admin import AdminClient
        return AdminClient({"bootstrap.servers": self.brokers})
